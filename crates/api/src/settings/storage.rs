//! Where things are kept, and what of the database may be used at once and for how long. Every command needs it, but for
//! the copy to read from, which is the server's.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::secret::Secret;
use super::time::lifetime;

/// Where things are kept: what every command needs to know.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Storage")]
pub struct StorageSettings {
    /// The folder for the database and the master secret; made if it is not there
    #[arg(long, env = "KEYWARD_DATA_DIR", default_value = "./data", value_name = "FOLDER")]
    pub data_dir: PathBuf,

    /// `sqlite://PATH` or `postgres://USER:PASSWORD@HOST/DATABASE` [default: sqlite in the data folder]
    #[arg(long, env = "KEYWARD_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<Secret>,

    /// PostgreSQL: maximum number of connections
    #[arg(long, env = "KEYWARD_DATABASE_CONNECTIONS", default_value_t = 16, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub database_connections: u32,

    /// SQLite: number of connections that read, beside the one that writes
    #[arg(long, env = "KEYWARD_DATABASE_READERS", default_value_t = 4, value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=64))]
    pub database_readers: u32,

    /// How long to wait for a free connection or for another transaction's lock
    #[arg(long, env = "KEYWARD_DATABASE_ACQUIRE_TIMEOUT", default_value = "5s", value_name = "TIME",
        value_parser = lifetime)]
    pub database_acquire_timeout: Duration,

    /// How long a statement may take
    #[arg(long, env = "KEYWARD_DATABASE_STATEMENT_TIMEOUT", default_value = "10s", value_name = "TIME",
        value_parser = lifetime)]
    pub database_statement_timeout: Duration,

    /// PostgreSQL: how long a new connection may take
    #[arg(long, env = "KEYWARD_DATABASE_CONNECT_TIMEOUT", default_value = "3s", value_name = "TIME",
        value_parser = lifetime)]
    pub database_connect_timeout: Duration,

    /// PostgreSQL: close a connection that was not used for so long
    #[arg(long, env = "KEYWARD_DATABASE_IDLE_TIMEOUT", default_value = "10m", value_name = "TIME",
        value_parser = lifetime)]
    pub database_idle_timeout: Duration,

    /// PostgreSQL: age at which a connection is replaced
    #[arg(long, env = "KEYWARD_DATABASE_MAX_LIFETIME", default_value = "30m", value_name = "TIME",
        value_parser = lifetime)]
    pub database_max_lifetime: Duration,
}

/// A copy of the database to read from.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Storage")]
pub struct ReplicaSettings {
    /// PostgreSQL: a copy that follows the database, for reads that may be a moment old [default: none]
    #[arg(long, env = "KEYWARD_DATABASE_READ_URL", hide_env_values = true, value_name = "URL")]
    pub database_read_url: Option<String>,
}

impl StorageSettings {
    /// The database's address.
    pub fn database_url(&self) -> String {
        if let Some(url) = &self.database_url {
            return String::from_utf8_lossy(url.expose()).into_owned();
        }
        let file = self.data_dir.join("keyward.db").display().to_string();
        // In the root folder it has to be written so that it is meant.
        let root = if self.data_dir == std::path::Path::new("/") { "/" } else { "" };
        format!("sqlite://{root}{}", file.replace('%', "%25").replace('?', "%3F"))
    }
}
