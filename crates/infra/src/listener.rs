//! Hearing what other processes on the same PostgreSQL say, for as long as the server runs.

use std::time::Duration;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sea_orm::sqlx::{Error as SqlxError, Executor};
use tokio::time::timeout;

use crate::signals::{CHANNEL, Signal};

/// After so long a silence it is asked whether the server is still there: a wire can be cut without a sound.
const SILENCE: Duration = Duration::from_secs(10);
/// How long after a failure it is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// Listens on a connection of its own, and connects again whenever that breaks.
#[derive(Clone)]
pub(crate) struct Listener {
    server: PgConnectOptions,
    limit: Duration,
}

impl Listener {
    /// A listener to this server, where connecting and answering may take `limit` each.
    pub(crate) fn new(server: PgConnectOptions, limit: Duration) -> Self {
        Self { server: server.application_name("keyward listener"), limit }
    }

    /// Passes on what is heard, until dropped.
    pub(crate) async fn run(&self, hear: impl Fn(Signal) + Send + Sync) {
        loop {
            let Err(error) = self.listen(&hear).await;
            hear(Signal::Deaf(error.to_string()));
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn listen(
        &self,
        hear: &(impl Fn(Signal) + Send + Sync),
    ) -> Result<std::convert::Infallible, SqlxError> {
        // A pool of one, never used again: so that what breaks is noticed here and not mended silently.
        let pool = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
        let pool = pool.acquire_timeout(self.limit).connect_with(self.server.clone()).await?;
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.eager_reconnect(false);
        self.within(listener.listen(CHANNEL)).await?;
        // Whatever happened until now, nobody may have told us.
        hear(Signal::Anything);
        loop {
            match timeout(SILENCE, listener.try_recv()).await {
                Ok(Ok(Some(heard))) => hear(Signal::read(heard.payload())),
                Ok(Ok(None)) => return Err(SqlxError::WorkerCrashed),
                Ok(Err(error)) => return Err(error),
                Err(_silence) => {
                    self.within((&mut listener).execute("SELECT 1")).await?;
                }
            }
        }
    }

    async fn within<T>(&self, call: impl Future<Output = Result<T, SqlxError>>) -> Result<T, SqlxError> {
        timeout(self.limit, call).await.unwrap_or(Err(SqlxError::PoolTimedOut))
    }
}
