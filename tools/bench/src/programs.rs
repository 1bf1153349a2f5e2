//! The programs that a run needs, built first, and the figures that the small ones print.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use keyward_servers::build;
use keyward_servers::shell::{self, Outcome};

pub(crate) struct Programs {
    pub(crate) keyward: PathBuf,
    /// The service with the feature `fast-hash`, under the option `--fast-hash`.
    pub(crate) fast_hash: Option<PathBuf>,
    /// Bare axum: `tools/bench/examples/limit.rs`.
    pub(crate) limit: PathBuf,
    /// `crates/auth/examples/argon2.rs`.
    argon2: PathBuf,
    /// `tools/bench/examples/rows.rs`.
    rows: PathBuf,
}

impl Programs {
    /// Builds them with a cargo profile.
    pub(crate) fn build(profile: &str, fast_hash: bool) -> Outcome<Self> {
        let mut programs = Self::built(|args| build::build(profile, args))?;
        if fast_hash {
            programs.fast_hash = Some(with_fast_hash(profile)?);
        }
        Ok(programs)
    }

    /// Builds them instrumented, for a training run.
    pub(crate) fn instrumented() -> Outcome<Self> {
        Self::built(build::instrumented)
    }

    /// Runs the builds. The service has its own, so that it has the features with which it is shipped.
    fn built(build: impl Fn(&[&str]) -> Outcome<build::Programs>) -> Outcome<Self> {
        let service = build(&["--bin", "keyward"])?;
        let packages = ["-p", "keyward-bench", "-p", "keyward-auth"];
        let examples = ["--example", "limit", "--example", "argon2", "--example", "rows"];
        let others = build(&[&packages[..], &examples].concat())?;
        Ok(Self {
            keyward: service.path("keyward")?.to_path_buf(),
            fast_hash: None,
            limit: others.path("limit")?.to_path_buf(),
            argon2: others.path("argon2")?.to_path_buf(),
            rows: others.path("rows")?.to_path_buf(),
        })
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

/// Builds the service with the feature `fast-hash`, in a target folder of its own: the other build is kept.
fn with_fast_hash(profile: &str) -> Outcome<PathBuf> {
    let folder = shell::root().join("target/fast-hash");
    let folder = folder.display().to_string();
    let args = ["--bin", "keyward", "--features", "keyward/fast-hash", "--target-dir", &folder];
    build::build(profile, &args)?.path("keyward").map(Path::to_path_buf)
}

/// The number that a program prints.
fn number(program: &Path, args: &[&str]) -> Outcome<f64> {
    let text = shell::capture(Command::new(program).args(args))?;
    text.trim().parse().map_err(|_| format!("{} printed {text:?}, which is no number.", program.display()))
}
