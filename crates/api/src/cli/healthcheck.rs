//! `keyward healthcheck`: asks a running server whether it is ready, for containers that have neither curl nor a shell.
//!
//! One plain HTTP request over the standard library: it must cost next to nothing every few seconds.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use clap::Args;

use super::{Problem, say};

/// How much of an answer is read; ours have a few hundred bytes.
const MOST: usize = 4096;

#[derive(Args)]
pub(super) struct Healthcheck {
    /// The address the server listens on; one for every interface is asked over loopback
    #[arg(long, env = "KEYWARD_LISTEN", default_value = "127.0.0.1:8000", value_name = "ADDRESS:PORT")]
    listen: SocketAddr,

    /// How many seconds everything may take
    #[arg(long, default_value_t = 5, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=60))]
    timeout: u64,
}

impl Healthcheck {
    pub(super) fn run(&self) -> Result<(), Problem> {
        let address = reachable(self.listen);
        match status(address, Duration::from_secs(self.timeout)) {
            Ok(200) => {
                say("ready");
                Ok(())
            }
            Ok(status) => Err(format!("the server at {address} is not ready: it answers {status}")),
            Err(error) => Err(format!("no answer from {address}: {error}")),
        }
    }
}

/// Where a server that listens there can be asked from the same machine.
pub(super) fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, listen.port())
}

/// The status of `GET /health/ready` there.
pub(super) fn status(address: SocketAddr, limit: Duration) -> std::io::Result<u16> {
    let begun = Instant::now();
    let left = || limit.checked_sub(begun.elapsed()).filter(|left| !left.is_zero());
    let late = || std::io::Error::new(std::io::ErrorKind::TimedOut, format!("it took longer than {limit:?}"));
    let mut stream = TcpStream::connect_timeout(&address, limit)?;
    stream.set_write_timeout(Some(left().ok_or_else(late)?))?;
    let request = format!("GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    let mut piece = [0; 512];
    while answer.len() < MOST && !answer.contains(&b'\n') {
        stream.set_read_timeout(Some(left().ok_or_else(late)?))?;
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => answer.extend_from_slice(&piece[..read]),
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock) => return Err(late()),
            Err(error) => return Err(error),
        }
    }
    let line = String::from_utf8_lossy(&answer);
    let status = line.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    status.ok_or_else(|| std::io::Error::other("what answers there does not speak HTTP/1.1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_every_interface_is_asked_over_loopback() {
        for (listen, asked) in [
            ("0.0.0.0:80", "127.0.0.1:80"),
            ("[::]:80", "[::1]:80"),
            ("127.0.0.1:8000", "127.0.0.1:8000"),
            ("10.1.2.3:8000", "10.1.2.3:8000"),
        ] {
            assert_eq!(reachable(listen.parse().unwrap()), asked.parse().unwrap());
        }
    }
}
