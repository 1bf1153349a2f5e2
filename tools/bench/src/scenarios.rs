//! What is measured, a function for each question. Each notes its figures of one round; `rounds.rs` calls
//! them again and again.

use std::thread;
use std::time::Duration;

use keyward_servers::shell::Outcome;

use crate::cores::Place;
use crate::load::{busy_storm, pace, storm};
use crate::scene::{Callers, REFRESHING, Scene, anonymous, logins};
use crate::server::Server;
use crate::stage::Stage;
use crate::stats::Table;

/// How many reads a second the steady pace is.
const RATE: u32 = 300;
/// How long a load goes on before it counts.
const WARM_UP: Duration = Duration::from_millis(500);

/// Notes the answers for each second of processor time that the server used: this rate holds on a busy
/// machine, too.
pub(crate) fn reads(
    table: &mut Table,
    name: &'static str,
    scene: &Scene,
    line: &str,
    time: Duration,
) -> Outcome {
    let reads = measure(&scene.server, || scene.readers(line), time)?;
    table.note(name, "reads per CPU second", reads);
    Ok(())
}

/// What a server that does nothing answers.
pub(crate) fn limit(table: &mut Table, server: &Server, time: Duration) -> Outcome {
    table.note("bare axum", "reads per CPU second", measure(server, anonymous, time)?);
    Ok(())
}

/// Measures with warm caches: every caller has asked before.
fn measure(server: &Server, callers: impl Fn() -> Callers, time: Duration) -> Outcome<f64> {
    busy_storm(server.port, callers(), 200, WARM_UP)?;
    let callers = callers();
    let before = server.cpu();
    let load = busy_storm(server.port, callers, 200, time)?;
    if load.failures > 0 {
        return Err(format!("{} of {} reads failed.", load.failures, load.answers));
    }
    Ok(load.answers as f64 / (server.cpu() - before))
}

/// Logins a second, and what Argon2id alone does on the same cores; `fast_hash` is a server with that feature.
pub(crate) fn logging_in(
    table: &mut Table,
    stage: &Stage<'_>,
    scene: &Scene,
    fast_hash: Option<&Scene>,
    time: Duration,
) -> Outcome {
    let alone = || stage.programs.argon2(stage.cores.count(), time);
    table.note("Argon2id alone, all cores", "hashes/s", stage.cores.start(Place::All, alone)?);
    let load = storm(scene.server.port, logins(), 200, time)?;
    table.note("POST /login, all cores", "logins/s", load.per_second());
    if let Some(scene) = fast_hash {
        let load = storm(scene.server.port, logins(), 200, time)?;
        table.note("POST /login, fast-hash, all cores", "logins/s", load.per_second());
    }
    Ok(())
}

/// Logins and refreshes a second of the program that stands beside ours.
pub(crate) fn beside(table: &mut Table, scene: &Scene, time: Duration) -> Outcome {
    let load = storm(scene.server.port, logins(), 200, time)?;
    table.note("POST /login, FastAPI, all cores", "logins/s", load.per_second());
    let load = storm(scene.server.port, scene.refreshing()?, 200, time)?;
    table.note("POST /refresh_token, FastAPI, all cores", "refreshes/s", load.per_second());
    Ok(())
}

/// How long reads take at a steady pace: alone, and while many log in.
pub(crate) fn reading_in_a_storm(table: &mut Table, scene: &Scene, time: Duration) -> Outcome {
    let request = scene.reader("GET /users/me");
    let port = scene.server.port;
    let quiet = pace(port, &request, RATE, 16, time)?;
    table.note("GET /users/me p99, alone", "ms", quiet.quantile(0.99));
    let logins = logins();
    let (storm, reads) = thread::scope(|scope| {
        let storm = scope.spawn(|| storm(port, logins, 200, time + Duration::from_secs(1)));
        thread::sleep(Duration::from_millis(500));
        let reads = pace(port, &request, RATE, 16, time);
        (storm.join(), reads)
    });
    let reads = reads?;
    table.note("GET /users/me p99, 64 log in", "ms", reads.quantile(0.99));
    table.note("GET /users/me p50, 64 log in", "ms", reads.quantile(0.5));
    match storm {
        Ok(Ok(_)) if reads.failures == 0 => Ok(()),
        Ok(Err(problem)) => Err(problem),
        _ => Err(format!("{} reads failed in the storm.", reads.failures)),
    }
}

/// Refreshes and new posts a second, and what one updated row costs the same database.
pub(crate) fn writing(
    table: &mut Table,
    names: [&'static str; 4],
    stage: &Stage<'_>,
    database: &str,
    scene: &Scene,
    time: Duration,
) -> Outcome {
    let [updates, refreshes, late, posts] = names;
    let alone = || stage.programs.updates(database, REFRESHING, time);
    table.note(updates, "updates/s", stage.cores.start(Place::All, alone)?);
    let port = scene.server.port;
    let load = storm(port, scene.refreshing()?, 200, time)?;
    table.note(refreshes, "refreshes/s", load.per_second());
    table.note(late, "ms", load.quantile(0.99));
    let load = storm(port, scene.writers(), 201, time)?;
    table.note(posts, "posts/s", load.per_second());
    Ok(())
}
