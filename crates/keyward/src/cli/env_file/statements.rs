//! The lines of a `.env` file: `NAME=value`, with or without `export` before and quotes around the value.
//!
//! Nothing is substituted: `$` is itself. Lines of other programs are skipped one by one, with any content.

use crate::cli::prefix::PREFIX;

/// A line that sets a variable of ours.
#[derive(Debug)]
pub(super) struct Setting {
    pub(super) name: String,
    pub(super) value: String,
    /// The number of the line, from 1.
    pub(super) line: usize,
    /// Whether the line stands inside the quotes of another program's variable.
    pub(super) inside: bool,
}

/// Our variables, in the file's order. A line that begins with the name of one is ours wherever it stands: a quote that another
/// program's line leaves open hides none.
///
/// # Errors
/// The number of the first line that sets a variable of ours and cannot be read.
pub(super) fn parse(text: &str) -> Result<Vec<Setting>, usize> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut found, mut number, mut at, mut quoted_to) = (Vec::new(), 1, 0, 0);
    while at < text.len() {
        let rest = &text[at..];
        let line = rest.split_inclusive('\n').next().unwrap_or(rest);
        let statement = line.trim_start();
        let exported = statement.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t']));
        let statement = exported.unwrap_or(statement).trim_start();
        let ours = statement.starts_with(PREFIX);
        let (name, value) = statement.split_once('=').unzip();
        let name = name.map(str::trim_end).filter(|name| is_name(name));
        let begin = value
            .map(|value| rest.len() - rest[line.len() - value.len()..].trim_start_matches([' ', '\t']).len());
        let read =
            begin.filter(|_| name.is_some()).and_then(|begin| Some((begin, self::value(&rest[begin..])?)));
        let length = match (name, read) {
            (Some(name), Some((begin, (value, length)))) if ours => {
                if value.contains(['\0', char::REPLACEMENT_CHARACTER]) {
                    return Err(number);
                }
                let inside = at < quoted_to;
                found.push(Setting { name: name.to_owned(), value, line: number, inside });
                begin + length
            }
            _ if ours => return Err(number),
            (_, Some((begin, (_, length)))) => {
                quoted_to = quoted_to.max(at + begin + length);
                line.len()
            }
            _ => line.len(),
        };
        number += rest[..length].matches('\n').count();
        at += length;
    }
    Ok(found)
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The value at the beginning of `text`, and how many bytes it takes with the rest of its last line. `None` where a quote is
/// left open or something follows the closing one.
fn value(text: &str) -> Option<(String, usize)> {
    let quote = text.chars().next().filter(|c| ['"', '\''].contains(c));
    let Some(quote) = quote else {
        let line = text.split_inclusive('\n').next().unwrap_or_default();
        let comment = line.match_indices('#').map(|(at, _)| at);
        // Within a value it is itself, as in the fragment of a URL.
        let mut comment = comment.filter(|at| line[..*at].ends_with([' ', '\t']) || *at == 0);
        return Some((line[..comment.next().unwrap_or(line.len())].trim().to_owned(), line.len()));
    };
    let mut value = String::new();
    let mut inside = text.char_indices().skip(1);
    let end = loop {
        match inside.next()? {
            (at, c) if c == quote => break at + 1,
            (_, '\\') if quote == '"' => match inside.next()?.1 {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                c @ ('"' | '\\' | '$') => value.push(c),
                c => value.extend(['\\', c]),
            },
            (_, c) => value.push(c),
        }
    };
    let line = text[end..].split_inclusive('\n').next().unwrap_or_default();
    let after = line.trim();
    (after.is_empty() || after.starts_with('#')).then_some((value, end + line.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::parse;

    fn read(text: &str) -> Vec<(String, String)> {
        let settings = parse(text).unwrap_or_else(|line| panic!("line {line} of {text:?}"));
        settings.into_iter().map(|setting| (setting.name, setting.value)).collect()
    }

    #[test]
    fn a_value_is_what_stands_there() {
        for (line, value) in [
            ("KEYWARD_X=plain", "plain"),
            ("export KEYWARD_X = plain\r", "plain"),
            ("  KEYWARD_X=\tplain # note", "plain"),
            ("KEYWARD_X=pa$$word$HOME${HOME}", "pa$$word$HOME${HOME}"),
            ("KEYWARD_X=\"pa$$word$HOME\"", "pa$$word$HOME"),
            ("KEYWARD_X='pa$\\n\"word'", "pa$\\n\"word"),
            ("KEYWARD_X=\"a\\\"b\\\\c\\$d\\ne\\qf\"  # note", "a\"b\\c$d\ne\\qf"),
            ("KEYWARD_X=http://host/#top", "http://host/#top"),
            ("KEYWARD_X=Keyward <a@example.com>", "Keyward <a@example.com>"),
            ("KEYWARD_X='two\nlines'", "two\nlines"),
            ("KEYWARD_X=a\\$b'c", "a\\$b'c"),
            ("KEYWARD_X=", ""),
            ("KEYWARD_X=# note", ""),
            ("\u{feff}KEYWARD_X=\u{e4}", "\u{e4}"),
        ] {
            assert_eq!(read(line), [("KEYWARD_X".to_owned(), value.to_owned())], "{line}");
        }
    }

    #[test]
    fn lines_of_other_programs_are_passed_over() {
        let text = "nonsense\n=x\nOTHER='open\nOTHER=\"x\" y\n1 2=3\n# KEYWARD_Y\nKEYWARD_X=1\nPEM=\"\nX = \"y\n\"\n";
        assert_eq!(read(text), [("KEYWARD_X".to_owned(), "1".to_owned())]);
    }

    #[test]
    fn a_quote_that_another_program_leaves_open_hides_no_line_of_ours() {
        for (text, line, inside) in [
            ("A=\"open\nKEYWARD_X=1\nB=\"\n", 2, true),
            ("A='open\n\nexport KEYWARD_X = 1 # note\nB='", 3, true),
            ("A=it's\nKEYWARD_X='1'\nB=that's\n", 2, false),
            ("A=\"open\nB='x\ny'\nKEYWARD_X=1\n", 4, false),
            ("A=\"one\ntwo\"\nKEYWARD_X=1", 3, false),
        ] {
            let found = parse(text).unwrap();
            let found = found.iter().map(|found| (&*found.name, &*found.value, found.line, found.inside));
            assert_eq!(found.collect::<Vec<_>>(), [("KEYWARD_X", "1", line, inside)], "{text:?}");
        }
        assert!(matches!(parse("A=\"open\nKEYWARD_X\n\"\n"), Err(2)), "a faulty one is named there, too");
    }

    #[test]
    fn a_faulty_line_of_ours_is_numbered() {
        for line in [
            "KEYWARD_X",
            "KEYWARD_X: 1",
            "export KEYWARD_X",
            "KEYWARD_X='open",
            "KEYWARD_X=\"open",
            "KEYWARD_X='a'b",
            "KEYWARD_X Y=1",
            "KEYWARD_X=\u{fffd}",
            "KEYWARD_X=a\0b",
        ] {
            let text = format!("# note\nA=\"\n\n\"\n{line}\n");
            assert_eq!(parse(&text).map(|_| ()), Err(5), "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_its_end(text in "(KEYWARD_|[A-Z='\"\\\\ #\n\r$\u{e4}]){0,40}") {
            drop(parse(&text));
        }

        #[test]
        fn a_value_in_single_quotes_comes_back_as_it_was(value in "[^'\0\u{fffd}]{0,40}") {
            prop_assert_eq!(read(&format!("KEYWARD_X='{value}'\n")), [("KEYWARD_X".to_owned(), value)]);
        }
    }
}
