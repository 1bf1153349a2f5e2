//! `cargo xtask bench`: how fast the service is, against the limits of what it stands on, in one run on one machine.
//!
//! A time alone says little on a machine that others use. So everything is measured in rounds, one after the other, with the
//! limits among them: bare axum, Argon2id alone, one updated row. What counts are the ratios within a round.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts and times of a few seconds, which only have to be read"
)]

mod client;
mod plot;
mod programs;
mod report;
mod scenarios;
mod server;
mod stats;
mod tokens;

use std::path::Path;
use std::time::Duration;

use self::programs::Programs;
use self::scenarios::Scene;
use self::server::{Server, Start, free_port, fresh_folder, pin_ourselves};
use self::stats::Table;
use keyward_servers::postgres::{installed, private::PrivateServer};
use keyward_servers::shell::{self, Outcome};

pub(crate) const HELP: &str = "
Usage: cargo xtask bench [--quick] [--rounds N] [--seconds N] [--rows N]

Builds the service in release mode and measures it: reads against bare axum, logins against Argon2id alone,
reads while others log in, refreshes and posts against one updated row, reads among many rows, its start, its
memory and its size, and what tokens cost. SQLite always, PostgreSQL where it is installed. Writes
docs/benchmarks/*.json and *.svg, and the tables in docs/PERFORMANCE.md.

  --quick       a development build, short rounds and few rows, and nothing is written: does it work at all?
  --rounds N    5 unless told
  --seconds N   how long each measurement takes, 3 unless told
  --rows N      the most users and posts to read among, 1000000 unless told";

/// What somebody asked for.
struct Options {
    quick: bool,
    rounds: u32,
    time: Duration,
    rows: u64,
}

impl Options {
    fn parse(args: &[String]) -> Outcome<Self> {
        let quick = args.iter().any(|arg| arg == "--quick");
        let mut options = if quick {
            Self { quick, rounds: 1, time: Duration::from_millis(500), rows: 2_000 }
        } else {
            Self { quick, rounds: 5, time: Duration::from_secs(3), rows: 1_000_000 }
        };
        let mut args = args.iter().filter(|arg| *arg != "--quick");
        while let Some(flag) = args.next() {
            let value: u32 =
                args.next().and_then(|value| value.parse().ok()).filter(|value| *value > 0).ok_or_else(
                    || format!("`{flag}` makes no sense here; see `cargo xtask bench --help`."),
                )?;
            match flag.as_str() {
                "--rounds" => options.rounds = value,
                "--seconds" => options.time = Duration::from_secs(value.into()),
                "--rows" => options.rows = value.into(),
                _ => return Err(format!("There is no `{flag}`; see `cargo xtask bench --help`.")),
            }
        }
        Ok(options)
    }
}

pub(crate) fn run(args: &[String]) -> Outcome {
    let options = Options::parse(args)?;
    let profile = if options.quick { "dev" } else { "release" };
    let programs = Programs::build(profile)?;
    let tokens = if options.quick { Vec::new() } else { tokens::measure()? };
    // From here on the load has a core of its own; what is built above wants all of them.
    pin_ourselves(1);
    let folder = fresh_folder("data")?;
    let measured = measure(&options, &programs, &folder);
    std::fs::remove_dir_all(&folder).ok();
    let table = measured?;
    if options.quick {
        shell::note("\nIt works. These figures of a development build mean nothing and were not written.");
        return Ok(());
    }
    report::write(&table, &tokens, &options, profile)
}

fn measure(options: &Options, programs: &Programs, folder: &Path) -> Outcome<Table> {
    let postgres = postgres();
    let cast = Cast { programs, folder };
    let mut table = Table::default();

    shell::heading("people sign up");
    let limit = cast.start("limit", &programs.limit, Vec::new(), Some(0))?.serve("/users/me")?;
    let sqlite = Scene::populate(cast.keyward("sqlite", "sqlite", &[])?)?;
    let silent = Scene::populate(cast.keyward("silent", "silent", &[("KEYWARD_LOG", "warn")])?)?;
    let on_postgres = match &postgres {
        Some(server) => {
            let url = ("KEYWARD_DATABASE_URL", server.url());
            Some(Scene::populate(cast.keyward("postgres", "postgres", &[url])?)?)
        }
        None => None,
    };
    let wide = cast.start("wide", &programs.keyward, settings("wide", &[]), None)?;
    let wide = Scene::populate(wide.serve("/health/ready")?)?;

    for round in 1..=options.rounds {
        shell::heading(&format!("round {round} of {}", options.rounds));
        let time = options.time;
        scenarios::limit(&mut table, &limit, time)?;
        scenarios::reads(&mut table, "GET /users/me, SQLite", &sqlite, "GET /users/me", time)?;
        scenarios::reads(&mut table, "GET /users/me, no log lines", &silent, "GET /users/me", time)?;
        scenarios::reads(&mut table, "GET /posts?limit=20, SQLite", &sqlite, "GET /posts?limit=20", time)?;
        if let Some(scene) = &on_postgres {
            scenarios::reads(&mut table, "GET /users/me, PostgreSQL", scene, "GET /users/me", time)?;
            let line = "GET /posts?limit=20";
            scenarios::reads(&mut table, "GET /posts?limit=20, PostgreSQL", scene, line, time)?;
        }
        scenarios::logging_in(&mut table, programs, &wide, time)?;
        scenarios::reading_in_a_storm(&mut table, &wide, time)?;
        let names = ["one row, SQLite", "POST /refresh_token, SQLite", "POST /posts, SQLite"];
        let url = format!("sqlite://{}", folder.join("rows.db").display());
        scenarios::writing(&mut table, names, programs, &url, &sqlite, time)?;
        if let (Some(scene), Some(server)) = (&on_postgres, &postgres) {
            let names = ["one row, PostgreSQL", "POST /refresh_token, PostgreSQL", "POST /posts, PostgreSQL"];
            scenarios::writing(&mut table, names, programs, server.url(), scene, time)?;
        }
    }
    table.note("memory under load", "MiB", wide.server.memory());
    drop((limit, sqlite, silent, on_postgres, wide));
    among_many(options, &cast, &mut table)?;
    starting(options, &cast, &mut table)?;
    Ok(table)
}

/// The same reads among few and among many rows.
fn among_many(options: &Options, cast: &Cast<'_>, table: &mut Table) -> Outcome {
    let most = options.rows;
    let sizes = [(most / 1000, NAMES[0]), (most / 10, NAMES[1]), (most, NAMES[2])];
    let mut scenes = Vec::new();
    for (rows, names) in sizes {
        shell::heading(&format!("{rows} users and posts"));
        let name = format!("rows-{rows}");
        drop(Scene::populate(cast.keyward(&name, &name, &[])?)?);
        let url = format!("sqlite://{}", cast.folder.join(&name).join("data/keyward.db").display());
        cast.programs.fill(&url, rows)?;
        scenes.push((Scene::enter(cast.keyward(&name, &name, &[])?)?, names));
    }
    for round in 1..=options.rounds {
        shell::heading(&format!("among many rows, round {round} of {}", options.rounds));
        for (scene, [me, posts]) in &scenes {
            scenarios::reads(table, me, scene, "GET /users/me", options.time)?;
            scenarios::reads(table, posts, scene, "GET /posts?limit=20", options.time)?;
        }
    }
    Ok(())
}

/// Names for the sizes: few, some, many.
const NAMES: [[&str; 2]; 3] = [
    ["GET /users/me among 1/1000 of the rows", "GET /posts among 1/1000 of the rows"],
    ["GET /users/me among 1/10 of the rows", "GET /posts among 1/10 of the rows"],
    ["GET /users/me among all rows", "GET /posts among all rows"],
];

/// How long a start takes with a database that is there, and what the process and the program weigh.
fn starting(options: &Options, cast: &Cast<'_>, table: &mut Table) -> Outcome {
    shell::heading("starting");
    drop(cast.keyward("start", "start", &[])?);
    for _ in 0..options.rounds {
        let server = cast.keyward("start", "start", &[])?;
        table.note("start to first 200", "ms", server.cold_start.as_secs_f64() * 1000.0);
        table.note("memory after the start", "MiB", server.memory());
    }
    let size = std::fs::metadata(&cast.programs.keyward).map_or(0, |found| found.len());
    table.note("size of the program", "MiB", size as f64 / 1_048_576.0);
    Ok(())
}

/// Where servers are started.
struct Cast<'a> {
    programs: &'a Programs,
    folder: &'a Path,
}

impl Cast<'_> {
    fn start<'s>(
        &self,
        name: &str,
        program: &'s Path,
        settings: Vec<(&'static str, String)>,
        core: Option<usize>,
    ) -> Outcome<Start<'s>> {
        let folder = self.folder.join(name);
        let made = std::fs::create_dir_all(&folder);
        made.map_err(|error| format!("{} cannot be made: {error}.", folder.display()))?;
        Ok(Start { program, folder, settings, core })
    }

    /// The service on a core of its own, in the folder of that name.
    fn keyward(&self, name: &str, issuer: &str, more: &[(&'static str, &str)]) -> Outcome<Server> {
        let start = self.start(name, &self.programs.keyward, settings(issuer, more), Some(0))?;
        start.serve("/health/ready")
    }
}

/// Everything as it comes, but for guesses: people log in again and again here.
fn settings(issuer: &str, more: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let mut settings =
        vec![("KEYWARD_THROTTLE", "off".to_owned()), ("KEYWARD_ISSUER", format!("http://{issuer}.example"))];
    settings.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    settings
}

/// A private server that forgets nothing, if PostgreSQL is installed.
fn postgres() -> Option<PrivateServer> {
    let folders = installed::folders();
    let server = free_port().and_then(|port| PrivateServer::start(&folders, Some(port)));
    if let Err(problem) = &server {
        shell::note(&format!("Without PostgreSQL: {problem}"));
    }
    server.ok()
}
