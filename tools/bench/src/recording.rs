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
use crate::scene::{Scene, anonymous, logins};
use crate::server::Server;
use crate::stage::{self, Stage};

/// How long each kind of request is sent.
const TIME: Duration = Duration::from_secs(3);

pub(crate) fn make(cores: &Cores) -> Outcome {
    let merge = record::profdata()?;
    let programs = Programs::counting()?;
    let stage = Stage::new(&programs, cores)?;
    let postgres = stage::postgres().ok_or("A record without PostgreSQL would be incomplete.")?;
    forget_building()?;
    cores.keep_load_apart()?;

    shell::heading("under load");
    programs.argon2(cores.count(), TIME)?;
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
    for line in ["GET /users/me", "GET /posts?limit=20"] {
        good(&busy_storm(port, scene.readers(line)?, 200, TIME)?)?;
    }
    for (callers, status) in [(scene.refreshing()?, 200), (logins()?, 200), (scene.writers()?, 201)] {
        good(&storm(port, callers, status, TIME)?)?;
    }
    // It writes its counts as it ends.
    scene.server.stop()
}

fn good(load: &Load) -> Outcome {
    if load.failures == 0 { Ok(()) } else { Err(format!("{} requests failed.", load.failures)) }
}
