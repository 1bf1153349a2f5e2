//! A clock that a test can move.

use std::sync::atomic::{AtomicI64, Ordering};

use keyward_domain::values::clock::Clock;
use keyward_infra::clock::SystemClock;
use time::{Duration, OffsetDateTime};

/// The system's clock, which a test can move.
#[derive(Default)]
pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.whole_microseconds()).unwrap();
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> OffsetDateTime {
        SystemClock.now() + Duration::microseconds(self.0.load(Ordering::SeqCst))
    }
}
