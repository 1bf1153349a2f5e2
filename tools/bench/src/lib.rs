//! `cargo xtask bench`: how fast the service is, against the limits of what it stands on.
//!
//! A time alone says little on a machine that is also used by others. So everything is measured in rounds,
//! one after the other, with the limits among them: bare axum, Argon2id alone, one updated row. What counts
//! are the ratios within a round.
//!
//! | file | holds |
//! |---|---|
//! | `rounds.rs`, `scenarios.rs` | the order of a run, and each measurement of a round |
//! | `instructions.rs` | what a request costs under callgrind |
//! | `scene.rs` | accounts on a server, and their requests |
//! | `stage.rs`, `server.rs`, `cores.rs` | servers, and the cores that they run on |
//! | `load.rs`, `request.rs`, `connection.rs` | the load |
//! | `programs.rs`, `tokens.rs` | programs that are built, and what the small ones print |
//! | `training.rs` | the training run of profile-guided optimisation |
//! | `stats.rs`, `targets.rs` | figures and aims |
//! | `report.rs`, `plot.rs`, `circumstances.rs` | what is written of them |
#![forbid(unsafe_code)]
// Processor time and memory are read from /proc.
#![cfg(target_os = "linux")]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts and times of a few seconds, which only have to be read"
)]

mod circumstances;
mod connection;
mod cores;
mod instructions;
mod load;
mod options;
mod plot;
mod programs;
mod report;
mod request;
mod rounds;
mod scenarios;
mod scene;
mod server;
mod stage;
mod stats;
mod targets;
mod tokens;
mod training;

use std::process::ExitCode;

use clap::Parser;
use keyward_servers::postgres::keeper;
use keyward_servers::shell::{self, Outcome};

use crate::cores::Cores;
use crate::options::Options;
use crate::programs::Programs;
use crate::stage::Stage;

pub fn main() -> ExitCode {
    let outcome = keeper::run_if_asked().unwrap_or_else(|| run(&Options::parse()));
    shell::exit_code(outcome)
}

fn run(options: &Options) -> Outcome {
    let cores = Cores::of_this_process()?;
    if options.train {
        return training::run(&cores);
    }
    let programs = Programs::build(options.profile(), options.fast_hash)?;
    if options.instructions {
        return instructions::measure(&Stage::new(&programs, &cores)?);
    }
    let tokens = if options.quick { Vec::new() } else { tokens::measure()? };
    // From here on the load has a core of its own; what is built above wants all of them.
    cores.keep_load_apart()?;
    let table = rounds::measure(options, &programs, &cores)?;
    if options.quick {
        shell::note("\nIt works. These figures of a development build mean nothing and were not written.");
        return Ok(());
    }
    report::write(&table, &tokens, options, &cores)
}
