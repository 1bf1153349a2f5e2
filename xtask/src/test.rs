//! `cargo xtask test`: all tests, on SQLite always; on PostgreSQL, in a browser and with foreign clients where
//! these are installed.
//!
//! What is missing is skipped with a sentence that says how to get it; in CI, and when it was asked for by name,
//! a missing one is a failure. Everything is looked for before anything runs, so that such a failure comes at once.

mod browser;
mod foreign;
pub(crate) mod postgres;
mod refusals;
mod resource;

use std::process::Command;
use std::time::Instant;

use keyward_servers::shell::{self, Outcome};

pub(crate) const HELP: &str = "
Usage: cargo xtask test [--only sqlite|postgres|browser|foreign|resource] [-- <arguments for cargo test>]

Runs every test of the workspace on SQLite, those that touch the database again on a private PostgreSQL
server, the walk through /docs in headless Chromium, and other people's OAuth2 and JWT libraries for Python
and Node.js against the real server, as well as requests that Schemathesis makes from openapi.json; and follows
docs/ADDING_A_RESOURCE.md in a copy of the repository. What is not installed is skipped, except in CI.

  --only NAME   just these tests, which must then be able to run
  -- ...        handed to cargo test: `cargo xtask test --only sqlite -- login -- --nocapture`

KEYWARD_TEST_DATABASE_URL, where set, names a PostgreSQL server to use instead of a private one.
KEYWARD_TEST_EXAMPLES and KEYWARD_TEST_SEED, where set, have Schemathesis ask more, and other things: 10 and 1
otherwise, as in `KEYWARD_TEST_EXAMPLES=100 cargo xtask test --only foreign -- schemathesis -- --nocapture`.";

#[derive(Clone, Copy, PartialEq, Debug)]
enum Suite {
    Sqlite,
    Postgres,
    Browser,
    Foreign,
    Resource,
}

/// What a suite found to run with.
enum Tools {
    None,
    Postgres(postgres::Source),
    Browser(browser::Pair),
    Foreign(foreign::Interpreters),
    Resource,
}

impl Suite {
    const ALL: [Self; 5] = [Self::Sqlite, Self::Postgres, Self::Browser, Self::Foreign, Self::Resource];

    fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::Browser => "browser",
            Self::Foreign => "foreign",
            Self::Resource => "resource",
        }
    }

    /// The programs this suite needs, or a sentence on what is missing.
    fn look(self) -> Result<Tools, String> {
        match self {
            Self::Sqlite => Ok(Tools::None),
            Self::Postgres => postgres::look().map(Tools::Postgres),
            Self::Browser => browser::look().map(Tools::Browser),
            Self::Foreign => foreign::look().map(Tools::Foreign),
            Self::Resource => resource::look().map(|()| Tools::Resource),
        }
    }
}

#[derive(Debug, PartialEq)]
struct Options {
    only: Option<Suite>,
    extra: Vec<String>,
}

impl Options {
    fn parse(args: &[String]) -> Outcome<Self> {
        let cut = args.iter().position(|arg| arg == "--").unwrap_or(args.len());
        let extra = args.iter().skip(cut + 1).cloned().collect();
        let only = match &args[..cut] {
            [] => None,
            [flag, name] if flag == "--only" => {
                let suite = Suite::ALL.into_iter().find(|suite| suite.name() == name);
                let names = "sqlite, postgres, browser, foreign or resource";
                Some(suite.ok_or_else(|| format!("--only takes {names}, not `{name}`."))?)
            }
            other => {
                return Err(format!(
                    "`{}` makes no sense here; see `cargo xtask test --help`.",
                    other.join(" ")
                ));
            }
        };
        Ok(Self { only, extra })
    }
}

