//! What a Rust file looks like: short, introduced by a `//!`, nothing left to do, and true to its layer.

use super::code::{self, Views};
use super::finding::Finding;

const LONGEST: usize = 300;
/// One subject may need more cases than a noun needs code.
const LONGEST_TEST: usize = 450;

/// Each word, whether it is looked for in comments rather than code, and what to do about it.
const UNFINISHED: &[(&str, bool, &str)] = &[
    ("todo!", false, "finish it"),
    ("unimplemented!", false, "finish it"),
    ("dbg!", false, "take it out"),
    ("FIXME", true, "mend it, or open an issue"),
    ("XXX", true, "mend it, or open an issue"),
];

pub(super) fn check(path: &str, source: &str) -> Vec<Finding> {
    let views = code::views(source);
    let mut findings = Vec::new();
    findings.extend(too_long(path, &views.code));
    findings.extend(no_introduction(path, source));
    findings.extend(unfinished(path, &views));
    findings.extend(allowances(path, &views.code));
    findings.extend(globs(path, &views.code));
    findings.extend(leaks(path, &views.code));
    findings.extend(unsafe_root(path, &views.code));
    findings
}

/// Over 300 lines; a test, a benchmark or an example may have 450. A trailing module of tests does not count.
fn too_long(path: &str, code: &str) -> Option<Finding> {
    let lines: Vec<&str> = code.lines().collect();
    if path.split('/').any(|part| matches!(part, "tests" | "benches" | "examples" | "fuzz")) {
        let length = lines.len();
        let sentence = format!("{length} lines; a test has at most {LONGEST_TEST}, so split it by subject.");
        return (length > LONGEST_TEST).then(|| Finding::new(path, LONGEST_TEST + 1, sentence));
    }
    let length = without_tests(&lines);
    let sentence = format!("{length} lines without its tests; at most {LONGEST}, so split it by noun.");
    (length > LONGEST).then(|| Finding::new(path, LONGEST + 1, sentence))
}

/// How many lines stand before a `#[cfg(test)] mod tests { ... }` that ends the file.
fn without_tests(lines: &[&str]) -> usize {
    let end = lines.iter().rposition(|line| !line.trim().is_empty()).unwrap_or(0);
    let Some(start) = lines.iter().rposition(|line| line.trim_end() == "#[cfg(test)]") else {
        return lines.len();
    };
    let after = &lines[start + 1..];
    let opened = after.iter().find(|line| !line.starts_with("#["));
    let is_module = opened.is_some_and(|line| line.starts_with("mod ") && line.trim_end().ends_with('{'));
    let closed = after.iter().position(|line| line.starts_with('}')).map(|index| start + 1 + index);
    if is_module && closed == Some(end) { start } else { lines.len() }
}

/// A file says in its first line what lives there; `#![doc = include_str!("../README.md")]` says it elsewhere.
fn no_introduction(path: &str, source: &str) -> Option<Finding> {
    let first = source.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let introduced = first.strip_prefix("//!").is_some_and(|text| !text.trim().is_empty());
    let sentence = "it must start with a `//!` that says what lives here.";
    (!introduced && !first.starts_with("#![doc")).then(|| Finding::new(path, 1, sentence))
}

fn unfinished(path: &str, views: &Views) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (word, in_comments, advice) in UNFINISHED {
        let view = if *in_comments { &views.comments } else { &views.code };
        let found = code::lines_with(view, word).into_iter();
        findings.extend(found.map(|line| Finding::new(path, line, format!("`{word}` is left: {advice}."))));
    }
    findings
}

fn allowances(path: &str, code: &str) -> Vec<Finding> {
    let sentence = "use `expect` with a reason instead of `allow`: it tells when it is no longer needed.";
    let found = ["#[allow(", "#![allow("].into_iter().flat_map(|word| code::lines_with(code, word));
    found.map(|line| Finding::new(path, line, sentence)).collect()
}

