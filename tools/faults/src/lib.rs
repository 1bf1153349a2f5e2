//! `cargo xtask faults`: whether the service keeps its promises while replicas die, databases and the mail server go away, and
//! disks fill up.
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
//! | `full_disk.rs`, `disk.rs` | a disk that fills up |
//! | `mail_server.rs` | a mail server that stops |
//! | `replica.rs`, `database.rs`, `http.rs` | processes, connections to PostgreSQL, requests |
#![forbid(unsafe_code)]
// Processes are looked at in /proc.
#![cfg(target_os = "linux")]

mod audit;
mod cuts;
mod database;
mod disk;
mod full_disk;
mod http;
mod ledger;
mod load;
mod mail_server;
mod options;
mod replica;
mod scene;
mod storm;
mod weather;
mod world;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use keyward_servers::build;
use keyward_servers::postgres::keeper;
use keyward_servers::shell::{self, Outcome};

use crate::options::{Database, Options};
use crate::scene::Scene;

pub fn main() -> ExitCode {
    let outcome = keeper::run_if_asked().unwrap_or_else(|| run(&Options::parse()));
    shell::exit_code(outcome)
}

fn run(options: &Options) -> Outcome {
    let binary = match &options.program {
        Some(program) => {
            program.canonicalize().map_err(|error| format!("{}: {error}.", program.display()))?
        }
        None => build::keyward(if options.release { "release" } else { "dev" })?,
    };
    let scene = Scene { binary, bound: Duration::from_secs(5) };
    let mut failed = Vec::new();
    for database in [Database::Sqlite, Database::Postgres] {
        if options.only.is_some_and(|only| only != database) {
            continue;
        }
        shell::heading(&format!("faults: {}", database.name()));
        let report = match database {
            Database::Sqlite => cuts::run(&scene, options.kills)?,
            Database::Postgres => storm::run(&scene, Duration::from_secs(options.seconds.into()))?,
        };
        println!("{}", report.text);
        if !report.kept {
            failed.push(database.name());
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("Promises were broken on {}.", failed.join(" and "))) }
}
