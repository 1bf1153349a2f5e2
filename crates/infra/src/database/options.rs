//! How a database is used: sizes and limits, with the defaults of a server.

use std::time::Duration;

/// How a database is used.
#[derive(Clone, Copy, Debug)]
pub struct DatabaseOptions {
    /// PostgreSQL: maximum number of connections.
    pub max_connections: u32,
    /// SQLite: number of connections that read, beside the one that writes.
    pub readers: u32,
    /// How long a call waits for a free connection, and the database for a lock that another call or process holds.
    pub acquire_timeout: Duration,
    /// How long a statement may take. A call is given up after this and `acquire_timeout` together.
    pub statement_timeout: Duration,
    /// PostgreSQL: how long a new connection may take. If it takes longer, calls that wait are given up.
    pub connect_timeout: Duration,
    /// PostgreSQL: a connection that was not used for so long is closed.
    pub idle_timeout: Duration,
    /// PostgreSQL: age at which a connection is replaced, so that servers behind one name get their share in time.
    pub max_lifetime: Duration,
}

impl Default for DatabaseOptions {
    fn default() -> Self {
        Self {
            max_connections: 16,
            readers: 4,
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(3),
            idle_timeout: Duration::from_mins(10),
            max_lifetime: Duration::from_mins(30),
        }
    }
}
