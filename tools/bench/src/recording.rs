//! Makes the record by which the compiler optimises what is shipped: programs that count answer the requests that the other
//! measurements send. Bare axum and Argon2id alone are recorded as the service is, since it is compared with them.

use std::fs;
use std::process::Command;
use std::time::Duration;

use keyward_servers::record;
use keyward_servers::shell::{self, Outcome};

use crate::cores::{Cores, Place};
use crate::load::{Load, busy_storm, storm};
use crate::programs::Programs;
use crate::scene::{Scene, anonymous};
use crate::server::Server;
use crate::stage::{self, Stage};

/// How long authenticated reads are sent. Other requests are sent for less: their loops over rows and characters would count for
/// more than all else, and what is executed less often is optimised for size.
const TIME: Duration = Duration::from_secs(10);

pub(crate) fn make(cores: &Cores) -> Outcome {
    let merge = record::profdata()?;
    let programs = Programs::counting()?;
    let stage = Stage::new(&programs, cores)?;
    let postgres = stage::postgres().ok_or("A record without PostgreSQL would be incomplete.")?;
    forget_building()?;
    cores.keep_load_apart()?;

    shell::heading("under load");
    programs.argon2(1, TIME / 10)?;
    let limit = stage.limit()?;
    good(&busy_storm(limit.port, anonymous()?, 200, TIME)?)?;
    limit.stop()?;
    under_load(stage.keyward("sqlite", &[], Place::One)?)?;
    under_load(stage.keyward("postgres", &[("KEYWARD_DATABASE_URL", postgres.url())], Place::One)?)?;

    let (counts, new) = (record::counts(), stage.path("keyward.profdata"));
    shell::run(Command::new(merge).args(["merge", "--sparse", "--output"]).args([&new, &counts]))?;
    let path = record::path();
    fs::copy(&new, &path).map_err(|error| format!("{} cannot be written: {error}.", path.display()))?;
    record::mark()?;
    println!("Wrote {}.", path.display());
    Ok(())
}

/// Removes what build scripts and macros counted, and earlier programs.
fn forget_building() -> Outcome {
    let counts = record::counts();
    match fs::remove_dir_all(&counts) {
        Err(error) if counts.exists() => Err(format!("{} cannot be removed: {error}.", counts.display())),
        _ => Ok(()),
    }
}

fn under_load(server: Server) -> Outcome {
    let scene = Scene::populate(server)?;
    let port = scene.server.port;
    good(&busy_storm(port, scene.readers("GET /users/me")?, 200, TIME)?)?;
    good(&busy_storm(port, scene.readers("GET /posts?limit=20")?, 200, TIME / 10)?)?;
    // Before that all have signed up, and each of these callers logs in.
    good(&storm(port, scene.refreshing()?, 200, TIME / 5)?)?;
    good(&storm(port, scene.writers()?, 201, TIME / 10)?)?;
    // It writes its counts as it ends.
    scene.server.stop()
}

fn good(load: &Load) -> Outcome {
    if load.failures == 0 { Ok(()) } else { Err(format!("{} requests failed.", load.failures)) }
}
