//! `cargo xtask faults`: what is promised under faults, tried: replicas that die, a database that goes away.
//!
//! | file | holds |
//! |---|---|
//! | `storm.rs`, `cuts.rs` | the scenario on PostgreSQL and on SQLite |
//! | `scene.rs` | what both begin and end with |
//! | `load.rs` | people who use the service meanwhile |
//! | `ledger.rs` | what they were promised |
//! | `audit.rs` | whether it was kept |
//! | `weather.rs` | what happened when, and what requests came to |
//! | `world.rs` | what load and faults share |
//! | `replica.rs`, `wire.rs`, `http.rs`, `random.rs` | processes, PostgreSQL's protocol, requests, choices |

mod audit;
mod cuts;
mod http;
mod ledger;
mod load;
mod random;
mod replica;
mod scene;
mod storm;
mod weather;
mod wire;
mod world;

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use self::scene::Scene;
use keyward_servers::shell::{self, Outcome};

pub(crate) const HELP: &str = "
Usage: cargo xtask faults [--only sqlite|postgres] [--seconds N] [--kills N] [--release | --program FILE]

Puts the service under load, breaks things around it, and compares what was acknowledged with what is there.
On PostgreSQL (a private server): three replicas; replicas are killed, PostgreSQL is restarted, paused, its
connections are ended and taken. On SQLite: one process, killed in mid-write. Linux only.

  --only NAME   just this database
  --seconds N   PostgreSQL: faults for so long (120), and every one once at least
  --kills N     SQLite: so many kills (50)
  --release     the release build rather than the one for development
  --program F   this program rather than one that is built now

Fails if anything acknowledged is lost or doubled, stock does not add up, a session outlives its logout by more
than the bound, a request ends in a 5xx other than 503, or memory grows without end.";

pub(crate) fn run(args: &[String]) -> Outcome {
    let options = Options::parse(args)?;
    let binary = match &options.program {
        Some(program) => std::fs::canonicalize(program).map_err(|error| format!("{program}: {error}"))?,
        None => build(options.release)?,
    };
    let scene = Scene { binary, bound: Duration::from_secs(5) };
    let mut failed = Vec::new();
    for name in ["sqlite", "postgres"] {
        if options.only.as_deref().is_some_and(|only| only != name) {
            continue;
        }
        shell::heading(&format!("faults: {name}"));
        let report = if name == "sqlite" {
            cuts::run(&scene, options.kills)?
        } else {
            storm::run(&scene, Duration::from_secs(options.seconds))?
        };
        println!("{}", report.text);
        if !report.kept {
            failed.push(name);
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("Promises were broken on {}.", failed.join(" and "))) }
}

#[derive(Debug, PartialEq)]
struct Options {
    only: Option<String>,
    seconds: u64,
    kills: u32,
    release: bool,
    program: Option<String>,
}

impl Options {
    fn parse(args: &[String]) -> Outcome<Self> {
        let mut options = Self { only: None, seconds: 120, kills: 50, release: false, program: None };
        let mut args = args.iter();
        while let Some(flag) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{flag} wants a value."));
            let number = |text: &String| {
                text.parse::<u32>().map_err(|_| format!("{flag} takes a number, not `{text}`."))
            };
            match flag.as_str() {
                "--release" => options.release = true,
                "--program" => options.program = Some(value()?.clone()),
                "--seconds" => options.seconds = value().and_then(number)?.into(),
                "--kills" => options.kills = value().and_then(number)?,
                "--only" => {
                    let name = value()?;
                    if !["sqlite", "postgres"].contains(&name.as_str()) {
                        return Err(format!("--only takes sqlite or postgres, not `{name}`."));
                    }
                    options.only = Some(name.clone());
                }
                _ => return Err(format!("`{flag}` makes no sense here; see `cargo xtask faults --help`.")),
            }
        }
        Ok(options)
    }
}

/// The program, built.
fn build(release: bool) -> Outcome<PathBuf> {
    let mut command =
        shell::cargo(["build", "-p", "keyward-api", "--message-format", "json-render-diagnostics"]);
    if release {
        command.arg("--release");
    }
    let messages = shell::capture(&mut command)?;
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let binary = messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from)).next_back();
    binary.ok_or_else(|| "Cargo built no program.".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Outcome<Options> {
        Options::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn options_are_read_and_nonsense_is_refused() {
        let options = parse("--only postgres --seconds 60 --kills 3 --release").expect("fine");
        let only = Some("postgres".to_owned());
        assert_eq!(options, Options { only, seconds: 60, kills: 3, release: true, program: None });
        assert_eq!(parse("--program keyward").expect("fine").program.as_deref(), Some("keyward"));
        for line in ["--only mysql", "--only", "--seconds soon", "--kills -1", "postgres", "--program"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
