//! Whether a PostgreSQL server is there at all: asked on behalf of calls that wait longer than usual.
//!
//! A pool that finds its server gone goes on trying for as long as a caller is willing to wait for a connection. A
//! refused connection is known at once, though, so a caller asks here instead of waiting for a connection that will not come.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection, Error as SqlxError};
use tokio::sync::Mutex;

/// How long a call may take before it is asked whether the server is there.
pub(crate) const UNUSUAL: Duration = Duration::from_millis(300);
/// How long an answer is good: of any number of calls that wait, one asks.
const GOOD_FOR: Duration = Duration::from_millis(500);

/// Asks by connecting, and hanging up.
pub(crate) struct Probe {
    server: PgConnectOptions,
    limit: Duration,
    /// When the server was last seen to be away, or not.
    seen: Mutex<Option<(Instant, Option<String>)>>,
}

impl Probe {
    pub(crate) fn new(server: PgConnectOptions, limit: Duration) -> Self {
        Self { server, limit, seen: Mutex::new(None) }
    }

    /// Why a connection cannot be made, in PostgreSQL's words where it answered.
    pub(crate) async fn ask(&self) -> Result<(), String> {
        match self.connect().await {
            Some(Ok(connection)) => {
                drop(connection.close().await);
                Ok(())
            }
            Some(Err(SqlxError::Database(error))) => Err(error.message().to_owned()),
            Some(Err(error)) => Err(error.to_string()),
            None => Err(format!("no answer within {:?}", self.limit)),
        }
    }

    /// Waits until a call is unusually slow, and then returns if the server is away, saying how one knows; never otherwise.
    pub(crate) async fn away(&self) -> String {
        tokio::time::sleep(UNUSUAL).await;
        loop {
            if let Some(reason) = self.seen_away().await {
                return reason;
            }
            tokio::time::sleep(GOOD_FOR).await;
        }
    }

    async fn seen_away(&self) -> Option<String> {
        let mut seen = self.seen.lock().await;
        if let Some((when, reason)) = &*seen
            && when.elapsed() < GOOD_FOR
        {
            return reason.clone();
        }
        let reason = match self.connect().await {
            Some(Ok(connection)) => {
                drop(connection.close().await);
                None
            }
            // It answered, if only that it is full: who waits may get what others give back.
            Some(Err(SqlxError::Database(_))) => None,
            Some(Err(SqlxError::Io(error))) if error.kind() == ErrorKind::UnexpectedEof => None,
            Some(Err(error)) => Some(error.to_string()),
            None => Some(format!("no new connection within {:?}", self.limit)),
        };
        *seen = Some((Instant::now(), reason.clone()));
        reason
    }

    async fn connect(&self) -> Option<Result<PgConnection, SqlxError>> {
        tokio::time::timeout(self.limit, PgConnection::connect_with(&self.server)).await.ok()
    }
}
