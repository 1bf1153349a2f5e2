//! The training run of profile-guided optimisation: instrumented programs serve the requests of the measurements, and their raw
//! profiles become one. Bare axum and Argon2id alone are trained like the service, which is compared with them.

use std::fs;
use std::process::Command;
use std::time::Duration;

use keyward_servers::pgo;
use keyward_servers::shell::{self, Outcome};

use crate::cores::{Cores, Place};
use crate::load::{Load, busy_storm, storm};
use crate::programs::Programs;
use crate::scene::{Scene, anonymous};
use crate::server::Server;
use crate::stage::{self, Stage};

/// Duration of the authenticated reads. Other requests get less time: their loops over rows and characters would dominate the profile,
/// and the compiler optimises rarely executed code for size.
const TIME: Duration = Duration::from_secs(10);

pub(crate) fn run(cores: &Cores) -> Outcome {
    let merge = pgo::llvm_profdata()?;
    let programs = Programs::instrumented()?;
    let stage = Stage::new(&programs, cores)?;
    let postgres = stage::postgres().ok_or("A profile without PostgreSQL would be incomplete.")?;
    remove_raw_profiles()?;
    cores.keep_load_apart()?;

    shell::heading("under load");
    programs.argon2(1, TIME / 10)?;
    let limit = stage.limit()?;
    good(&busy_storm(limit.port, anonymous(), 200, TIME)?)?;
    limit.stop()?;
    under_load(stage.keyward("sqlite", &[], Place::One)?)?;
    under_load(stage.keyward("postgres", &[("KEYWARD_DATABASE_URL", postgres.url())], Place::One)?)?;

    let (raw, new) = (pgo::raw_profiles(), stage.path("keyward.profdata"));
    shell::run(Command::new(merge).args(["merge", "--sparse", "--output"]).args([&new, &raw]))?;
    let path = pgo::profile();
    fs::copy(&new, &path).map_err(|error| format!("{} cannot be written: {error}.", path.display()))?;
    pgo::write_fingerprint()?;
    println!("Wrote {}.", path.display());
    Ok(())
}

/// Removes the raw profiles of build scripts, of procedural macros and of earlier runs.
fn remove_raw_profiles() -> Outcome {
    let raw = pgo::raw_profiles();
    match fs::remove_dir_all(&raw) {
        Err(error) if raw.exists() => Err(format!("{} cannot be removed: {error}.", raw.display())),
        _ => Ok(()),
    }
}

/// Sends each kind of request to a server, then stops it.
fn under_load(server: Server) -> Outcome {
    let scene = Scene::populate(server)?;
    let port = scene.server.port;
    good(&busy_storm(port, scene.readers("GET /users/me"), 200, TIME)?)?;
    good(&busy_storm(port, scene.readers("GET /posts?limit=20"), 200, TIME / 10)?)?;
    // 64 sign-ups came before these requests, and 64 logins open the sessions that are refreshed.
    good(&storm(port, scene.refreshing()?, 200, TIME / 5)?)?;
    good(&storm(port, scene.writers(), 201, TIME / 10)?)?;
    // The program writes its raw profile when it exits.
    scene.server.stop()
}

fn good(load: &Load) -> Outcome {
    if load.failures == 0 { Ok(()) } else { Err(format!("{} requests failed.", load.failures)) }
}
