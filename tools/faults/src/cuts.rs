//! The scenario on SQLite: one process that is killed in the middle of writes, again and again; in between the mail server stops
//! and the disk fills up.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use fastrand::Rng;
use keyward_servers::shell::{self, Outcome};

use crate::disk::Disk;
use crate::full_disk;
use crate::mail_server::MailServer;
use crate::replica::{Installation, Replica};
use crate::scene::{NO_MAIL, Report, Scene, people, stock, without_mail};
use crate::world::World;

const ACTORS: usize = 8;
/// The longest life of a process, in milliseconds after it was ready.
const LIFE: u64 = 1_200;
const NAME: &str = "killed in mid-write";
/// Number of kills between two of the other faults.
const OTHERS: u32 = 25;
/// How long it is calm before one of them.
const CALM: Duration = Duration::from_secs(2);

/// Kills the process `kills` times; checks the file after each.
pub(crate) fn run(scene: &Scene, kills: u32) -> Outcome<Report> {
    let judge = Judge::find()?;
    // Unmounted after the process has ended, which is dropped before.
    let disk = Disk::mount()?;
    let mut mail = MailServer::start()?;
    let mut settings = vec![("KEYWARD_SMTP_URL", mail.url())];
    settings.extend(disk.iter().map(|disk| ("KEYWARD_DATA_DIR", disk.path().display().to_string())));
    let installation = scene.installation("sqlite", settings)?;
    let mut replica = installation.replica(0)?;
    replica.start()?;
    replica.wait()?;
    let mut world = World::new(vec![replica.port], scene.bound)?;
    stock(&installation, &mut world)?;
    let data = disk.as_ref().map_or_else(|| installation.folder.join("data"), |disk| disk.path().into());
    let file = data.join("keyward.db");
    let (outcome, people) = thread::scope(|scope| {
        let people = scope.spawn(|| people(&world, ACTORS));
        let mut cuts =
            Cuts { world: &world, installation: &installation, disk: disk.as_ref(), mail: &mut mail };
        let outcome = cuts.run(&mut replica, kills, || judge.look(&file));
        world.stop.store(true, Ordering::Relaxed);
        (outcome, people.join())
    });
    outcome?;
    let (standing, tried) = people.map_err(|_| "Load failed: see above.".to_owned())?;
    let report = scene.close(&installation, &world, &mail, &standing, tried, None)?;
    if let Some(disk) = disk.as_ref().filter(|_| !report.kept) {
        disk.copy_to(&installation.folder)?;
    }
    Ok(report)
}

/// What the faults need.
struct Cuts<'c> {
    world: &'c World,
    installation: &'c Installation,
    disk: Option<&'c Disk>,
    mail: &'c mut MailServer,
}

impl Cuts<'_> {
    /// Kills the process this many times, with the other faults before the first and in between.
    fn run(&mut self, replica: &mut Replica<'_>, kills: u32, look: impl Fn() -> Outcome) -> Outcome {
        let (world, mut random) = (self.world, Rng::with_seed(9));
        for kill in 1..=kills {
            if kill % OTHERS == 1 {
                self.others(kill as usize)?;
            }
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

    /// The faults that do not end the process.
    fn others(&mut self, round: usize) -> Outcome {
        sleep(CALM);
        println!("  {NO_MAIL}");
        self.world.weather.begin(NO_MAIL);
        without_mail(self.mail)?;
        self.world.weather.end(Duration::ZERO);
        let Some(disk) = self.disk else { return Ok(()) };
        sleep(CALM);
        println!("  {}", full_disk::NAME);
        self.world.weather.begin(full_disk::NAME);
        full_disk::fill_up(self.world, disk, self.installation, round)?;
        self.world.weather.end(Duration::ZERO);
        Ok(())
    }
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
