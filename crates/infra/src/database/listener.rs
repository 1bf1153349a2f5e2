//! Receiving the changes that other processes on the same PostgreSQL announce.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::{Error as SqlxError, Executor};
use tokio::time::timeout;

use keyward_domain::ports::announce::Change;

use super::signals::{CHANNEL, read};

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

    /// Passes every announced change to `receive` until dropped, and the reason of each interruption to `disconnected`.
    pub(crate) async fn run(
        &self,
        receive: impl Fn(Change) + Send + Sync,
        disconnected: impl Fn(String) + Send + Sync,
    ) {
        loop {
            let Err(error) = self.listen(&receive).await;
            disconnected(error.to_string());
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn listen(
        &self,
        receive: &(impl Fn(Change) + Send + Sync),
    ) -> Result<std::convert::Infallible, SqlxError> {
        // A pool of one, never used again: so that what breaks is noticed here and not mended silently.
        let pool = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
        let pool = pool.acquire_timeout(self.limit).connect_with(self.server.clone()).await?;
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.eager_reconnect(false);
        self.within(listener.listen(CHANNEL)).await?;
        // Changes up to now may have been missed.
        receive(Change::Anything);
        loop {
            match timeout(SILENCE, listener.try_recv()).await {
                Ok(Ok(Some(heard))) => receive(read(heard.payload())),
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
