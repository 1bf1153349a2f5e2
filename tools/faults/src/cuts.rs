//! The scenario on SQLite: one process that is killed in the middle of writes, again and again.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use fastrand::Rng;
use keyward_servers::shell::{self, Outcome};

use crate::replica::Replica;
use crate::scene::{Report, Scene, people, stock};
use crate::world::World;

const ACTORS: usize = 8;
/// The longest life of a process, in milliseconds after it was ready.
const LIFE: u64 = 1_200;
const NAME: &str = "killed in mid-write";

/// Kills the process `kills` times; checks the file after each.
pub(crate) fn run(scene: &Scene, kills: u32) -> Outcome<Report> {
    let judge = Judge::find()?;
    let installation = scene.installation("sqlite", Vec::new())?;
    let mut replica = installation.replica(0)?;
    replica.start()?;
    replica.wait()?;
    let mut world = World::new(vec![replica.port], scene.bound)?;
    stock(&installation, &mut world)?;
    let file = installation.folder.join("data/keyward.db");
    let (outcome, people) = thread::scope(|scope| {
        let people = scope.spawn(|| people(&world, ACTORS));
        let outcome = cut(&world, &mut replica, kills, || judge.look(&file));
        world.stop.store(true, Ordering::Relaxed);
        (outcome, people.join())
    });
    outcome?;
    let (standing, tried) = people.map_err(|_| "Load failed: see above.".to_owned())?;
    scene.close(&installation, &world, &standing, tried, None)
}

fn cut(world: &World, replica: &mut Replica<'_>, kills: u32, look: impl Fn() -> Outcome) -> Outcome {
    let mut random = Rng::with_seed(9);
    for kill in 1..=kills {
        sleep(Duration::from_millis(100 + random.u64(..LIFE)));
        world.weather.begin(NAME);
        replica.kill();
        if let Err(sentence) = look() {
            world.ledger.broken(format!("after kill {kill}: {sentence}"));
        }
        let begun = Instant::now();
        replica.start()?;
        replica.wait()?;
        world.weather.end(begun.elapsed());
        if kill % 10 == 0 {
            println!("  {kill} kills: {}", world.ledger.books().summary());
        }
    }
    Ok(())
}

/// Another program's SQLite, which checks the file's integrity.
enum Judge {
    Shell,
    Python,
}

const CHECKS: &str = "PRAGMA integrity_check; PRAGMA foreign_key_check;";
const SCRIPT: &str = "import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
for check in filter(None, sys.argv[2].split(';')):
    for row in database.execute(check): print(*row)";

impl Judge {
    fn find() -> Outcome<Self> {
        if shell::works(Command::new("sqlite3").arg("--version")) {
            Ok(Self::Shell)
        } else if shell::works(Command::new("python3").args(["-c", "import sqlite3"])) {
            Ok(Self::Python)
        } else {
            Err("Neither sqlite3 nor python3 is here to look at the database file.".to_owned())
        }
    }

    fn look(&self, file: &Path) -> Outcome {
        let mut command = match self {
            Self::Shell => Command::new("sqlite3"),
            Self::Python => Command::new("python3"),
        };
        if matches!(self, Self::Python) {
            command.args(["-c", SCRIPT]);
        }
        let said = shell::capture(command.arg(file).arg(CHECKS).stdin(Stdio::null()))?;
        if said.trim() == "ok" { Ok(()) } else { Err(format!("the file is damaged: {}", said.trim())) }
    }
}
