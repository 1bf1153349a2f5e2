//! Settings of the server: those of the service, and how it listens, logs and is watched.

pub mod connections;
pub mod database;
pub mod resources;
pub mod watch;

use std::net::SocketAddr;

use clap::Args;
use keyward_api::settings::Settings;

use self::connections::ConnectionSettings;
use self::resources::ResourceSettings;
use self::watch::WatchSettings;

/// The settings of `keyward serve`.
#[derive(Args, Clone, Debug)]
pub struct ServerSettings {
    /// The address to listen on
    #[arg(long, env = "KEYWARD_LISTEN", default_value = "127.0.0.1:8000", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,

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

    /// What is logged: `error`, `warn`, `info`, `debug`, or a filter such as `info,sqlx=debug`
    #[arg(
        long,
        env = "KEYWARD_LOG",
        default_value = "info,sea_orm_migration=warn,sqlx::postgres=warn",
        value_name = "FILTER"
    )]
    pub log: String,

    /// How log lines look: `text`, `json`, or `auto`: text on a terminal, JSON elsewhere
    #[arg(long, env = "KEYWARD_LOG_FORMAT", default_value = "auto", value_name = "FORMAT",
        value_parser = ["auto", "text", "json"])]
    pub log_format: String,

    /// How many bytes of JSON lines may wait to be written; 0 writes each at once
    #[arg(long, env = "KEYWARD_LOG_BUFFER", default_value_t = 64 * 1024, value_name = "BYTES",
        value_parser = bytes_of_log)]
    pub log_buffer: usize,
}

/// A buffer that holds some lines and not all memory.
fn bytes_of_log(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Ok(0),
        Ok(bytes @ 4096..=67_108_864) => Ok(bytes),
        _ => Err("it is 0, or from 4096 to 67108864".to_owned()),
    }
}

impl ServerSettings {
    /// Makes the address that the server listens on its issuer where none is set.
    pub(crate) fn set_issuer(&mut self) {
        let (scheme, listen) = (self.connections.scheme(), self.listen);
        self.service.address = Some(format!("{scheme}://{listen}"));
    }
}
