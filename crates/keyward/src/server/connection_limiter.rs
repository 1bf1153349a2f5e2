//! How many connections one address has open, so that no address alone takes all there are.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use keyward_domain::limits::budgets::network;

/// Open connections, by IPv4 address or IPv6 /64.
pub(super) struct ConnectionLimiter {
    most: usize,
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// A connection's slot; given back when dropped.
pub(super) struct Slot(Option<(Arc<ConnectionLimiter>, IpAddr)>);

impl ConnectionLimiter {
    /// No connection yet, and at most `most` of each address.
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, open: Mutex::default() })
    }

    /// A slot for one more connection of `peer`, if there is one. Loopback is not counted: from there comes a
    /// proxy.
    pub(super) fn admit(self: &Arc<Self>, peer: IpAddr) -> Option<Slot> {
        let peer = peer.to_canonical();
        if peer.is_loopback() {
            return Some(Slot(None));
        }
        let peer = network(peer);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(peer).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Slot(Some((Arc::clone(self), peer))))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let Some((limiter, peer)) = &self.0 else { return };
        let mut open = limiter.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(peer) {
            *count -= 1;
            if *count == 0 {
                open.remove(peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_only_so_many_connections_and_gets_back_what_it_closes() {
        let limiter = ConnectionLimiter::new(2);
        let admit = |peer: &str| limiter.admit(peer.parse().unwrap());
        let (one, two) = (admit("2001:db8::1"), admit("2001:db8::2"));
        assert!(one.is_some() && two.is_some());
        assert!(admit("2001:db8::3").is_none(), "one subscriber, whatever address of the /64");
        assert!(admit("2001:db8:0:1::1").is_some() && admit("192.0.2.1").is_some());
        drop(one);
        let three = admit("2001:db8::3");
        assert!(three.is_some() && admit("2001:db8::1").is_none());
        drop((two, three));
        assert!(limiter.open.lock().unwrap().is_empty(), "a closed connection is forgotten");
    }

    #[test]
    fn what_comes_through_a_proxy_on_this_machine_is_not_one_address() {
        let limiter = ConnectionLimiter::new(1);
        let local = ["127.0.0.1", "127.0.0.1", "::1", "::1", "::ffff:127.0.0.1"];
        let slots: Vec<_> = local.iter().map(|peer| limiter.admit(peer.parse().unwrap())).collect();
        assert!(slots.iter().all(Option::is_some));
    }
}
