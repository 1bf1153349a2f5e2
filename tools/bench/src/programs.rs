//! The programs that a run needs, built first, and the figures that the small ones print.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use keyward_servers::build;
use keyward_servers::shell::{self, Outcome};

pub(crate) struct Programs {
    pub(crate) keyward: PathBuf,
    /// Bare axum: `tools/bench/examples/limit.rs`.
    pub(crate) limit: PathBuf,
    /// `crates/auth/examples/argon2.rs`.
    argon2: PathBuf,
    /// `tools/bench/examples/rows.rs`.
    rows: PathBuf,
}

impl Programs {
    /// Builds them with a cargo profile, the service by itself: with the features with which it is shipped.
    pub(crate) fn build(profile: &str) -> Outcome<Self> {
        let keyward = build::keyward(profile)?;
        let packages = ["-p", "keyward-bench", "-p", "keyward-auth"];
        let examples = ["--example", "limit", "--example", "argon2", "--example", "rows"];
        let built = build::build(profile, &[&packages[..], &examples].concat())?;
        let path = |name| built.path(name).map(Path::to_path_buf);
        Ok(Self { keyward, limit: path("limit")?, argon2: path("argon2")?, rows: path("rows")? })
    }

    /// Returns how many passwords a second a number of threads hash, each with memory of its own.
    pub(crate) fn argon2(&self, threads: usize, time: Duration) -> Outcome<f64> {
        number(&self.argon2, &[&threads.to_string(), &time.as_secs_f64().to_string()])
    }

    /// Returns how many rows a second a number of callers update, each in a transaction of its own.
    pub(crate) fn updates(&self, database: &str, callers: usize, time: Duration) -> Outcome<f64> {
        let (callers, time) = (callers.to_string(), time.as_secs_f64().to_string());
        number(&self.rows, &["update", database, &callers, &time])
    }

    /// Fills the tables of users and posts of a SQLite database up to a number of rows each.
    pub(crate) fn fill(&self, database: &Path, rows: u64) -> Outcome {
        let url = format!("sqlite://{}", database.display());
        number(&self.rows, &["fill", &url, &rows.to_string()]).map(drop)
    }
}

/// The number that a program prints.
fn number(program: &Path, args: &[&str]) -> Outcome<f64> {
    let text = shell::capture(Command::new(program).args(args))?;
    text.trim().parse().map_err(|_| format!("{} printed {text:?}, which is no number.", program.display()))
}
