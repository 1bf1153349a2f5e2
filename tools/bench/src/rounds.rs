//! A run: servers are started and measured in rounds, one scenario after the other.

use keyward_servers::shell::{self, Outcome};

use crate::cores::{Cores, Place};
use crate::options::Options;
use crate::programs::Programs;
use crate::scenarios;
use crate::scene::Scene;
use crate::stage::{self, Stage};
use crate::stats::Table;

/// Measures everything. If that fails, the folder with all logs stays.
pub(crate) fn measure(options: &Options, programs: &Programs, cores: &Cores) -> Outcome<Table> {
    let stage = Stage::new(programs, cores)?;
    let mut table = Table::default();
    let measured = against_limits(options, &stage, &mut table)
        .and_then(|()| among_many(options, &stage, &mut table))
        .and_then(|()| starting(options, &stage, &mut table));
    match measured {
        Ok(()) => Ok(table),
        Err(problem) => Err(format!("{problem} Logs and data are in {}.", stage.keep().display())),
    }
}

fn against_limits(options: &Options, stage: &Stage<'_>, table: &mut Table) -> Outcome {
    let postgres = stage::postgres();

    shell::heading("people sign up");
    let limit = stage.limit()?;
    let sqlite = Scene::populate(stage.keyward("sqlite", &[], Place::One)?)?;
    let silent = Scene::populate(stage.keyward("silent", &[("KEYWARD_LOG", "warn")], Place::One)?)?;
    let on_postgres = match &postgres {
        Some(server) => {
            let url = ("KEYWARD_DATABASE_URL", server.url());
            Some((Scene::populate(stage.keyward("postgres", &[url], Place::One)?)?, server))
        }
        None => None,
    };
    let wide = Scene::populate(stage.keyward("wide", &[], Place::All)?)?;
    let fast_hash = stage.fast_hash("fast-hash", Place::All).transpose()?.map(Scene::populate).transpose()?;
    let fastapi = match &options.fastapi {
        Some(folder) => {
            let start = |name, place| Scene::populate(stage.fastapi(folder, name, place)?);
            Some([start("fastapi", Place::One)?, start("fastapi-wide", Place::All)?])
        }
        None => None,
    };

    let time = options.time();
    let row = format!("sqlite://{}", stage.path("row.db").display());
    for round in 1..=options.rounds() {
        shell::heading(&format!("round {round} of {}", options.rounds()));
        scenarios::limit(table, &limit, time)?;
        scenarios::reads(table, "GET /users/me, SQLite", &sqlite, "GET /users/me", time)?;
        scenarios::reads(table, "GET /users/me, no log lines", &silent, "GET /users/me", time)?;
        scenarios::reads(table, "GET /posts?limit=20, SQLite", &sqlite, "GET /posts?limit=20", time)?;
        if let Some((scene, _)) = &on_postgres {
            scenarios::reads(table, "GET /users/me, PostgreSQL", scene, "GET /users/me", time)?;
            let line = "GET /posts?limit=20";
            scenarios::reads(table, "GET /posts?limit=20, PostgreSQL", scene, line, time)?;
        }
        scenarios::logging_in(table, stage, &wide, fast_hash.as_ref(), time)?;
        if let Some([narrow, wide]) = &fastapi {
            scenarios::reads(table, "GET /users/me, FastAPI", narrow, "GET /users/me", time)?;
            scenarios::reads(table, "GET /posts?limit=20, FastAPI", narrow, "GET /posts?limit=20", time)?;
            scenarios::beside(table, wide, time)?;
        }
        scenarios::reading_in_a_storm(table, &wide, time)?;
        let names = [
            "one row, SQLite",
            "POST /refresh_token, SQLite",
            "POST /refresh_token p99, SQLite",
            "POST /posts, SQLite",
        ];
        scenarios::writing(table, names, stage, &row, &sqlite, time)?;
        if let Some((scene, server)) = &on_postgres {
            let names = [
                "one row, PostgreSQL",
                "POST /refresh_token, PostgreSQL",
                "POST /refresh_token p99, PostgreSQL",
                "POST /posts, PostgreSQL",
            ];
            scenarios::writing(table, names, stage, server.url(), scene, time)?;
        }
    }
    table.note("memory under load", "MiB", wide.server.memory());
    Ok(())
}

/// Names for the sizes: few, some, many.
const NAMES: [[&str; 2]; 3] = [
    ["GET /users/me among 1/1000 of the rows", "GET /posts among 1/1000 of the rows"],
    ["GET /users/me among 1/10 of the rows", "GET /posts among 1/10 of the rows"],
    ["GET /users/me among all rows", "GET /posts among all rows"],
];

/// The same reads among few and among many rows.
fn among_many(options: &Options, stage: &Stage<'_>, table: &mut Table) -> Outcome {
    let most = options.rows();
    let mut scenes = Vec::new();
    for (rows, names) in [(most / 1000, NAMES[0]), (most / 10, NAMES[1]), (most, NAMES[2])] {
        shell::heading(&format!("{rows} users and posts"));
        let name = format!("rows-{rows}");
        drop(Scene::populate(stage.keyward(&name, &[], Place::One)?)?);
        stage.cores.start(Place::All, || stage.programs.fill(&stage.database(&name), rows))?;
        scenes.push((Scene::enter(stage.keyward(&name, &[], Place::One)?)?, names));
    }
    for round in 1..=options.rounds() {
        shell::heading(&format!("among many rows, round {round} of {}", options.rounds()));
        for (scene, [me, posts]) in &scenes {
            scenarios::reads(table, me, scene, "GET /users/me", options.time())?;
            scenarios::reads(table, posts, scene, "GET /posts?limit=20", options.time())?;
        }
    }
    Ok(())
}

/// How long a start takes with a database that is there, and the size of the process and of the program.
fn starting(options: &Options, stage: &Stage<'_>, table: &mut Table) -> Outcome {
    shell::heading("starting");
    drop(stage.keyward("start", &[], Place::One)?);
    for _ in 0..options.rounds() {
        let server = stage.keyward("start", &[], Place::One)?;
        table.note("start to first 200", "ms", server.cold_start.as_secs_f64() * 1000.0);
        table.note("memory after the start", "MiB", server.memory());
    }
    let size = std::fs::metadata(&stage.programs.keyward).map_or(0, |found| found.len());
    table.note("size of the program", "MiB", size as f64 / 1_048_576.0);
    Ok(())
}