pub(crate) fn run(args: &[String]) -> Outcome {
    let options = Options::parse(args)?;
    let strict = options.only.is_some() || shell::in_ci();
    let mut plan = Vec::new();
    for suite in Suite::ALL.into_iter().filter(|suite| options.only.is_none_or(|only| only == *suite)) {
        match suite.look() {
            Err(missing) if strict => {
                return Err(format!("The {} tests cannot run: {missing}", suite.name()));
            }
            found => plan.push((suite, found)),
        }
    }

    let mut table = Vec::new();
    let mut failure = None;
    for (suite, found) in plan {
        let line = match found {
            _ if failure.is_some() => "not run".to_owned(),
            Err(missing) => {
                shell::note(&format!("\nSkipping the {} tests: {missing}", suite.name()));
                format!("{}  {missing}", shell::paint("33", "skipped"))
            }
            Ok(tools) => {
                shell::heading(&format!("tests: {}", suite.name()));
                let begun = Instant::now();
                failure = drive(tools, &options.extra).err();
                let word = if failure.is_none() {
                    shell::paint("32", "passed")
                } else {
                    shell::paint("31", "FAILED")
                };
                format!("{word}   {:.1} s", begun.elapsed().as_secs_f64())
            }
        };
        table.push(format!("  {:9} {line}", suite.name()));
    }
    shell::heading("summary");
    println!("{}", table.join("\n"));
    failure.map_or(Ok(()), Err)
}

/// The tests that use a database.
const DATABASE_TESTS: [&str; 8] =
    ["--test", "it", "--test", "replicas", "--test", "outbox", "--test", "plans"];

fn drive(tools: Tools, extra: &[String]) -> Outcome {
    match tools {
        Tools::None => {
            let mut command = cargo_test(&[], extra);
            let notes = refusals::begin()?;
            shell::run(command.env_remove(postgres::VARIABLE).env(refusals::VARIABLE, &notes))?;
            // Some tests alone do not see everything.
            if extra.is_empty() { refusals::compare(&notes) } else { Ok(()) }
        }
        Tools::Postgres(source) => {
            let server = source.open()?;
            let mut command = cargo_test(&DATABASE_TESTS, extra);
            shell::run(command.env(postgres::VARIABLE, server.url()))
        }
        Tools::Browser(pair) => {
            let mut command = cargo_test(&["--test", "browser"], extra);
            command.env_remove(postgres::VARIABLE);
            command.env("KEYWARD_TEST_CHROMIUM", pair.chromium);
            shell::run(command.env("KEYWARD_TEST_CHROMEDRIVER", pair.chromedriver))
        }
        Tools::Foreign(interpreters) => {
            let mut command = cargo_test(&["--test", "foreign"], extra);
            command.env_remove(postgres::VARIABLE);
            command.env("KEYWARD_TEST_PYTHON", interpreters.python);
            command.env("KEYWARD_TEST_NODE", interpreters.node);
            shell::run(command.env("KEYWARD_TEST_NPM", interpreters.npm))
        }
        Tools::Resource => {
            // With what it prints: the number of files and lines that a new resource takes.
            let mut command = cargo_test(&["--test", "resource"], extra);
            if !extra.iter().any(|argument| argument == "--") {
                command.args(["--", "--nocapture"]);
            }
            shell::run(command.env_remove(postgres::VARIABLE))
        }
    }
}

fn cargo_test(selection: &[&str], extra: &[String]) -> Command {
    // The same packages and features each time: others would have every dependency built anew.
    let mut command = shell::cargo(["test", "--workspace", "--all-features", "--no-fail-fast"]);
    command.args(selection).args(extra);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Outcome<Options> {
        Options::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn everything_after_the_first_two_dashes_goes_to_cargo_test() {
        let options = parse("--only postgres -- login -- --nocapture").expect("a fine command line");
        assert_eq!(options.only, Some(Suite::Postgres));
        assert_eq!(options.extra, ["login", "--", "--nocapture"]);
        assert_eq!(parse("").expect("no options are fine"), Options { only: None, extra: vec![] });
    }

    #[test]
    fn an_unknown_suite_or_option_is_refused() {
        for line in ["--only mysql", "--only", "sqlite", "--onyl sqlite"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
