//! The lines of a `.env` file: `NAME=value`, with or without `export` before and quotes around the value.
//!
//! Nothing is substituted: `$` is itself. Lines that set variables of other programs are skipped, with any content.

use crate::cli::prefix::PREFIX;

/// The names and values of our variables, in the file's order.
///
/// # Errors
/// The number of the first line that sets a variable of ours and cannot be read.
pub(super) fn parse(text: &str) -> Result<Vec<(String, String)>, usize> {
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut found, mut number) = (Vec::new(), 1);
    while !rest.is_empty() {
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
            (Some(name), Some((begin, (value, length)))) => {
                if ours && value.contains(['\0', char::REPLACEMENT_CHARACTER]) {
                    return Err(number);
                }
                if ours {
                    found.push((name.to_owned(), value));
                }
                begin + length
            }
            _ if ours => return Err(number),
            _ => line.len(),
        };
        let (done, more) = rest.split_at(length);
        number += done.matches('\n').count();
        rest = more;
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
        parse(text).unwrap_or_else(|line| panic!("line {line} of {text:?}"))
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
        let text = "nonsense\n=x\nOTHER='open\nOTHER=\"x\" y\n1 2=3\n# KEYWARD_Y\nKEYWARD_X=1\nPEM=\"\nKEYWARD_Z=no\n\"\n";
        assert_eq!(read(text), [("KEYWARD_X".to_owned(), "1".to_owned())]);
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
            assert_eq!(parse(&format!("# note\nA=\"\n\n\"\n{line}\n")), Err(5), "{line:?}");
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
