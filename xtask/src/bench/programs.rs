//! The programs that a run needs, built first, and what the small ones among them say.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::server::pinned;
use keyward_servers::shell::{self, Outcome};

/// Where they are.
pub(super) struct Programs {
    /// The service.
    pub(super) keyward: PathBuf,
    /// Bare axum: `crates/api/examples/limit.rs`.
    pub(super) limit: PathBuf,
    /// `crates/auth/examples/argon2.rs`.
    argon2: PathBuf,
    /// `crates/infra/examples/rows.rs`.
    rows: PathBuf,
}

impl Programs {
    /// Builds them: as they are shipped, or quickly.
    pub(super) fn build(profile: &str) -> Outcome<Self> {
        // At once: one by one, each would have what they share built anew with other features.
        let parts = ["-p", "keyward-api", "-p", "keyward-auth", "-p", "keyward-infra", "--bin", "keyward"];
        let examples = ["--example", "limit", "--example", "argon2", "--example", "rows"];
        shell::run(shell::cargo(["build", "--locked", "--profile", profile]).args(parts).args(examples))?;
        let folder = std::env::var_os("CARGO_TARGET_DIR").map_or(shell::root().join("target"), PathBuf::from);
        let folder = folder.join(if profile == "dev" { "debug" } else { profile });
        let example = |name: &str| folder.join("examples").join(name);
        Ok(Self {
            keyward: folder.join("keyward"),
            limit: example("limit"),
            argon2: example("argon2"),
            rows: example("rows"),
        })
    }

    /// How many passwords a second so many threads hash, each with memory of its own.
    pub(super) fn argon2(&self, threads: usize, time: Duration) -> Outcome<f64> {
        number(&self.argon2, &[&threads.to_string(), &time.as_secs_f64().to_string()])
    }

    /// How many rows a second so many callers update, each in a transaction of its own.
    pub(super) fn updates(&self, database: &str, callers: usize, time: Duration) -> Outcome<f64> {
        let (callers, time) = (callers.to_string(), time.as_secs_f64().to_string());
        number(&self.rows, &["update", database, &callers, &time])
    }

    /// Fills the tables of users and posts up to so many rows each.
    pub(super) fn fill(&self, database: &str, rows: u64) -> Outcome {
        number(&self.rows, &["fill", database, &rows.to_string()]).map(drop)
    }
}

/// The number a program prints.
fn number(program: &Path, args: &[&str]) -> Outcome<f64> {
    let text = shell::capture(pinned(program, None).args(args))?;
    text.trim().parse().map_err(|_| format!("{} printed {text:?}, which is no number.", program.display()))
}
