//! How many API keys that are no account's may come from one IP address: each costs a look-up. A key with a wrong checksum costs none,
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
pub struct KeyGuesses(Option<Arc<Rate<IpAddr>>>);

impl KeyGuesses {
    /// The limit; without `limited`, the default, for no limit.
    pub fn new(limited: bool) -> Self {
        Self(limited.then(|| Arc::new(Rate::new(EACH, AHEAD))))
    }

    /// Counts a key that is not known yet, before it is looked up: of callers at once no more than the limit are free. Loopback
    /// never waits: a proxy or a tool on the same machine calls from there. Neither does a caller whose address is not known.
    ///
    /// # Errors
    /// [`Throttled`] says how long the address has to wait if the key turns out to be no account's.
    pub fn spend(&self, address: Option<IpAddr>, now: OffsetDateTime) -> Result<(), Throttled> {
        self.counting(address).map_or(Ok(()), |(rate, address)| rate.spend(address, now))
    }

    /// Takes back what was [spent](Self::spend) on a key that turned out to be an account's.
    pub fn give_back(&self, address: Option<IpAddr>) {
        if let Some((rate, address)) = self.counting(address) {
            rate.give_back(&address);
        }
    }

    /// What counts the keys of this address, if anything does.
    fn counting(&self, address: Option<IpAddr>) -> Option<(&Rate<IpAddr>, IpAddr)> {
        let address = address.filter(|address| !address.is_loopback())?;
        Some((self.0.as_deref()?, network(address)))
    }
}
