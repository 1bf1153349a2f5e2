//! Takes a Rust source apart into its code and its comments, so that a rule about one is not fooled by the other,
//! nor by what stands in a string.

/// The two sides of a source file. Both keep every line where it was; what does not belong is blanked.
pub(super) struct Views {
    pub(super) code: String,
    pub(super) comments: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Code,
    Comment,
    Literal,
}

pub(super) fn views(source: &str) -> Views {
    let chars: Vec<char> = source.chars().collect();
    let mut views = Views { code: String::new(), comments: String::new() };
    let mut at = 0;
    while at < chars.len() {
        let (kind, length) = token(&chars[at..]);
        for &char in &chars[at..at + length] {
            let only = |wanted| if kind == wanted || char == '\n' { char } else { ' ' };
            views.code.push(only(Kind::Code));
            views.comments.push(only(Kind::Comment));
        }
        at += length;
    }
    views
}

/// The lines of a view that hold `word` as a word of its own, counted from 1.
pub(super) fn lines_with(view: &str, word: &str) -> Vec<usize> {
    let holds = |line: &str| line.match_indices(word).any(|(start, _)| stands_alone(line, start, word));
    view.lines().enumerate().filter(|(_, line)| holds(line)).map(|(index, _)| index + 1).collect()
}

fn stands_alone(line: &str, start: usize, word: &str) -> bool {
    let (first, last) = (word.starts_with(is_name), word.ends_with(is_name));
    let before = line[..start].ends_with(is_name);
    let after = line[start + word.len()..].starts_with(is_name);
    !(first && before || last && after)
}

fn is_name(char: char) -> bool {
    char == '_' || char.is_alphanumeric()
}

/// The kind and length of what `rest` (never empty) starts with.
fn token(rest: &[char]) -> (Kind, usize) {
    let length = match rest {
        ['/', '/', ..] => {
            return (Kind::Comment, rest.iter().position(|&char| char == '\n').unwrap_or(rest.len()));
        }
        ['/', '*', ..] => return (Kind::Comment, block_comment(rest)),
        ['"', ..] => string(rest, 0),
        ['\'', ..] => match character(rest) {
            Some(length) => length,
            None => return (Kind::Code, 1),
        },
        _ => {
            let name = rest.iter().take_while(|&&char| is_name(char)).count();
            return match prefixed(&rest[..name], &rest[name..]) {
                Some(length) => (Kind::Literal, name + length),
                None => (Kind::Code, name.max(1)),
            };
        }
    };
    (Kind::Literal, length)
}

fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        match rest[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// The length of a string literal that starts at `open` hashes and a quote; raw if there are hashes.
fn string(rest: &[char], hashes: usize) -> usize {
    let mut at = hashes + 1;
    while at < rest.len() {
        match rest[at] {
            '\\' if hashes == 0 => at += 2,
            '"' if rest[at + 1..].iter().take(hashes).filter(|&&char| char == '#').count() == hashes => {
                return at + 1 + hashes;
            }
            _ => at += 1,
        }
    }
    rest.len()
}

/// A character literal; `None` for a lifetime.
fn character(rest: &[char]) -> Option<usize> {
    match rest {
        ['\'', '\\', _, tail @ ..] => {
            Some(tail.iter().position(|&char| char == '\'').map_or(rest.len(), |end| end + 4))
        }
        ['\'', _, '\'', ..] => Some(3),
        _ => None,
    }
}

/// What follows a literal's prefix such as `r`, `b` or `cr`; `None` if `name` is no prefix here.
fn prefixed(name: &[char], rest: &[char]) -> Option<usize> {
    match (name, rest) {
        (['b' | 'c'], ['"', ..]) => Some(string(rest, 0)),
        (['b'], ['\'', ..]) => character(rest),
        (['r'] | ['b' | 'c', 'r'], _) => {
            let hashes = rest.iter().take_while(|&&char| char == '#').count();
            let opens = rest.get(hashes) == Some(&'"');
            // Without hashes a backslash still escapes nothing.
            let plain = || rest[1..].iter().position(|&char| char == '"').map_or(rest.len(), |end| end + 2);
            opens.then(|| if hashes == 0 { plain() } else { string(rest, hashes) })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_view_holds_its_own_and_keeps_the_lines() {
        let views = views("let a = \"x // y\"; // why\n/* two\nlines /* deep */ end */ b();\n");
        assert_eq!(views.code.split_whitespace().collect::<String>(), "leta=;b();");
        assert_eq!(views.comments.lines().next().map(str::trim), Some("// why"));
        assert_eq!(lines_with(&views.comments, "deep"), [3]);
        assert_eq!(lines_with(&views.code, "b"), [3]);
    }

    #[test]
    fn no_literal_is_taken_for_code() {
        let literals = [
            r#""a \" word""#,
            r##"r#"a " word"#"##,
            r#"b"word""#,
            r#"r"\" "#,
            r#"br"word""#,
            r"'\''",
            r"'\u{41}'",
            "b'w'",
            "'\"'",
        ];
        for literal in literals {
            let code = views(&format!("f({literal}, end)")).code;
            assert!(!code.contains("word") && code.ends_with(", end)"), "{literal}: {code}");
        }
    }

    #[test]
    fn a_lifetime_is_not_the_start_of_a_character() {
        assert_eq!(views("fn f<'a>(x: &'a str, y: r#type) {}").code, "fn f<'a>(x: &'a str, y: r#type) {}");
    }

    #[test]
    fn a_word_inside_another_does_not_count() {
        assert_eq!(lines_with("my_todo!()\ntodo!()\nXXXL", "todo!"), [2]);
        assert!(lines_with("XXXL", "XXX").is_empty());
    }
}
