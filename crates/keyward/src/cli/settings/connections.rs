//! Settings of connections: how many, and whether they speak TLS.

use std::path::PathBuf;

use clap::Args;

use crate::server::limits::Limits;
use crate::server::tls::{Tls, TlsError};

/// How connections are taken.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Connections")]
pub struct ConnectionSettings {
    /// Maximum open connections; further ones queue
    #[arg(long, env = "KEYWARD_CONNECTIONS", default_value_t = 4096, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub connections: u32,

    /// Maximum open connections from one IP address; further ones are closed
    #[arg(long, env = "KEYWARD_CONNECTIONS_PER_ADDRESS", default_value_t = 1024, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub connections_per_address: u32,

    /// Speak TLS: a file with the certificate and its chain, in PEM [default: no TLS]
    #[arg(long, env = "KEYWARD_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,

    /// The certificate's private key, in PEM
    #[arg(long, env = "KEYWARD_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
}

impl ConnectionSettings {
    /// What connections may cost.
    pub fn limits(&self) -> Limits {
        let number = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        Limits {
            connections: number(self.connections),
            per_address: number(self.connections_per_address),
            ..Limits::default()
        }
    }

    /// `https` where there is a certificate, `http` otherwise.
    pub fn scheme(&self) -> &'static str {
        if self.tls_cert.is_some() { "https" } else { "http" }
    }

    /// Certificate and key, where they are set.
    ///
    /// # Errors
    /// One sentence, where they cannot be used.
    pub fn tls(&self) -> Result<Option<Tls>, String> {
        match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => {
                Tls::load(certificate, key).map(Some).map_err(|error: TlsError| error.to_string())
            }
            (None, None) => Ok(None),
            _ => Err("KEYWARD_TLS_CERT and KEYWARD_TLS_KEY go together: set both or none".to_owned()),
        }
    }
}
