//! `cargo xtask packages`: whether the crates that others use are fit to be published. They package, with all that belongs
//! into a package; they are as slim as promised, and build with the Rust they state, and with any of their features.

mod contents;
mod features;

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use keyward_servers::shell::{self, Outcome};
use serde_json::Value;

/// What is published, each after those it needs.
const PUBLISHED: [&str; 5] =
    ["keyward-auth", "keyward-guard", "keyward-web-derive", "keyward-web", "keyward-client"];

/// With its default features `keyward-auth` links fewer crates than this, itself among them.
const SLIM: usize = 40;

/// A version of Rust: (1, 94).
type Rust = (u32, u32);

pub(crate) const HELP: &str = "
Usage: cargo xtask packages

Makes the packages of keyward-auth, keyward-guard, keyward-web (and its derive macro) and keyward-client, and looks into
them: licences, README, keywords. Counts what they link. Compares the Rust they state with the one that checks them here, and with what they depend on. Has clippy
look at each feature of theirs alone, and at none. Compares their interfaces with the last release where
cargo-semver-checks is installed and there is one.";

pub(crate) fn run(args: &[String]) -> Outcome {
    if !args.is_empty() {
        return Err(format!("`packages` takes no arguments, not even `{}`.", args.join(" ")));
    }
    let args = ["metadata", "--locked", "--format-version", "1"];
    let metadata: Value = serde_json::from_str(&shell::capture(&mut shell::cargo(args))?)
        .map_err(|error| format!("cargo metadata is odd: {error}."))?;
    // Nothing is built: clippy and the tests have seen the same files. --allow-dirty: uncommitted changes are checked, too.
    let mut package = shell::cargo(["package", "--locked", "--no-verify", "--allow-dirty", "--quiet"]);
    shell::run(package.args(PUBLISHED.iter().flat_map(|name| ["-p", name])))?;
    let rusts = rusts(&metadata);
    for name in PUBLISHED {
        contents::check(name, &metadata)?;
        slim(name, &rusts)?;
    }
    for name in PUBLISHED {
        features::check(name, &metadata)?;
    }
    semver()
}

/// What a crate links with its default features, and whether the Rust it states is enough for that, and is the one that
/// checks it here.
fn slim(name: &str, rusts: &BTreeMap<String, Rust>) -> Outcome {
    let (linked, built) = (tree(name, "normal")?, tree(name, "normal,build")?);
    let others = built.iter().filter(|package| !PUBLISHED.iter().any(|name| package.starts_with(name)));
    let newest = others.filter_map(|package| rusts.get(package.as_str())).max();
    let (major, minor) = *newest.unwrap_or(&(0, 0));
    println!(
        "{name}: {} crates linked, {} more to build them, which need Rust {major}.{minor}",
        linked.len(),
        built.len() - linked.len()
    );
    let own = linked.iter().find(|package| package.starts_with(&format!("{name} ")));
    let stated = own.and_then(|package| rusts.get(package.as_str())).copied();
    if stated.is_none_or(|stated| stated < (major, minor)) {
        return Err(format!("{name} states an older Rust than {major}.{minor}, which it needs."));
    }
    let toolchain = std::fs::read_to_string(shell::root().join("rust-toolchain.toml")).unwrap_or_default();
    if stated != channel(&toolchain) {
        return Err(format!(
            "{name} states another Rust than rust-toolchain.toml, which is never checked here."
        ));
    }
    if name == PUBLISHED[0] && linked.len() >= SLIM {
        return Err(format!("{name} links {} crates: it promises fewer than {SLIM}.", linked.len()));
    }
    Ok(())
}

/// Whether the public interfaces of the last release are still there; a developer without cargo-semver-checks is not held up.
fn semver() -> Outcome {
    if !shell::works(&mut shell::cargo(["semver-checks", "--version"])) {
        let how = "`cargo install cargo-semver-checks --locked` gets it";
        shell::note(&format!("Skipped: cargo-semver-checks is not installed; {how}."));
        return Ok(());
    }
    let mut last = Command::new("git");
    last.args(["describe", "--tags", "--match", "v*", "--abbrev=0"]).current_dir(shell::root());
    let Ok(last) = shell::capture(&mut last) else {
        shell::note("Skipped: there is no release yet to compare with.");
        return Ok(());
    };
    let mut command = shell::cargo(["semver-checks", "--baseline-rev", last.trim()]);
    shell::run(command.args(PUBLISHED.iter().flat_map(|name| ["-p", name])))
}

/// What `cargo tree` shows of a package with its default features, as `name vVERSION`.
fn tree(name: &str, edges: &str) -> Outcome<BTreeSet<String>> {
    let args = ["tree", "--locked", "-p", name, "-e", edges, "--prefix", "none", "-f", "{p}"];
    Ok(shell::capture(&mut shell::cargo(args))?.lines().filter_map(package).collect())
}

/// "syn v2.0.119" of "syn v2.0.119 (proc-macro) (*)".
fn package(line: &str) -> Option<String> {
    let mut words = line.split(' ');
    Some(format!("{} {}", words.next()?, words.next()?))
}

/// The Rust that each package states, by `name vVERSION`.
fn rusts(metadata: &Value) -> BTreeMap<String, Rust> {
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let stated = packages.iter().filter_map(|package| {
        let (name, version) = (package["name"].as_str()?, package["version"].as_str()?);
        Some((format!("{name} v{version}"), rust(package["rust_version"].as_str()?)?))
    });
    stated.collect()
}

/// The Rust of a `rust-toolchain.toml`.
fn channel(toolchain: &str) -> Option<Rust> {
    let value = toolchain.lines().find_map(|line| line.strip_prefix("channel")?.trim().strip_prefix('='))?;
    rust(value.trim().trim_matches('"'))
}

/// (1, 94) of "1.94" or "1.94.0".
fn rust(text: &str) -> Option<Rust> {
    let mut numbers = text.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next().unwrap_or("0").parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_the_same_wherever_the_tree_shows_it() {
        for line in ["syn v2.0.119", "syn v2.0.119 (*)", "syn v2.0.119 (proc-macro) (*)"] {
            assert_eq!(package(line).as_deref(), Some("syn v2.0.119"));
        }
        assert_eq!(package(""), None);
    }

    #[test]
    fn the_tenth_minor_version_of_rust_is_newer_than_the_ninth() {
        assert!(rust("1.100") > rust("1.94.1") && rust("1.94.1") == rust("1.94"));
        let metadata = serde_json::json!({ "packages": [
            { "name": "a", "version": "1.0.0", "rust_version": "1.85" },
            { "name": "b", "version": "2.0.0", "rust_version": null },
        ] });
        assert_eq!(rusts(&metadata).into_iter().collect::<Vec<_>>(), [("a v1.0.0".to_owned(), (1, 85))]);
    }

    #[test]
    fn a_toolchain_says_which_rust_it_is() {
        assert_eq!(channel("[toolchain]\nchannel = \"1.95.0\"\ncomponents = []\n"), Some((1, 95)));
        for odd in ["", "channel = \"stable\"", "channels = \"1.95.0\""] {
            assert_eq!(channel(odd), None, "{odd}");
        }
    }
}
