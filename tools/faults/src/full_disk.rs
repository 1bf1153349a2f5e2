//! The fault of a full disk: writes are refused with 503, reads go on, and both work when there is room again.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use fastrand::Rng;
use keyward_servers::shell::Outcome;
use serde_json::json;

use crate::disk::Disk;
use crate::http::{Answer, Call};
use crate::replica::{Installation, wait_until};
use crate::world::World;

pub(crate) const NAME: &str = "disk full";

/// How long writes may go on in room that the database has already.
const PATIENCE: Duration = Duration::from_mins(1);
/// How many writes must be refused before there is room again.
const REFUSED: usize = 20;
/// How long a write may be refused after that.
const RECOVERY: Duration = Duration::from_mins(1);

/// Fills the disk, writes until that is refused often enough, looks what is said and what still works, and makes room.
pub(crate) fn fill_up(world: &World, disk: &Disk, installation: &Installation, round: usize) -> Outcome {
    let mut random = Rng::with_seed(11);
    let mut writer = Writer { world, random: &mut random, round, number: 0, last: None };
    writer.write();
    disk.fill()?;
    let (begun, mut refused) = (Instant::now(), 0);
    while refused < REFUSED && begun.elapsed() < PATIENCE {
        match writer.write() {
            Some(answer) if answer.status == 503 => {
                refused += 1;
                if answer.body["code"] != "unavailable" {
                    world.ledger.broken(format!("a full disk was answered {}", answer.body));
                }
                sleep(Duration::from_millis(100));
            }
            _ => {}
        }
    }
    if refused < REFUSED {
        world.ledger.broken(format!("the disk was full, and only {refused} writes were refused"));
    }
    if writer.read().is_none_or(|answer| answer.status != 200) {
        world.ledger.broken("with a full disk nothing could be read".to_owned());
    }
    disk.free()?;
    if !wait_until(RECOVERY, || writer.write().is_some_and(|answer| answer.status == 201)) {
        world.ledger.broken("there is room on the disk again, and nothing can be written".to_owned());
    }
    let says_why = |log: &str| log.contains("disk is full") || log.contains("No space left on device");
    if !installation.logs().iter().any(|log| fs::read_to_string(log).is_ok_and(|log| says_why(&log))) {
        world.ledger.broken("no log says that the disk was full".to_owned());
    }
    Ok(())
}

/// Writes long posts in an administrator's name.
struct Writer<'w> {
    world: &'w World,
    random: &'w mut Rng,
    round: usize,
    number: usize,
    /// The last post that was acknowledged.
    last: Option<i64>,
}

impl Writer<'_> {
    /// Writes a post; `None` if there was no answer.
    fn write(&mut self) -> Option<Answer> {
        self.number += 1;
        let title = format!("full-{}-{}", self.round, self.number);
        self.world.ledger.books().posts.insert(title.clone(), None);
        let body = json!({ "title": title, "content": "x".repeat(90_000) });
        let call = Call { line: "POST /posts", token: &self.world.admin, body, ..Call::default() };
        let answer = self.world.answer(self.random, &call)?;
        if answer.status == 201 {
            self.last = answer.body["id"].as_i64();
            self.world.ledger.books().posts.insert(title, self.last);
        } else if answer.status < 500 {
            self.world.surprised(&call, &answer);
        }
        Some(answer)
    }

    /// Reads the last post that was acknowledged.
    fn read(&mut self) -> Option<Answer> {
        let line = format!("GET /posts/{}", self.last?);
        let call = Call { line: &line, token: &self.world.admin, ..Call::default() };
        self.world.answer(self.random, &call)
    }
}
