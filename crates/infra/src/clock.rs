//! The system's clock.

use keyward_domain::values::clock::Clock;
use time::OffsetDateTime;

/// The clock of the machine, in UTC, rounded down to whole microseconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the port's one implementation that may ask")]
    fn now(&self) -> OffsetDateTime {
        let now = OffsetDateTime::now_utc();
        now.replace_nanosecond(now.microsecond() * 1000).unwrap_or(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_has_whole_microseconds_and_advances() {
        let times: Vec<_> = (0..1000).map(|_| SystemClock.now()).collect();
        assert!(times.iter().all(|time| time.nanosecond() % 1000 == 0 && time.offset().is_utc()));
        assert!(times.is_sorted());
        assert!(times[0].year() >= 2026);
    }
}