/// `sea_orm`'s names clash with the domain's (`Order`): none is imported by a glob, save its prelude in an entity.
fn globs(path: &str, code: &str) -> Vec<Finding> {
    let entity = path.starts_with("crates/infra/src/entity")
        || path.starts_with("samples/") && path.contains("/src/storage/entity");
    let mut findings = Vec::new();
    for line in code::lines_with(code, "use") {
        let rest = code.lines().skip(line - 1).collect::<Vec<_>>().join("\n");
        let start = rest.find("use").unwrap_or(0);
        let statement: String =
            rest[start..].split(';').next().unwrap_or_default().split_whitespace().collect();
        let statement = if entity { statement.replace("entity::prelude::*", "") } else { statement };
        let names_it = statement.starts_with("usesea_orm::") || statement.contains("::sea_orm::");
        if names_it && statement.contains('*') {
            findings.push(Finding::new(path, line, "import sea_orm's names one by one, not by a glob."));
        }
    }
    findings
}

/// Every crate says itself that nothing in it is unsafe: a lint of the workspace counts only where the manifest asks for it.
fn unsafe_root(path: &str, code: &str) -> Option<Finding> {
    let is_root = ["src/lib.rs", "src/main.rs"].iter().any(|root| path.ends_with(root));
    let sentence = "the root of a crate must say `#![forbid(unsafe_code)]`.";
    (is_root && !code.contains("#![forbid(unsafe_code)]")).then(|| Finding::new(path, 1, sentence))
}

/// Names that must not be known here, where a manifest cannot keep them out.
fn leaks(path: &str, code: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut forbid = |words: &[&str], sentence: &str| {
        let lines = words.iter().flat_map(|word| code::lines_with(code, word));
        findings.extend(lines.map(|line| Finding::new(path, line, sentence)));
    };
    if path.starts_with("crates/api/src/") && !wires(path) {
        let sentence = "only foundation.rs, service.rs, resources, wiring and testing know infra and migration; the rest takes ports.";
        forbid(&["keyward_infra", "keyward_migration"], sentence);
    }
    if path.starts_with("crates/keyward/src/") && !path.starts_with("crates/keyward/src/cli/") {
        let sentence = "only the command line knows infra and migration.";
        forbid(&["keyward_infra", "keyward_migration"], sentence);
    }
    if path.starts_with("migration/src/") || path.starts_with("samples/") && path.contains("/src/migrations/")
    {
        let words = ["DeriveEntityModel", "EntityTrait", "ActiveModelTrait", "entity::"];
        forbid(&words, "a migration names tables and columns itself, never an entity: entities move on.");
    }
    findings
}

