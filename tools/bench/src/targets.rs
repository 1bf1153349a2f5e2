//! What is aimed at, and whether it is met.

use crate::stats::{Series, Table};

/// What is aimed at.
pub(crate) struct Target {
    pub(crate) what: &'static str,
    pub(crate) measured: Option<Series>,
    pub(crate) goal: f64,
    pub(crate) at_least: bool,
}

impl Target {
    pub(crate) fn is_met(&self) -> Option<bool> {
        let median = self.measured.as_ref()?.median();
        Some(if self.at_least { median >= self.goal } else { median <= self.goal })
    }
}

pub(crate) fn targets(table: &Table) -> Vec<Target> {
    let at_least = |what, measured, goal| Target { what, measured, goal, at_least: true };
    let at_most = |what, measured, goal| Target { what, measured, goal, at_least: false };
    let all = |name: &str| table.get(name).cloned();
    vec![
        at_least("`GET /users/me` / bare axum", table.ratio("GET /users/me, SQLite", "bare axum"), 0.60),
        at_least("the same without log lines", table.ratio("GET /users/me, no log lines", "bare axum"), 0.70),
        at_least(
            "logins / Argon2id alone",
            table.ratio("POST /login, all cores", "Argon2id alone, all cores"),
            1.0,
        ),
        at_least(
            "logins with `fast-hash` / without",
            table.ratio("POST /login, fast-hash, all cores", "POST /login, all cores"),
            1.9,
        ),
        at_most(
            "p99 of reads while 64 log in / alone",
            table.ratio("GET /users/me p99, 64 log in", "GET /users/me p99, alone"),
            1.5,
        ),
        at_least(
            "`GET /users/me` among all rows / few",
            table.ratio("GET /users/me among all rows", "GET /users/me among 1/1000 of the rows"),
            0.90,
        ),
        at_least(
            "`GET /posts` among all rows / few",
            table.ratio("GET /posts among all rows", "GET /posts among 1/1000 of the rows"),
            0.90,
        ),
        at_least(
            "refreshes / one updated row, SQLite",
            table.ratio("POST /refresh_token, SQLite", "one row, SQLite"),
            1.50,
        ),
        at_most("p99 of refreshes, SQLite, ms", all("POST /refresh_token p99, SQLite"), 30.0),
        at_least(
            "refreshes / one updated row, PostgreSQL",
            table.ratio("POST /refresh_token, PostgreSQL", "one row, PostgreSQL"),
            1.50,
        ),
        at_most("p99 of refreshes, PostgreSQL, ms", all("POST /refresh_token p99, PostgreSQL"), 30.0),
        at_most("memory after the start, MiB", all("memory after the start"), 30.0),
        at_most("start to first 200, ms", all("start to first 200"), 150.0),
    ]
}
