//! `cargo xtask openapi`: the committed `openapi.json` is what the server says of itself.

use std::fs;

use keyward_servers::shell::{self, Outcome};

pub(crate) const HELP: &str = "
Usage: cargo xtask openapi [--check]

Asks the server for its OpenAPI document and writes it to openapi.json.

  --check   write nothing; fail where the committed file differs";

const FILE: &str = "openapi.json";

pub(crate) fn run(args: &[String]) -> Outcome {
    match args {
        [] => write(),
        [flag] if flag == "--check" => check(),
        _ => Err(format!("`openapi` takes only --check, not `{}`.", args.join(" "))),
    }
}

/// Fails where the committed document is not the one the server would serve.
pub(crate) fn check() -> Outcome {
    let served = served()?;
    let committed = fs::read_to_string(shell::root().join(FILE)).map_err(|error| {
        format!("{FILE} could not be read ({error}): run `cargo xtask openapi` and commit it.")
    })?;
    match first_difference(&committed, &served) {
        None => {
            println!("{FILE} is what the server serves.");
            Ok(())
        }
        Some(difference) => {
            println!("{difference}");
            Err(format!("{FILE} is out of date: run `cargo xtask openapi` and commit it."))
        }
    }
}

fn write() -> Outcome {
    let served = served()?;
    fs::write(shell::root().join(FILE), served)
        .map_err(|error| format!("{FILE} could not be written: {error}."))?;
    println!("Wrote {FILE}.");
    Ok(())
}

fn served() -> Outcome<String> {
    let mut text = shell::capture(&mut shell::cargo(["run", "-q", "-p", "keyward", "--", "openapi"]))?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

/// The first line that differs, as both sides have it.
fn first_difference(committed: &str, served: &str) -> Option<String> {
    if committed == served {
        return None;
    }
    let (mut ours, mut theirs) = (committed.lines(), served.lines());
    let mut number = 1;
    loop {
        let pair = (ours.next(), theirs.next());
        match pair {
            (Some(a), Some(b)) if a == b => number += 1,
            (None, None) => return Some(format!("{FILE}: only the ends of lines differ")),
            (a, b) => {
                let (a, b) = (a.unwrap_or("(nothing)"), b.unwrap_or("(nothing)"));
                return Some(format!(
                    "{FILE}:{number}: first difference\n- committed: {a}\n+ served:    {b}"
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_documents_do_not_differ() {
        assert_eq!(first_difference("{\n}\n", "{\n}\n"), None);
    }

    #[test]
    fn the_first_differing_line_is_shown_from_both_sides() {
        let hint = first_difference("{\n  \"a\": 1\n}\n", "{\n  \"a\": 2\n}\n").expect("they differ");
        assert!(hint.starts_with("openapi.json:2:"), "{hint}");
        assert!(hint.contains("\"a\": 1") && hint.contains("\"a\": 2"), "{hint}");
    }

    #[test]
    fn a_shorter_document_and_other_line_ends_differ_too() {
        assert!(first_difference("{\n", "{\n}\n").is_some());
        assert!(first_difference("{\r\n}\r\n", "{\n}\n").is_some());
    }
}
