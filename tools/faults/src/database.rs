//! Connections to a PostgreSQL server on loopback that asks for no password.

use std::path::PathBuf;
use std::time::Duration;

use keyward_servers::shell::Outcome;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

/// The superuser of a private server.
const SUPERUSER: &str = "keyward";
/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server, seen from outside the service.
pub(crate) struct Database {
    runtime: Runtime,
    port: u16,
}

impl Database {
    pub(crate) fn new(port: u16) -> Outcome<Self> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("No runtime for PostgreSQL: {error}."))?;
        Ok(Self { runtime, port })
    }

    /// Opens a connection to the database `postgres`.
    pub(crate) fn connect(&self, role: &str) -> Outcome<PgConnection> {
        let options = PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port)
            .username(role)
            .database("postgres")
            .ssl_mode(PgSslMode::Disable);
        let connection = async { timeout(PATIENCE, PgConnection::connect_with(&options)).await };
        match self.runtime.block_on(connection) {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err(format!("PostgreSQL refused a connection: {error}.")),
            Err(_) => Err("PostgreSQL did not answer in time.".to_owned()),
        }
    }

    /// The folder of the server's data.
    pub(crate) fn folder(&self) -> Outcome<PathBuf> {
        let mut connection = self.connect(SUPERUSER)?;
        let ask = sqlx::query_scalar::<_, String>("SELECT current_setting('data_directory')");
        let answer = self.runtime.block_on(async { timeout(PATIENCE, ask.fetch_one(&mut connection)).await });
        match answer {
            Ok(Ok(folder)) => Ok(folder.into()),
            Ok(Err(error)) => Err(format!("PostgreSQL did not say where its data is: {error}.")),
            Err(_) => Err("PostgreSQL did not say in time where its data is.".to_owned()),
        }
    }

    /// Runs a statement as superuser.
    pub(crate) fn administer(&self, sql: &str) -> Outcome {
        let mut connection = self.connect(SUPERUSER)?;
        let statement = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        let run = async { timeout(PATIENCE, statement.execute(&mut connection)).await };
        match self.runtime.block_on(run) {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(format!("PostgreSQL refused {sql:?}: {error}.")),
            Err(_) => Err(format!("PostgreSQL did not answer {sql:?} in time.")),
        }
    }
}
