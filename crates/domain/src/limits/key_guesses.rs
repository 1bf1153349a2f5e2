//! How many API keys that are nobody's may come from one IP address: each costs a look-up. A key with a wrong checksum costs none,
//! and does not count.

use std::net::IpAddr;
use std::sync::Arc;

use time::{Duration, OffsetDateTime};

use super::budgets::network;
use super::rate::Rate;
use super::waits::Throttled;

/// An IP address may show one such key in so long, in the long run.
const EACH: Duration = Duration::SECOND;
/// And be ahead of that by so much: 60 at once.
const AHEAD: Duration = Duration::MINUTE;

/// Limits unknown API keys: 60 at once for each IP address, and then one a second. Cheap to clone.
#[derive(Clone, Default)]
pub struct KeyGuesses(Option<Arc<Rate<Option<IpAddr>>>>);

impl KeyGuesses {
    /// The limit; without `limited`, the default, for no limit.
    pub fn new(limited: bool) -> Self {
        Self(limited.then(|| Arc::new(Rate::new(EACH, AHEAD))))
    }

    /// Refuses a key that is not known yet where the IP address has to wait. Loopback never has to: a proxy or a tool on the same
    /// machine calls from there. Callers whose address is not known share one count.
    ///
    /// # Errors
    /// [`Throttled`] says how long.
    pub fn check(&self, address: Option<IpAddr>, now: OffsetDateTime) -> Result<(), Throttled> {
        self.counting(address).map_or(Ok(()), |rate| rate.check(&address.map(network), now))
    }

    /// Counts a key that turned out to be nobody's.
    ///
    /// # Errors
    /// [`Throttled`] where others of this address came first.
    pub fn spend(&self, address: Option<IpAddr>, now: OffsetDateTime) -> Result<(), Throttled> {
        self.counting(address).map_or(Ok(()), |rate| rate.spend(address.map(network), now))
    }

    /// What counts the keys of this address, if anything does.
    fn counting(&self, address: Option<IpAddr>) -> Option<&Rate<Option<IpAddr>>> {
        self.0.as_deref().filter(|_| !address.is_some_and(|address| address.is_loopback()))
    }
}
