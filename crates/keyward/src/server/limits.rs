//! What connections may cost.

use std::time::Duration;

/// What connections may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many may be open at once; more wait in the system's queue.
    pub connections: usize,
    /// How many of them one address may have, an IPv6 address with its /64; further ones are closed. Loopback
    /// may have all.
    pub per_address: usize,
    /// How long a TLS handshake may take.
    pub handshake: Duration,
    /// How long a request head may take, and a connection may idle between requests.
    pub head: Duration,
    /// How long nothing of an answer may get off before the connection is cut.
    pub stall: Duration,
    /// How fast an answer has to be taken after that, in bytes per second.
    pub rate: u32,
    /// How many bytes of request bodies and answers may be under way at once, apart from the first 16 KiB of
    /// each; what goes beyond is answered 503. One IP address may have a quarter of them.
    pub bytes: usize,
    /// How long requests under way may take once we were told to stop.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            per_address: 1024,
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(15),
            stall: Duration::from_secs(10),
            rate: 4096,
            bytes: 48 * 1024 * 1024,
            drain: Duration::from_secs(30),
        }
    }
}
