//! What a developer runs: `cargo xtask <command>`.
//!
//! This file is the table of contents, one line a command; each command is a file of its own.
//! It builds in seconds because every newcomer waits for it: think twice before adding a dependency.
#![forbid(unsafe_code)]

mod ci;
mod deploy;
mod dist;
mod fuzz;
mod openapi;
mod packages;
mod plans;
mod sbom;
mod test;
mod tidy;
#[cfg(target_os = "linux")]
mod tools;

use std::process::ExitCode;

#[cfg(unix)]
use keyward_servers::postgres::keeper;
use keyward_servers::shell::{self, Outcome};

/// One command: its name, the sentence `help` shows, its own help page, and the function behind it.
struct Task {
    name: &'static str,
    about: &'static str,
    /// `None` if the program behind the command prints it.
    help: Option<&'static str>,
    run: fn(&[String]) -> Outcome,
}

const TASKS: &[Task] = &[
    Task {
        name: "test",
        about: "every test: SQLite, PostgreSQL, browser, clients",
        help: Some(test::HELP),
        run: test::run,
    },
    Task {
        name: "ci",
        about: "everything that CI checks, in CI's order",
        help: Some(ci::HELP),
        run: ci::run,
    },
    #[cfg(target_os = "linux")]
    Task { name: "faults", about: "what is promised under faults, tried", help: None, run: tools::faults },
    Task {
        name: "fuzz",
        about: "what parses bytes of others, fed with garbage",
        help: Some(fuzz::HELP),
        run: fuzz::run,
    },
    Task {
        name: "plans",
        about: "what every query costs among a million rows",
        help: Some(plans::HELP),
        run: plans::run,
    },
    Task {
        name: "tidy",
        about: "layers, circles, file sizes, module docs, links",
        help: Some(tidy::HELP),
        run: tidy::run,
    },
    Task {
        name: "deploy",
        about: "linters over deploy/, where they are installed",
        help: Some(deploy::HELP),
        run: deploy::run,
    },
    Task { name: "dist", about: "the server as it is shipped", help: Some(dist::HELP), run: dist::run },
    #[cfg(target_os = "linux")]
    Task { name: "bench", about: "how fast it is, against the limits", help: None, run: tools::bench },
    Task {
        name: "packages",
        about: "whether the published crates are fit to be",
        help: Some(packages::HELP),
        run: packages::run,
    },
    Task {
        name: "sbom",
        about: "what the server is made of, as CycloneDX",
        help: Some(sbom::HELP),
        run: sbom::run,
    },
    Task {
        name: "openapi",
        about: "write openapi.json, or check it",
        help: Some(openapi::HELP),
        run: openapi::run,
    },
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    #[cfg(unix)]
    if let Some(outcome) = keeper::run_if_asked() {
        return shell::exit_code(outcome);
    }
    shell::exit_code(dispatch(&args))
}

fn dispatch(args: &[String]) -> Outcome {
    let Some((name, rest)) = args.split_first() else {
        print!("{}", overview());
        return Ok(());
    };
    if matches!(name.as_str(), "help" | "-h" | "--help") {
        print!("{}", overview());
        return Ok(());
    }
    let task = TASKS
        .iter()
        .find(|task| task.name == name)
        .ok_or_else(|| format!("There is no command `{name}`; `cargo xtask help` lists them."))?;
    match task.help {
        Some(page) if asks_for_help(rest) => println!("{}", page.trim()),
        _ => return (task.run)(rest),
    }
    Ok(())
}

/// `--help` before any `--`; after it, the argument belongs to another program.
fn asks_for_help(args: &[String]) -> bool {
    args.iter().take_while(|arg| *arg != "--").any(|arg| arg == "--help" || arg == "-h")
}

fn overview() -> String {
    let lines: Vec<_> = TASKS.iter().map(|task| format!("  {:8} {}\n", task.name, task.about)).collect();
    let list = lines.concat();
    format!("Usage: cargo xtask <command> [options]\n\nCommands:\n{list}")
        + "\n`cargo xtask <command> --help` shows a command's options.\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn an_unknown_command_is_refused_by_name() {
        let refusal = dispatch(&words("tset")).expect_err("there is no such command");
        assert!(refusal.contains("`tset`"), "{refusal}");
    }

    #[test]
    fn the_overview_lists_every_command() {
        let text = overview();
        for task in TASKS {
            assert!(text.contains(task.name) && text.contains(task.about), "{text}");
        }
    }

    #[test]
    fn help_after_two_dashes_is_for_the_program_behind_them() {
        assert!(asks_for_help(&words("--only sqlite --help")));
        assert!(!asks_for_help(&words("--only sqlite -- --help")));
    }
}
