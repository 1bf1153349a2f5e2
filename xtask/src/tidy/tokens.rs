//! Splits the code of a Rust file into tokens, and leaves out what is compiled for tests alone.

/// A name, `::`, or another character that is no space.
#[derive(Clone, Copy)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    /// Its line, counted from 1.
    pub(super) line: usize,
}

impl Token<'_> {
    pub(super) fn is_name(&self) -> bool {
        self.text.starts_with(is_name)
    }
}

/// The words that begin an item, after its visibility.
const ITEMS: [&str; 14] = [
    "async",
    "const",
    "enum",
    "extern",
    "fn",
    "impl",
    "macro_rules",
    "mod",
    "static",
    "struct",
    "trait",
    "type",
    "union",
    "unsafe",
];

/// The tokens of `code`, from which comments and literals were blanked.
pub(super) fn tokens(code: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    for (index, line) in code.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            // `r#type` is a name, too.
            let raw = if rest.starts_with("r#") && rest[2..].starts_with(is_name) { 2 } else { 0 };
            let name = rest[raw..].find(|char| !is_name(char)).unwrap_or(rest.len() - raw);
            let length = match name {
                0 if rest.starts_with("::") => 2,
                0 => first.len_utf8(),
                name => raw + name,
            };
            found.push(Token { text: &rest[raw..length], line: index + 1 });
            rest = rest[length..].trim_start();
        }
    }
    without_tests(&found)
}

fn is_name(char: char) -> bool {
    char == '_' || char.is_alphanumeric()
}

fn without_tests<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    let mut kept = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        if is_for_tests(&tokens[at..]) {
            at += after_item(&tokens[at..]);
        } else {
            kept.push(tokens[at]);
            at += 1;
        }
    }
    kept
}

/// Whether these tokens begin with `#[cfg(test)]` or `#[cfg(all(test, ..))]`.
fn is_for_tests(tokens: &[Token<'_>]) -> bool {
    let starts = |wanted: &[&str]| {
        tokens.len() > wanted.len() && tokens.iter().zip(wanted).all(|(token, text)| token.text == *text)
    };
    starts(&["#", "[", "cfg", "(", "test", ")", "]"])
        || starts(&["#", "[", "cfg", "(", "all", "(", "test", ","])
}

/// The number of tokens that the attributes at the start, and the item, field or statement after them,
/// consist of.
fn after_item(tokens: &[Token<'_>]) -> usize {
    let mut at = 0;
    while tokens[at..].first().is_some_and(|token| token.text == "#") {
        at += 1 + group(&tokens[at + 1..]);
    }
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text);
    let mut word = at;
    if text(word) == "pub" {
        word += 1;
        word += if text(word) == "(" { group(&tokens[word..]) } else { 0 };
    }
    let (import, item) = (text(word) == "use", ITEMS.contains(&text(word)));
    while at < tokens.len() {
        match text(at) {
            ";" => return at + 1,
            "," if !item => return at + 1,
            // The end of what is around it.
            ")" | "]" | "}" => return at,
            "{" if !import => return at + group(&tokens[at..]),
            "(" | "[" | "{" => at += group(&tokens[at..]),
            _ => at += 1,
        }
    }
    at
}

/// The number of tokens from an opening bracket to its closing one.
fn group(tokens: &[Token<'_>]) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" if depth <= 1 => return index + 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
    }
    tokens.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(code: &str) -> Vec<&str> {
        tokens(code).iter().map(|token| token.text).collect()
    }

    #[test]
    fn a_token_is_a_name_a_pair_of_colons_or_a_character() {
        assert_eq!(texts("a::b2 (r#type,é)"), ["a", "::", "b2", "(", "type", ",", "é", ")"]);
        let lines: Vec<usize> = tokens("a\n\nb c").iter().map(|token| token.line).collect();
        assert_eq!(lines, [1, 3, 3]);
    }

    #[test]
    fn what_is_for_tests_alone_is_left_out() {
        for tests in [
            "#[cfg(test)]\nmod tests { fn f() { g(); } }",
            "#[cfg(test)] mod tests;",
            "#[cfg(test)] #[path = x] pub(crate) mod tests;",
            "#[cfg(test)] use a::{b, c};",
            "#[cfg(test)] pub(crate) fn f<A, B>(a: [u8; 2]) -> (A, B) { [1] }",
            "#[cfg(all(test, unix))] impl A { const B: u8 = 1; }",
        ] {
            assert_eq!(texts(&format!("before; {tests} after")), ["before", ";", "after"], "{tests}");
        }
        assert_eq!(texts("{ #[cfg(test)] a: A, b: B }"), ["{", "b", ":", "B", "}"]);
        assert_eq!(texts("{ #[cfg(test)] pub a: A }"), ["{", "}"]);
        assert_eq!(texts("#[cfg(tests)] a").len(), 8);
    }
}
