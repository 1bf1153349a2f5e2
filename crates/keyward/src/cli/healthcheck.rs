//! `keyward healthcheck`: asks a running server whether it is ready, for containers that have neither curl nor a shell.
//!
//! One request over the standard library: it must cost next to nothing every few seconds.

pub(super) mod asking;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use self::asking::status;
#[cfg(unix)]
use self::asking::status_at_socket;
use super::output::{Problem, say};
use crate::cli::settings::listen::address;

#[derive(Args)]
pub(super) struct Healthcheck {
    /// The address the server listens on; one for every interface is asked over loopback
    #[arg(long, env = "KEYWARD_LISTEN", default_value = "127.0.0.1:8000", value_name = "ADDRESS:PORT",
        value_parser = address)]
    listen: SocketAddr,

    /// The Unix socket that the server listens on; it is asked in place of the address
    #[cfg(unix)]
    #[arg(long, env = "KEYWARD_LISTEN_UNIX", value_name = "PATH")]
    listen_unix: Option<PathBuf>,

    /// The server's certificate, where it speaks TLS; no other one is accepted
    #[arg(long, env = "KEYWARD_TLS_CERT", value_name = "FILE")]
    tls_cert: Option<PathBuf>,

    /// How many seconds everything may take
    #[arg(long, default_value_t = 5, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=60))]
    timeout: u64,
}

impl Healthcheck {
    pub(super) fn run(&self) -> Result<(), Problem> {
        let (place, answer) = self.ask(Duration::from_secs(self.timeout));
        match answer {
            Ok(200) => say("ready"),
            Ok(status) => Err(format!("the server at {place} is not ready: it answers {status}")),
            Err(error) => Err(format!("no answer from {place}: {error}")),
        }
    }

    /// The status of the answer, and where it came from.
    fn ask(&self, limit: Duration) -> (String, std::io::Result<u16>) {
        #[cfg(unix)]
        if let Some(path) = &self.listen_unix {
            return (path.display().to_string(), status_at_socket(path, limit));
        }
        let address = reachable(self.listen);
        (address.to_string(), status(address, self.tls_cert.as_deref(), limit))
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
