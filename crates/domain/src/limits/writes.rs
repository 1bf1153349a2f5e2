//! How fast one account may write. Each process counts by itself, in memory: what is limited is how fast rows pile up, and not
//! how often something is guessed.

use std::sync::Arc;

use time::{Duration, OffsetDateTime};

use super::rate::Rate;
use super::waits::Throttled;
use crate::values::ids::UserId;

/// An account may write once in so long, in the long run.
const EACH: Duration = Duration::milliseconds(50);
/// And be ahead of that by so much: 1,200 writes at once.
const AHEAD: Duration = Duration::minutes(1);

/// Limits how fast one account writes: 20 times a second in the long run, and 1,200 times at once. Cheap to clone.
#[derive(Clone, Default)]
pub struct WriteLimit(Option<Arc<Rate<UserId>>>);

impl WriteLimit {
    /// The limit; `None`, the default, for no limit.
    pub fn new(limited: bool) -> Self {
        Self(limited.then(|| Arc::new(Rate::new(EACH, AHEAD))))
    }

    /// Counts a write of an account.
    ///
    /// # Errors
    /// [`Throttled`] says how long the account has to wait; the write does not count then.
    pub fn spend(&self, user: UserId, now: OffsetDateTime) -> Result<(), Throttled> {
        self.0.as_ref().map_or(Ok(()), |rate| rate.spend(user, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_writes_so_often_at_once_and_then_at_a_rate() {
        let limit = WriteLimit::new(true);
        let mut now = OffsetDateTime::UNIX_EPOCH;
        for _ in 0..1_200 {
            limit.spend(UserId(1), now).unwrap();
        }
        assert_eq!(limit.spend(UserId(1), now), Err(Throttled { seconds: 1 }));
        limit.spend(UserId(2), now).unwrap();
        now += Duration::seconds(1);
        let written = (0..100).filter(|_| limit.spend(UserId(1), now).is_ok()).count();
        assert_eq!(written, 20);
        now += Duration::hours(1);
        assert_eq!((0..2_000).filter(|_| limit.spend(UserId(1), now).is_ok()).count(), 1_200);
        assert!(WriteLimit::default().spend(UserId(1), now).is_ok());
    }
}
