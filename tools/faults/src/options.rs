//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// Breaks things around a service under load, and compares what was acknowledged with what is there.
///
/// On PostgreSQL (a private server): three replicas; replicas are killed, PostgreSQL is restarted and paused,
/// its connections are ended and taken. On SQLite: one process, killed in mid-write. On both the mail server
/// stops for a while, and the disk fills up (as root, who may mount a small one). Linux only.
///
/// Fails if anything acknowledged is lost or doubled, a mail is lost, stock does not add up, a session outlives its logout by
/// more than the bound, a request ends in a 5xx other than 503, or memory grows without end.
#[derive(Debug, PartialEq, Parser)]
#[command(bin_name = "cargo xtask faults", verbatim_doc_comment)]
pub(crate) struct Options {
    /// Just this database
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Option<Database>,

    /// PostgreSQL: how long faults go on, in seconds; each happens at least once
    #[arg(long, value_name = "N", default_value_t = 120)]
    pub(crate) seconds: u32,

    /// SQLite: number of kills
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) kills: u32,

    /// The release build rather than the one for development
    #[arg(long)]
    pub(crate) release: bool,

    /// This program rather than one that is built now
    #[arg(long, value_name = "FILE", conflicts_with = "release")]
    pub(crate) program: Option<PathBuf>,
}

/// A database that the service runs on.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum Database {
    Sqlite,
    Postgres,
}

impl Database {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, clap::Error> {
        Options::try_parse_from(["faults"].into_iter().chain(line.split_whitespace()))
    }

    #[test]
    fn options_are_read_and_nonsense_is_refused() {
        let options = parse("--only postgres --seconds 60 --kills 3 --release").expect("fine");
        let only = Some(Database::Postgres);
        assert_eq!(options, Options { only, seconds: 60, kills: 3, release: true, program: None });
        assert_eq!(parse("--program keyward").expect("fine").program, Some(PathBuf::from("keyward")));
        for line in [
            "--only mysql",
            "--only",
            "--seconds soon",
            "--kills -1",
            "postgres",
            "--program",
            "--release --program x",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
