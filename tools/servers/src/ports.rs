//! Free ports on loopback.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

use crate::shell::Outcome;

/// Returns a port that was free a moment ago.
pub fn free() -> Outcome<u16> {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    port.map(|address| address.port()).map_err(|error| format!("No free port on 127.0.0.1: {error}."))
}

/// Returns a free port below the range that the system assigns to connections, so that a server can restart
/// on it.
pub fn steady() -> Outcome<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 997).unwrap_or_default() * 10;
    for _ in 0..1_000 {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed) % 2_000;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err("No free port on 127.0.0.1.".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_is_passed_over() {
        let first = steady().expect("a port");
        let _taken = TcpListener::bind((Ipv4Addr::LOCALHOST, first)).expect("it was free");
        assert_ne!(steady().expect("another port"), first);
        assert_ne!(free().expect("a port"), first);
    }
}
