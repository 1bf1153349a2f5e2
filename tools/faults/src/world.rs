//! What load and faults share: where the replicas are, what the weather is, and the ledger.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use fastrand::Rng;
use keyward_servers::shell::Outcome;

use crate::http::{self, Answer, Call, Client, Lost};
use crate::ledger::Ledger;
use crate::weather::{End, Weather};

/// How long a user repeats a request until the answer is definite.
const STUBBORN: Duration = Duration::from_mins(2);
/// How soon they ask again.
const AGAIN: Duration = Duration::from_millis(100);

/// Everything that is shared.
pub(crate) struct World {
    client: Client,
    /// The ports of the replicas.
    pub(crate) ports: Vec<u16>,
    pub(crate) weather: Weather,
    pub(crate) ledger: Ledger,
    /// What the replicas were told about revocation.
    pub(crate) bound: Duration,
    /// The access token of an administrator.
    pub(crate) admin: String,
    /// What is for sale: ids, and how many pieces there were at first.
    pub(crate) products: Vec<(i64, i64)>,
    /// Whether everybody should come to an end.
    pub(crate) stop: AtomicBool,
}

/// What a client knows after a request.
pub(crate) enum Reply {
    /// It was carried out, or refused.
    Definite(Answer),
    /// It may have been carried out, or not: 503, or no answer.
    Unknown,
}

impl World {
    pub(crate) fn new(ports: Vec<u16>, bound: Duration) -> Outcome<Self> {
        Ok(Self {
            client: Client::new()?,
            ports,
            weather: Weather::new(),
            ledger: Ledger::default(),
            bound,
            admin: String::new(),
            products: Vec::new(),
            stop: AtomicBool::new(false),
        })
    }

    pub(crate) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Asks a replica; the next one where there is no listener, as a proxy would.
    pub(crate) fn ask(&self, random: &mut Rng, call: &Call<'_>) -> Reply {
        match self.answer(random, call) {
            Some(answer) if answer.status < 500 => Reply::Definite(answer),
            _ => Reply::Unknown,
        }
    }

    /// The answer of a replica, whichever it is.
    pub(crate) fn answer(&self, random: &mut Rng, call: &Call<'_>) -> Option<Answer> {
        let first = random.usize(..self.ports.len());
        for index in 0..self.ports.len() {
            let port = self.ports[(first + index) % self.ports.len()];
            let (before, begun) = (self.weather.now(), Instant::now());
            match self.client.ask(port, call) {
                Err(Lost::Unsent) => {}
                Err(Lost::Unknown(error)) => {
                    self.weather.count(before, begun, End::Broken);
                    if begun.elapsed() >= http::PATIENCE {
                        self.ledger.broken(format!("{} was not answered in time: {error}", call.line));
                    }
                    return None;
                }
                Ok(answer) => {
                    self.weather.count(before, begun, End::Status(answer.status));
                    if answer.status > 503 || (500..503).contains(&answer.status) {
                        let told = format!("{} answered {}: {}", call.line, answer.status, answer.body);
                        self.ledger.broken(told);
                    }
                    return Some(answer);
                }
            }
        }
        sleep(AGAIN);
        None
    }

    /// Asks again until the answer is definite; `None` if it never is.
    pub(crate) fn insist(&self, random: &mut Rng, call: &Call<'_>) -> Option<Answer> {
        let begun = Instant::now();
        while begun.elapsed() < STUBBORN {
            if let Reply::Definite(answer) = self.ask(random, call) {
                return Some(answer);
            }
            sleep(AGAIN);
        }
        self.ledger.broken(format!("{} never had a definite answer", call.line));
        None
    }

    /// A promise was broken: another answer than there can be.
    pub(crate) fn surprised(&self, call: &Call<'_>, answer: &Answer) {
        self.ledger.broken(format!("{} answered {}: {}", call.line, answer.status, answer.body));
    }
}
