//! Where a document points: every relative link in a `.md` file leads to something that is there.

use super::finding::Finding;

/// `exists` is asked with a path from the root of the checkout.
pub(super) fn check(path: &str, text: &str, exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in prose(text) {
        for target in targets(&line) {
            let file = target.split(['#', '?']).next().unwrap_or_default();
            if file.is_empty() || is_elsewhere(target) {
                continue;
            }
            match resolve(path, file) {
                Some(file) if exists(&file) => {}
                Some(file) => findings.push(Finding::new(
                    path,
                    number,
                    format!("the link leads to {file}, which is not there."),
                )),
                None => findings.push(Finding::new(
                    path,
                    number,
                    format!("the link {target} leads out of the repository."),
                )),
            }
        }
    }
    findings
}

/// The lines outside of fenced blocks, with inline code blanked, counted from 1.
fn prose(text: &str) -> Vec<(usize, String)> {
    let mut fence: Option<&str> = None;
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        let mark = ["```", "~~~"].into_iter().find(|mark| trimmed.starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            (Some(_), _) => {}
            (None, None) => lines.push((index + 1, without_code(line))),
        }
    }
    lines
}

/// Odd pieces between backticks are code. An unpaired backtick is only a backtick.
fn without_code(line: &str) -> String {
    let pieces: Vec<&str> = line.split('`').collect();
    let paired = pieces.len() - (pieces.len() + 1) % 2;
    let kept = pieces.iter().enumerate().filter(|(index, _)| index % 2 == 0 || *index >= paired);
    kept.map(|(_, piece)| *piece).collect()
}

/// What a line points at: `](target)`, `[name]: target`, and `src` or `href` in HTML.
fn targets(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (opening, closing) in [("](", ')'), ("src=\"", '"'), ("href=\"", '"')] {
        found.extend(line.split(opening).skip(1).filter_map(|rest| rest.split(closing).next()));
    }
    if line.trim_start().starts_with('[') {
        found.extend(line.split_once("]: ").map(|(_, target)| target));
    }
    // A title may follow: [text](target "title").
    let first = |target: &'_ str| -> Option<usize> { target.trim().find(' ') };
    found
        .iter()
        .map(|target| &target.trim()[..first(target).unwrap_or(target.trim().len())])
        .map(unbracketed)
        .collect()
}

fn unbracketed(target: &str) -> &str {
    target.trim_start_matches('<').trim_end_matches('>')
}

/// Another site, an address, or an item of the crate whose documentation this file is (`crate::Password`).
fn is_elsewhere(target: &str) -> bool {
    let scheme = target.split_once(':').map(|(scheme, _)| scheme);
    target.starts_with("//")
        || target.contains("::")
        || scheme.is_some_and(|scheme| scheme.chars().all(|char| char.is_ascii_alphanumeric()))
}

/// The path from the root that `target`, written in `document`, means; `None` if it leaves the repository.
fn resolve(document: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = match target.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => document.split('/').rev().skip(1).collect::<Vec<_>>().into_iter().rev().collect(),
    };
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop()?,
            name => parts.push(name),
        }
    }
    Some(if parts.is_empty() { ".".to_owned() } else { parts.join("/") })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The findings on `docs/API.md` where only README.md and docs/SECURITY.md exist.
    fn said_of(text: &str) -> Vec<String> {
        let exists = |path: &str| ["README.md", "docs/SECURITY.md", "docs"].contains(&path);
        check("docs/API.md", text, exists).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn links_to_what_is_there_are_fine() {
        let text = "[a](SECURITY.md#keys) [b](../README.md \"title\") ![c](</README.md>) [d](./) [e](#here)\n[f]: ../README.md\n";
        assert_eq!(said_of(text), [""; 0]);
    }

    #[test]
    fn a_dead_link_is_found_with_its_line_in_every_spelling() {
        let dead = [
            "[a](GONE.md)",
            "[a](README.md)",
            "see [a](SECURITY.md) and [b](../GONE.md#x)",
            "[a]: GONE.md",
            "<img src=\"gone.png\" width=\"600\">",
            "![a](gone.png \"title\")",
            "a ` and [a](GONE.md)",
        ];
        for line in dead {
            let said = said_of(&format!("fine\n{line}\n"));
            assert!(
                said.len() == 1 && said[0].starts_with("docs/API.md:2: the link leads to "),
                "{line}: {said:?}"
            );
        }
    }

    #[test]
    fn a_link_out_of_the_repository_is_found() {
        assert_eq!(said_of("[a](../../other/README.md)").len(), 1);
    }

    #[test]
    fn code_other_sites_and_items_are_left_alone() {
        for text in [
            "```md\n[a](GONE.md)\n```",
            "`[a](GONE.md)`",
            "[a](https://example.com/x) <a href=\"mailto:a@example.com\">",
            "[`Password`]: crate::Password",
        ] {
            assert_eq!(said_of(text), [""; 0], "{text}");
        }
    }
}
