//! What happens when: which fault is on, and what requests came to meanwhile.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// No fault is on.
pub(crate) const CALM: &str = "(none)";

/// What became of the requests of one kind of time.
#[derive(Clone)]
pub(crate) struct Tally {
    pub(crate) fault: &'static str,
    /// How often the fault happened.
    times: u32,
    /// Answered with anything below 500.
    answered: u32,
    /// 503.
    unavailable: u32,
    /// Any other 5xx.
    errors: u32,
    /// The connection broke before the answer was there.
    broken: u32,
    /// The slowest answer.
    slowest: Duration,
    /// From the end of the fault until every replica was ready, at worst.
    recovery: Duration,
}

/// The fault that is on, the tallies of all, and when faults were on.
pub(crate) struct Weather(Mutex<Inner>);

struct Inner {
    now: &'static str,
    tallies: Vec<Tally>,
    /// From the beginning of each fault to the end of its consequences.
    times: Vec<(Instant, Option<Instant>)>,
}

/// What a request came to.
#[derive(Clone, Copy)]
pub(crate) enum End {
    Status(u16),
    Broken,
}

impl Weather {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Inner { now: CALM, tallies: vec![Tally::new(CALM)], times: Vec::new() }))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The fault that is on.
    pub(crate) fn now(&self) -> &'static str {
        self.lock().now
    }

    pub(crate) fn begin(&self, fault: &'static str) {
        let mut inner = self.lock();
        inner.now = fault;
        inner.times.push((Instant::now(), None));
        tally(&mut inner.tallies, fault).times += 1;
    }

    /// Its consequences are over; it took so long to recover.
    pub(crate) fn end(&self, recovery: Duration) {
        let mut inner = self.lock();
        let fault = std::mem::replace(&mut inner.now, CALM);
        if let Some((_, end)) = inner.times.last_mut() {
            *end = Some(Instant::now());
        }
        let tally = tally(&mut inner.tallies, fault);
        tally.recovery = tally.recovery.max(recovery);
    }

    /// Counts a request that began at `begun`, in the time of `before`. It counts for a fault that it met
    /// anywhere.
    pub(crate) fn count(&self, before: &'static str, begun: Instant, end: End) {
        let mut inner = self.lock();
        let fault = if before == CALM { inner.now } else { before };
        let tally = tally(&mut inner.tallies, fault);
        match end {
            End::Status(503) => tally.unavailable += 1,
            End::Status(500..) => tally.errors += 1,
            End::Status(_) => tally.answered += 1,
            End::Broken => tally.broken += 1,
        }
        tally.slowest = tally.slowest.max(begun.elapsed());
    }

    /// Every tally, the calm first.
    pub(crate) fn tallies(&self) -> Vec<Tally> {
        self.lock().tallies.clone()
    }

    /// Whether a fault was on at `time` or within `margin` after it.
    pub(crate) fn was_rough(&self, time: Instant, margin: Duration) -> bool {
        let within = |(begin, end): &(Instant, Option<Instant>)| {
            *begin <= time + margin && end.is_none_or(|end| end >= time)
        };
        self.lock().times.iter().any(within)
    }
}

fn tally<'a>(tallies: &'a mut Vec<Tally>, fault: &'static str) -> &'a mut Tally {
    let index = tallies.iter().position(|tally| tally.fault == fault).unwrap_or_else(|| {
        tallies.push(Tally::new(fault));
        tallies.len() - 1
    });
    &mut tallies[index]
}

impl Tally {
    fn new(fault: &'static str) -> Self {
        let (slowest, recovery) = (Duration::ZERO, Duration::ZERO);
        Self { fault, times: 0, answered: 0, unavailable: 0, errors: 0, broken: 0, slowest, recovery }
    }

    /// How many answers were neither an answer nor 503.
    pub(crate) fn errors(&self) -> u32 {
        self.errors
    }

    /// How many requests were answered 503, or lost their connection.
    pub(crate) fn refused(&self) -> u32 {
        self.unavailable + self.broken
    }

    /// The columns that [`Tally::line`] fills.
    pub(crate) fn header() -> String {
        format!(
            "  {:30} {:>5} {:>9} {:>6} {:>9} {:>7} {:>9} {:>10}",
            "fault", "times", "answered", "503", "other 5xx", "broken", "slowest", "recovery"
        )
    }

    pub(crate) fn line(&self) -> String {
        let calm = self.fault == CALM;
        let times = if calm { "-".to_owned() } else { self.times.to_string() };
        let recovery = if calm { "-".to_owned() } else { format!("{:.1} s", self.recovery.as_secs_f64()) };
        format!(
            "  {:30} {times:>5} {:>9} {:>6} {:>9} {:>7} {:>7.2} s {recovery:>10}",
            self.fault,
            self.answered,
            self.unavailable,
            self.errors,
            self.broken,
            self.slowest.as_secs_f64(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_counts_for_the_fault_that_it_met() {
        let weather = Weather::new();
        let begun = Instant::now();
        weather.count(weather.now(), begun, End::Status(200));
        let before = weather.now();
        weather.begin("storm");
        weather.count(before, begun, End::Status(503));
        let during = weather.now();
        weather.end(Duration::from_secs(1));
        weather.count(during, begun, End::Broken);
        weather.count(weather.now(), begun, End::Status(500));
        assert!(weather.was_rough(begun, Duration::from_secs(1)), "the storm began within a second");
        assert!(!weather.was_rough(Instant::now() + Duration::from_secs(1), Duration::from_secs(1)));
        let [calm, storm] = &weather.tallies()[..] else { panic!("two kinds of time") };
        assert_eq!((calm.answered, calm.unavailable, calm.errors(), calm.broken), (1, 0, 1, 0));
        assert_eq!((storm.times, storm.unavailable, storm.errors(), storm.broken), (1, 1, 0, 1));
    }
}
