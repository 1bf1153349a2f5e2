//! How often one caller may do something. Each process counts by itself, in memory, and forgets those it heard of least.

use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use quick_cache::unsync::Cache;
use time::{Duration, OffsetDateTime};

use super::waits::{Throttled, wait};

/// How many callers are counted at once.
const CALLERS: usize = 100_000;

/// A limit for each caller `K`: once in so long in the long run, and some ahead of that.
pub(crate) struct Rate<K> {
    each: Duration,
    ahead: Duration,
    /// Until when what each did so far is paid for.
    paid: Mutex<Cache<K, OffsetDateTime>>,
}

impl<K: Hash + Eq> Rate<K> {
    /// Once in `each`, and ahead of that by `ahead`.
    pub(crate) fn new(each: Duration, ahead: Duration) -> Self {
        Self { each, ahead, paid: Mutex::new(Cache::new(CALLERS)) }
    }

    /// Counts one more.
    ///
    /// # Errors
    /// [`Throttled`] says how long the caller has to wait; it does not count then.
    pub(crate) fn spend(&self, caller: K, now: OffsetDateTime) -> Result<(), Throttled> {
        let mut callers = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
        let paid = callers.get(&caller).copied().unwrap_or(now).max(now) + self.each;
        if paid > now + self.ahead {
            return Err(wait(now, paid - self.ahead));
        }
        callers.insert(caller, paid);
        Ok(())
    }

    /// Takes back what was counted once for the caller.
    pub(crate) fn give_back(&self, caller: &K) {
        let mut callers = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mut paid) = callers.get_mut(caller) {
            *paid -= self.each;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_calls_often_keeps_their_count_while_many_others_call_once() {
        let rate = Rate::new(Duration::SECOND, Duration::seconds(10));
        let now = OffsetDateTime::UNIX_EPOCH;
        for _ in 0..10 {
            rate.spend(0, now).unwrap();
        }
        for other in 1..=(2 * CALLERS as u64) {
            rate.spend(other, now).unwrap();
            if other % 1_000 == 0 {
                assert_eq!(rate.spend(0, now), Err(Throttled { seconds: 2 }), "after {other} others");
            }
        }
        assert!(rate.spend(0, now + Duration::SECOND).is_ok());
    }

    #[test]
    fn what_is_given_back_may_be_spent_again() {
        let rate = Rate::new(Duration::SECOND, Duration::seconds(2));
        let now = OffsetDateTime::UNIX_EPOCH;
        rate.spend(0, now).unwrap();
        rate.spend(0, now).unwrap();
        assert!(rate.spend(0, now).is_err());
        rate.give_back(&0);
        rate.give_back(&1);
        rate.spend(0, now).unwrap();
        assert!(rate.spend(0, now).is_err());
    }
}
