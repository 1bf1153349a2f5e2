//! `cargo xtask plans`: the test of plans, at the size that it is about.

use std::time::Instant;

use keyward_servers::shell::{self, Outcome};

use crate::test::postgres;

pub(crate) const HELP: &str = "
Usage: cargo xtask plans [--only sqlite|postgres] [--rows N]

Fills a database with users, sessions, posts and all the rest, calls every method of every repository, and fails
if a query reads a table from end to end, or a deep page costs more than the first. Prints what each costs:
steps of SQLite's machine, pages of PostgreSQL, and time. `cargo xtask test` does the same with 20,000 users.

  --only NAME   just this database
  --rows N      number of users and posts (1,000,000), at least 20,000";

/// The size of a database that `cargo xtask test` looks at.
const FEWEST: u32 = 20_000;

pub(crate) fn run(args: &[String]) -> Outcome {
    let (only, rows) = parse(args)?;
    for name in ["sqlite", "postgres"] {
        if only.as_deref().is_some_and(|only| only != name) {
            continue;
        }
        shell::heading(&format!("plans: {name}, {rows} users"));
        let server = if name == "postgres" { Some(postgres::look()?.open()?) } else { None };
        let mut command = shell::cargo(["test", "--workspace", "--all-features", "--test", "plans"]);
        command.args(["--", "--nocapture"]).env("KEYWARD_TEST_ROWS", rows.to_string());
        match &server {
            Some(server) => command.env(postgres::VARIABLE, server.url()),
            None => command.env_remove(postgres::VARIABLE),
        };
        let begun = Instant::now();
        shell::run(&mut command)?;
        println!("{name}: passed in {:.0} s", begun.elapsed().as_secs_f64());
    }
    Ok(())
}

fn parse(args: &[String]) -> Outcome<(Option<String>, u32)> {
    let (mut only, mut rows) = (None, 1_000_000);
    for pair in args.chunks(2) {
        match pair {
            [flag, name] if flag == "--only" && ["sqlite", "postgres"].contains(&name.as_str()) => {
                only = Some(name.clone());
            }
            [flag, number] if flag == "--rows" => {
                let number = number.parse().ok().filter(|number| *number >= FEWEST);
                rows = number.ok_or_else(|| format!("--rows takes a number from {FEWEST} on."))?;
            }
            _ => {
                return Err(format!(
                    "`{}` makes no sense here; see `cargo xtask plans --help`.",
                    pair.join(" ")
                ));
            }
        }
    }
    Ok((only, rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_rows_on_both_databases_are_the_default() {
        let parse = |line: &str| parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(parse(""), Ok((None, 1_000_000)));
        assert_eq!(parse("--only sqlite --rows 20000"), Ok((Some("sqlite".to_owned()), 20_000)));
        for line in ["--only mysql", "--rows 10", "--rows", "sqlite"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
