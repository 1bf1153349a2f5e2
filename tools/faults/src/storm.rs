//! The scenario on PostgreSQL: three replicas under load, and one fault after the other.

use std::sync::atomic::Ordering;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use keyward_servers::ports;
use keyward_servers::postgres::{installed, private::PrivateServer};
use keyward_servers::shell::Outcome;

use crate::database::Database;
use crate::disk::Disk;
use crate::full_disk;
use crate::mail_server::MailServer;
use crate::replica::{Installation, Replica, wait_until};
use crate::scene::{NO_MAIL, Report, Scene, people, stock, without_mail};
use crate::world::World;

const REPLICAS: usize = 3;
const ACTORS: usize = 16;
/// How long it is calm between two faults.
const CALM: Duration = Duration::from_secs(2);
/// How long PostgreSQL is paused and its connections stay taken: longer than anything in the service waits
/// for a lock or a connection.
const LONG: Duration = Duration::from_secs(7);
/// How long replicas may take to be ready again.
const RECOVERY: Duration = Duration::from_mins(2);
/// A role without privileges, for those do not run out of connections.
const ROLE: &str = "service";
/// Ends every connection of the replicas.
const TERMINATE: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'keyward'";

/// What the faults need.
struct Storm<'w, 'i> {
    world: &'w World,
    installation: &'i Installation,
    server: PrivateServer,
    database: Database,
    disk: Option<&'i Disk>,
    mail: &'w mut MailServer,
    replicas: Vec<Replica<'i>>,
}

type Fault = fn(&mut Storm<'_, '_>, usize) -> Outcome;

const FAULTS: [(&str, Fault); 9] = [
    ("replica killed", |storm, round| storm.kill(&[round % REPLICAS])),
    ("backends terminated", |storm, _| storm.terminate()),
    ("PostgreSQL restarted, fast", |storm, _| storm.server.restart("fast")),
    ("PostgreSQL paused for 7 s", |storm, _| storm.pause()),
    ("all replicas killed", |storm, _| storm.kill(&[0, 1, 2])),
    ("PostgreSQL restarted, immediate", |storm, _| storm.server.restart("immediate")),
    ("connections taken for 7 s", |storm, _| storm.take_connections()),
    (NO_MAIL, |storm, _| without_mail(storm.mail)),
    (full_disk::NAME, |storm, round| storm.fill_disk(round)),
];

/// Runs faults for at least so long, and every one of them once at least.
pub(crate) fn run(scene: &Scene, time: Duration) -> Outcome<Report> {
    let port = ports::steady()?;
    // Unmounted after the server has stopped, which is dropped before.
    let disk = Disk::mount()?;
    let server = PrivateServer::start(&installed::folders(), Some(port))?;
    let database = Database::new(port)?;
    database.administer("CREATE ROLE service LOGIN")?;
    let mut create = "CREATE DATABASE keyward OWNER service".to_owned();
    if let Some(disk) = &disk {
        // The log of writes stays elsewhere: PostgreSQL stops when there is no room for that.
        disk.give_to_owner_of(&database.folder()?)?;
        database.administer(&format!("CREATE TABLESPACE small LOCATION '{}'", disk.path().display()))?;
        create += " TABLESPACE small";
    }
    database.administer(&create)?;
    let mut mail = MailServer::start()?;
    let url = format!("postgres://{ROLE}@127.0.0.1:{port}/keyward");
    let settings = vec![
        ("KEYWARD_DATABASE_URL", url),
        ("KEYWARD_DATABASE_CONNECTIONS", "12".to_owned()),
        ("KEYWARD_SMTP_URL", mail.url()),
    ];
    let installation = scene.installation("postgres", settings)?;
    let mut replicas =
        (0..REPLICAS).map(|number| installation.replica(number)).collect::<Outcome<Vec<_>>>()?;
    // All at once on an empty database.
    replicas.iter_mut().try_for_each(Replica::start)?;
    replicas.iter_mut().try_for_each(Replica::wait)?;

    let mut world = World::new(replicas.iter().map(|replica| replica.port).collect(), scene.bound)?;
    stock(&installation, &mut world)?;
    let (installation, disk, mail_server) = (&installation, disk.as_ref(), &mut mail);
    let mut storm =
        Storm { world: &world, installation, server, database, disk, mail: mail_server, replicas };
    let (outcome, people) = thread::scope(|scope| {
        let people = scope.spawn(|| people(&world, ACTORS));
        let outcome = storm.rage(time);
        world.stop.store(true, Ordering::Relaxed);
        (outcome, people.join())
    });
    let memory = outcome?;
    let (standing, tried) = people.map_err(|_| "Load failed: see above.".to_owned())?;
    let mail = &*storm.mail;
    scene.close(installation, &world, mail, &standing, tried, Some(memory))
}

impl Storm<'_, '_> {
    /// One fault after the other. The memory of all replicas, after the first round of faults and at the end.
    fn rage(&mut self, time: Duration) -> Outcome<(f64, f64)> {
        sleep(CALM);
        let begun = Instant::now();
        let mut early = None;
        for round in 0.. {
            for (name, fault) in FAULTS {
                if name == full_disk::NAME && self.disk.is_none() {
                    continue;
                }
                if round > 0 && begun.elapsed() >= time {
                    return Ok((early.unwrap_or_default(), self.memory()));
                }
                println!("  {:5.1} s  {name}", begun.elapsed().as_secs_f64());
                self.world.weather.begin(name);
                fault(self, round)?;
                let over = Instant::now();
                let ready = wait_until(RECOVERY, || self.replicas.iter().all(Replica::is_ready));
                if !ready {
                    self.world.ledger.broken(format!("not every replica came back after: {name}"));
                }
                let recovery = over.elapsed();
                // What waited for the database has ended by itself, too.
                sleep(CALM);
                self.world.weather.end(recovery);
                sleep(CALM);
            }
            early.get_or_insert_with(|| self.memory());
        }
        Ok((0.0, 0.0))
    }

    fn memory(&self) -> f64 {
        self.replicas.iter().filter_map(Replica::memory).fold(0.0, f64::max)
    }

    fn kill(&mut self, numbers: &[usize]) -> Outcome {
        for number in numbers {
            self.replicas[*number].kill();
        }
        sleep(Duration::from_secs(1));
        for number in numbers {
            self.replicas[*number].start()?;
        }
        Ok(())
    }

    fn fill_disk(&self, round: usize) -> Outcome {
        let fill = |disk| full_disk::fill_up(self.world, disk, self.installation, round);
        self.disk.map_or(Ok(()), fill)
    }

    fn terminate(&self) -> Outcome {
        for _ in 0..5 {
            self.database.administer(TERMINATE)?;
            sleep(Duration::from_millis(200));
        }
        Ok(())
    }

    fn pause(&mut self) -> Outcome {
        self.server.pause()?;
        sleep(LONG);
        self.server.resume()
    }

    /// Takes every connection that the server has to give, and ends those of the replicas.
    fn take_connections(&self) -> Outcome {
        let mut taken = Vec::new();
        let begun = Instant::now();
        let mut ended = None;
        while begun.elapsed() < LONG {
            if let Ok(connection) = self.database.connect(ROLE) {
                taken.push(connection);
            } else {
                ended.get_or_insert_with(|| self.database.administer(TERMINATE));
                sleep(Duration::from_millis(10));
            }
        }
        ended.unwrap_or_else(|| Err(format!("{} connections were not all there are.", taken.len())))
    }
}