/// Whether a file of the api makes the ports out of what is behind them.
fn wires(path: &str) -> bool {
    let inside = path.strip_prefix("crates/api/src/").unwrap_or_default();
    ["foundation.rs", "service.rs"].contains(&inside)
        || ["resources/", "wiring/", "testing/"].iter().any(|room| inside.starts_with(room))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The findings on a file that has an introduction.
    fn said_of(path: &str, code: &str) -> Vec<String> {
        check(path, &format!("//! What it is.\n{code}")).iter().map(ToString::to_string).collect()
    }

    fn lines(count: usize) -> String {
        "fn f() {}\n".repeat(count)
    }

    #[test]
    fn a_file_may_have_300_lines_and_not_one_more() {
        assert_eq!(said_of("crates/a/src/b.rs", &lines(299)), [""; 0]);
        assert!(said_of("crates/a/src/b.rs", &lines(300))[0].starts_with("crates/a/src/b.rs:301: 301 lines"));
        assert_eq!(said_of("crates/a/tests/it/b.rs", &lines(449)), [""; 0]);
        let long = said_of("crates/a/tests/it/b.rs", &lines(450));
        assert!(long[0].starts_with("crates/a/tests/it/b.rs:451: 451 lines; a test"), "{long:?}");
    }

    #[test]
    fn only_a_module_of_tests_at_the_end_does_not_count() {
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "    fn f() {}\n".repeat(300));
        assert_eq!(said_of("a.rs", &format!("{}{tests}", lines(250))), [""; 0]);
        assert_eq!(said_of("a.rs", &format!("{tests}{}", lines(2))).len(), 1);
        let declared = format!("#[cfg(test)]\nmod tests;\n{}", lines(300));
        assert_eq!(said_of("a.rs", &declared).len(), 1);
    }

    #[test]
    fn a_file_starts_with_its_introduction() {
        for text in ["fn f() {}\n", "", "//!\nfn f() {}", "// no\n", "use a::b;\n//! late\n"] {
            assert_eq!(check("a.rs", text).len(), 1, "{text:?}");
        }
        assert!(check("a.rs", "#![doc = include_str!(\"../README.md\")]\n").is_empty());
    }

    #[test]
    fn nothing_may_be_left_to_do() {
        for code in
            ["fn f() { todo!() }", "fn f() { unimplemented!(\"x\") }", "dbg!(1);", "// FIXME: x", "/* XXX */"]
        {
            assert_eq!(said_of("a.rs", code).len(), 1, "{code}");
        }
        for code in ["let word = \"todo!()\";", "// a todo!() is refused", "let FIXMES = 1;", "// XXXL"] {
            assert_eq!(said_of("a.rs", code), [""; 0], "{code}");
        }
    }

    #[test]
    fn a_lint_is_expected_never_allowed() {
        assert_eq!(said_of("a.rs", "#[allow(dead_code)]\nfn f() {}")[0].split(": ").next(), Some("a.rs:2"));
        assert_eq!(said_of("a.rs", "#![allow(dead_code)]").len(), 1);
        assert_eq!(said_of("a.rs", "#[expect(dead_code, reason = \"x\")]"), [""; 0]);
    }

    #[test]
    fn sea_orm_is_never_imported_by_a_glob_but_in_entities() {
        let prelude = "use sea_orm::entity::prelude::*;";
        let nested = "use sea_orm::{\n    entity::prelude::*, Set,\n};";
        for code in [prelude, nested, "pub use sea_orm::*;", "use sea_orm::{query::*, Set};"] {
            assert_eq!(said_of("crates/infra/src/users.rs", code).len(), 1, "{code}");
        }
        assert_eq!(said_of("crates/infra/src/entity/user.rs", prelude), [""; 0]);
        assert_eq!(said_of("crates/infra/src/entity/user.rs", nested), [""; 0]);
        assert_eq!(said_of("samples/blog/src/storage/entity.rs", prelude), [""; 0]);
        assert_eq!(said_of("samples/blog/src/storage/posts.rs", prelude).len(), 1);
        assert_eq!(said_of("crates/infra/src/entity/user.rs", "use sea_orm::*;").len(), 1);
        for code in
            ["use sea_orm::Set; let a = b * c;", "use sea_orm_migration::prelude::*;", "use super::*;"]
        {
            assert_eq!(said_of("migration/src/users.rs", code), [""; 0], "{code}");
        }
    }

    #[test]
    fn only_what_wires_the_api_knows_infra_and_migration() {
        let code = "use keyward_infra::Db;";
        assert_eq!(said_of("crates/api/src/state.rs", code).len(), 1);
        assert_eq!(said_of("crates/api/src/routes/identity/users.rs", "keyward_migration::run();").len(), 1);
        assert_eq!(said_of("crates/keyward/src/server/accept.rs", code).len(), 1);
        for path in [
            "crates/api/src/service.rs",
            "crates/api/src/foundation.rs",
            "crates/api/src/resources/resource.rs",
            "crates/api/src/wiring/database.rs",
            "crates/api/src/testing/app.rs",
            "crates/keyward/src/cli/backup.rs",
            "crates/keyward/tests/it/replica.rs",
        ] {
            assert_eq!(said_of(path, code), [""; 0], "{path}");
        }
        assert_eq!(said_of("crates/api/src/router.rs", "// keyward_infra is wired elsewhere"), [""; 0]);
    }

    #[test]
    fn the_root_of_every_crate_forbids_unsafe_code() {
        for path in ["crates/auth/src/lib.rs", "xtask/src/main.rs", "src/lib.rs"] {
            assert_eq!(said_of(path, "#![forbid(unsafe_code)]\n"), [""; 0], "{path}");
            for code in ["", "// #![forbid(unsafe_code)]", "#![deny(unsafe_code)]"] {
                assert_eq!(said_of(path, code).len(), 1, "{path}: {code}");
            }
        }
        assert_eq!(said_of("crates/auth/src/jwt.rs", "fn f() {}"), [""; 0]);
    }

    #[test]
    fn a_migration_never_names_an_entity() {
        assert_eq!(said_of("migration/src/m1.rs", "use infra::entity::user;").len(), 1);
        assert_eq!(
            said_of("samples/blog/src/migrations/m1.rs", "use crate::storage::entity::Column;").len(),
            1
        );
        assert_eq!(said_of("migration/src/m1.rs", "enum Users { Table, Id }"), [""; 0]);
    }
}
