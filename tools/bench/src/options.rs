//! The command line.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

/// Builds the service as it is shipped and measures it against the limits of what it stands on.
///
/// Reads against bare axum, logins against Argon2id alone, reads while others log in, refreshes and posts
/// against one updated row, reads among many rows, its start, its memory and its size, and what tokens cost.
/// SQLite always, PostgreSQL where it is installed. Writes docs/benchmarks/*.json and *.svg, and the tables
/// in docs/PERFORMANCE.md. Linux only.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask bench", verbatim_doc_comment)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Options {
    /// A development build, short rounds and few rows, and nothing is written: does it work at all?
    #[arg(long)]
    pub(crate) quick: bool,

    /// Counts the instructions of requests under valgrind, and does nothing else
    ///
    /// Prints them, and writes nothing. The figures of a busy machine are as good as any.
    #[arg(long, conflicts_with = "fast_hash")]
    pub(crate) instructions: bool,

    /// Makes a new profile for profile-guided optimisation, and does nothing else
    ///
    /// Builds instrumented programs, puts them under load and writes crates/keyward/keyward.profdata. Needs PostgreSQL,
    /// and llvm-profdata: `rustup component add llvm-tools`.
    #[arg(long, exclusive = true)]
    pub(crate) train: bool,

    /// Builds the service a second time, with the feature `fast-hash`, and measures its logins, too
    #[arg(long)]
    pub(crate) fast_hash: bool,

    /// A Python environment with tools/bench/fastapi/requirements.txt: measures the same routes by FastAPI, too
    #[arg(long, value_name = "FOLDER")]
    pub(crate) fastapi: Option<PathBuf>,

    /// Number of rounds [default: 5, or 1 with --quick]
    #[arg(long, value_name = "N")]
    rounds: Option<NonZeroU32>,

    /// How long each measurement takes, in seconds [default: 3, or half a second with --quick]
    #[arg(long, value_name = "N")]
    seconds: Option<NonZeroU32>,

    /// The most users and posts to read among [default: 1000000, or 2000 with --quick]
    #[arg(long, value_name = "N")]
    rows: Option<NonZeroU32>,
}

impl Options {
    /// The cargo profile of what is measured.
    pub(crate) fn profile(&self) -> &'static str {
        if self.quick { "dev" } else { "dist" }
    }

    pub(crate) fn rounds(&self) -> u32 {
        self.rounds.map_or(if self.quick { 1 } else { 5 }, NonZeroU32::get)
    }

    pub(crate) fn time(&self) -> Duration {
        let default = Duration::from_millis(if self.quick { 500 } else { 3_000 });
        self.seconds.map_or(default, |seconds| Duration::from_secs(seconds.get().into()))
    }

    pub(crate) fn rows(&self) -> u64 {
        self.rows.map_or(if self.quick { 2_000 } else { 1_000_000 }, |rows| rows.get().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, clap::Error> {
        Options::try_parse_from(["bench"].into_iter().chain(line.split_whitespace()))
    }

    #[test]
    fn a_quick_run_is_short_unless_an_option_says_otherwise() {
        let of = |line| {
            let options = parse(line).expect("fine");
            (options.profile(), options.rounds(), options.time().as_millis(), options.rows())
        };
        assert_eq!(of(""), ("dist", 5, 3_000, 1_000_000));
        assert_eq!(of("--quick"), ("dev", 1, 500, 2_000));
        assert_eq!(of("--quick --rounds 2 --seconds 1 --rows 10"), ("dev", 2, 1_000, 10));
    }

    #[test]
    fn nonsense_is_refused() {
        for line in [
            "--train --quick",
            "--instructions --fast-hash",
            "--rounds 0",
            "--seconds soon",
            "--rows",
            "--rows -1",
            "quick",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
