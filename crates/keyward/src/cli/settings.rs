//! Settings of the server: those of the service, and how it listens, logs and is watched.

pub mod administrator;
pub mod connections;
pub mod database;
pub(crate) mod listen;
pub mod logging;
pub mod resources;
pub mod watch;

use std::net::{IpAddr, SocketAddr};

use axum::http::Uri;
use clap::Args;
use keyward_api::settings::Settings;

use self::administrator::AdministratorSettings;
use self::connections::ConnectionSettings;
use self::logging::LogSettings;
use self::resources::ResourceSettings;
use self::watch::WatchSettings;

/// The settings of `keyward serve`.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Connections")]
pub struct ServerSettings {
    /// The address to listen on, as in `127.0.0.1:8000` or `localhost:8000`; `:8000` is every interface
    #[arg(long, env = "KEYWARD_LISTEN", default_value = "127.0.0.1:8000", value_name = "ADDRESS:PORT",
        value_parser = listen::address)]
    pub listen: SocketAddr,

    /// A Unix socket to listen on as well, for a proxy on this machine [default: none]
    #[cfg(unix)]
    #[arg(long, env = "KEYWARD_LISTEN_UNIX", value_name = "PATH")]
    pub listen_unix: Option<std::path::PathBuf>,

    /// How connections are taken
    #[command(flatten)]
    pub connections: ConnectionSettings,

    /// What the service does
    #[command(flatten)]
    pub service: Settings,

    /// What is mounted
    #[command(flatten)]
    pub resources: ResourceSettings,

    /// Where numbers and traces go
    #[command(flatten)]
    pub watch: WatchSettings,

    /// What is logged
    #[command(flatten)]
    pub log: LogSettings,

    /// Who administers a new server
    #[command(flatten)]
    pub administrator: AdministratorSettings,
}

impl ServerSettings {
    /// Makes the address that the server listens on its issuer where none is set.
    pub(crate) fn set_issuer(&mut self) {
        let (scheme, listen) = (self.connections.scheme(), self.listen);
        self.service.address = Some(format!("{scheme}://{listen}"));
    }

    /// Why no client can reach the issuer, if it names every interface in place of a host.
    pub(crate) fn unreachable_issuer(&self) -> Option<String> {
        let issuer = self.service.issuer();
        let uri = issuer.parse::<Uri>().ok()?;
        let address = uri.host()?.trim_matches(['[', ']']).parse::<IpAddr>().ok()?;
        let why = if self.service.tokens.issuer.is_some() { "is" } else { "is not set and is taken for" };
        address.is_unspecified().then(|| {
            format!(
                "KEYWARD_ISSUER {why} {issuer}, which tokens and links in mails name and no other machine can reach"
            )
        })
    }
}
