//! `cargo xtask ci`: exactly what CI runs, in its order, stopping at the first failure.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use keyward_servers::shell::{self, Outcome};

use crate::{deploy, fuzz, openapi, packages, test, tidy};

pub(crate) const HELP: &str = "
Usage: cargo xtask ci [--no-test]

Formatting, tidy, linters over deploy/, clippy, documentation, dependencies (linters and cargo-deny where they
are installed), the packages that are published, openapi.json, some seconds of fuzzing (with a nightly toolchain and
cargo-fuzz), then every test. Stops at the first failure.

  --no-test   everything but the tests";

type Check = fn() -> Outcome;

/// The steps before the tests, cheapest first.
const CHECKS: &[(&str, Check)] = &[
    ("formatting", formatting),
    ("tidy", || tidy::run(&[])),
    ("deployment", || deploy::run(&[])),
    ("clippy", clippy),
    ("documentation", documentation),
    ("dependencies", dependencies),
    ("packages", || packages::run(&[])),
    ("openapi.json", openapi::check),
    ("fuzzing", fuzz::brief),
];

pub(crate) fn run(args: &[String]) -> Outcome {
    let tests = match args {
        [] => true,
        [flag] if flag == "--no-test" => false,
        _ => return Err(format!("`ci` takes only --no-test, not `{}`.", args.join(" "))),
    };
    for (name, check) in CHECKS {
        step(name, *check)?;
    }
    if tests {
        step("tests", || test::run(&[]))?;
    }
    Ok(())
}

fn step(name: &str, check: impl FnOnce() -> Outcome) -> Outcome {
    shell::heading(name);
    let begun = Instant::now();
    let outcome = check();
    let verdict = if outcome.is_ok() { shell::paint("32", "passed") } else { shell::paint("31", "failed") };
    println!("{name}: {verdict} in {:.1} s", begun.elapsed().as_secs_f64());
    outcome
}

fn formatting() -> Outcome {
    shell::run(&mut shell::cargo(["fmt", "--all", "--check"]))
        .map_err(|_| "Some files are not formatted: run `cargo fmt --all`.".to_owned())
}

fn clippy() -> Outcome {
    // --locked: a Cargo.lock that no longer fits the manifests fails here.
    let args =
        ["clippy", "--locked", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
    shell::run(&mut shell::cargo(args))
}

fn documentation() -> Outcome {
    let mut command = shell::cargo(["doc", "--workspace", "--no-deps", "--all-features"]);
    shell::run(command.env("RUSTDOCFLAGS", "-D warnings"))
}

/// Licences, bans and sources, then advisories; a developer without cargo-deny is not held up.
fn dependencies() -> Outcome {
    if !shell::works(&mut shell::cargo(["deny", "--version"])) {
        shell::note("Skipped: cargo-deny is not installed; `cargo install cargo-deny --locked` gets it.");
        return Ok(());
    }
    shell::run(&mut deny(&["check", "bans", "licenses", "sources"]))?;
    if !shell::works(&mut deny(&["fetch", "db"])) && !has_advisories() {
        shell::note("Skipped: the advisory database could not be fetched, and there is no copy of it here.");
        return Ok(());
    }
    shell::run(&mut deny(&["--offline", "check", "advisories"]))
}

fn deny(args: &[&str]) -> Command {
    // Errors alone: the hundreds of lines on duplicate versions are for who runs cargo deny by hand.
    let mut command = shell::cargo(["deny", "--log-level", "error"]);
    command.args(args);
    command
}

/// Whether an earlier fetch left an advisory database in cargo's home.
fn has_advisories() -> bool {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let Some(folders) = home.and_then(|home| home.join("advisory-dbs").read_dir().ok()) else { return false };
    folders.flatten().any(|folder| folder.path().join("crates").is_dir())
}
