//! The tests that documents name, as in `api/login.rs::the_oauth2_form_logs_in`: each must be there, so that no table of
//! proofs outlives what it points at. How Rust is read is not here but in [`code`].

use std::collections::BTreeSet;

use super::code;
use super::finding::Finding;

/// Every test of the workspace: its file's path from the root, and its name.
pub(super) type Tests = BTreeSet<(String, String)>;

/// The names of the tests in a source: functions under `#[test]`, `#[tokio::test]` and the like.
pub(super) fn tests(source: &str) -> Vec<String> {
    let code = code::views(source).code;
    let mut names = Vec::new();
    let mut marked = false;
    for line in code.lines().map(str::trim) {
        if let Some(attribute) = line.strip_prefix("#[") {
            let path = attribute.split([']', '(']).next().unwrap_or_default();
            marked |= path == "test" || path.ends_with("::test");
        } else if let Some((_, rest)) = line.split_once("fn ") {
            let name: String = rest.chars().take_while(|&char| is_name(char)).collect();
            if std::mem::take(&mut marked) {
                names.push(name);
            }
        }
    }
    names
}

/// What a document says of tests that are not there.
pub(super) fn check(path: &str, text: &str, tests: &Tests) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for (file, name) in line.split('`').skip(1).step_by(2).filter_map(mention) {
            if !tests.iter().any(|(path, test)| *test == name && is_meant(path, &file)) {
                let sentence = format!("there is no test {name} in {file}.");
                findings.push(Finding::new(path, index + 1, sentence));
            }
        }
    }
    findings
}

/// `package/file.rs::name` is the mention of a test.
fn mention(code: &str) -> Option<(String, String)> {
    let (file, name) = code.split_once(".rs::")?;
    let whole = !file.is_empty() && !name.is_empty() && name.chars().all(is_name);
    (whole && !file.contains(char::is_whitespace)).then(|| (format!("{file}.rs"), name.to_owned()))
}

/// A file is named by its package and the end of its path: `keyward/replicas/notifications.rs` for
/// `crates/keyward/tests/replicas/notifications.rs`.
fn is_meant(path: &str, mentioned: &str) -> bool {
    let path = ["crates/", "samples/"].iter().find_map(|folder| path.strip_prefix(folder)).unwrap_or(path);
    match (path.split_once('/'), mentioned.split_once('/')) {
        (Some((package, inside)), Some((wanted, end))) => {
            package == wanted && (inside == end || inside.ends_with(&format!("/{end}")))
        }
        _ => false,
    }
}

fn is_name(char: char) -> bool {
    char == '_' || char.is_ascii_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "//! Tests.\n#[test]\nfn plain() {}\nfn helper() {}\n#[tokio::test(flavor = \"multi_thread\")]\n\
        #[ignore = \"slow\"]\nasync fn with_a_runtime() {}\n#[cfg(test)]\nfn for_tests() {}\n// #[test]\n// fn gone() {}\n\
        proptest! {\n    #[test]\n    fn any_text(text in \".*\") {}\n}\n";

    fn said_of(text: &str) -> Vec<String> {
        let path = "crates/api/tests/it/login.rs".to_owned();
        let tests = tests(SOURCE).into_iter().map(|name| (path.clone(), name)).collect();
        check("docs/ASVS.md", text, &tests).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn only_what_cargo_would_run_is_a_test() {
        assert_eq!(tests(SOURCE), ["plain", "with_a_runtime", "any_text"]);
    }

    #[test]
    fn a_test_that_is_there_may_be_named_by_any_end_of_its_path() {
        let text = "| met | `api/login.rs::plain`, `api/it/login.rs::with_a_runtime` |\n`api/tests/it/login.rs::any_text`";
        assert_eq!(said_of(text), [""; 0]);
    }

    #[test]
    fn a_sample_is_a_package_too() {
        let tests = [("samples/blog/tests/it/posts.rs".to_owned(), "plain".to_owned())].into();
        assert_eq!(check("docs/ASVS.md", "`blog/posts.rs::plain`", &tests), []);
        assert_eq!(check("docs/ASVS.md", "`shop/posts.rs::plain`", &tests).len(), 1);
    }

    #[test]
    fn a_test_that_is_not_there_is_found_on_its_line() {
        let said = said_of("fine\n`api/login.rs::plain` and `api/login.rs::gone`");
        assert_eq!(said, ["docs/ASVS.md:2: there is no test gone in api/login.rs."]);
        for text in [
            "`api/login.rs::helper`",
            "`api/login.rs::plai`",
            "`auth/login.rs::plain`",
            "`api/gin.rs::plain`",
            "`login.rs::plain`",
        ] {
            assert_eq!(said_of(text).len(), 1, "{text}");
        }
    }

    #[test]
    fn other_code_is_left_alone() {
        assert_eq!(
            said_of("`Lifetimes::end`, `crates/api/src/login.rs`, `use login.rs::{a, b}`, api/login.rs::x"),
            [""; 0]
        );
    }
}
