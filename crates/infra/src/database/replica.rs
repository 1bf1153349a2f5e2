//! A copy of the database that reads may use, as long as it answers; whenever it does not, the primary is asked.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use crate::database::bounded::Bounded;
use crate::database::read_pool::ReadPool;

/// How long a replica may take. It is there to save time, and the primary still has to answer after it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);
/// How long a replica that failed is left alone; then one call tries it again.
const PAUSE: Duration = Duration::from_secs(5);

/// A copy that follows the primary.
pub(crate) struct Replica {
    pool: Bounded<DatabaseConnection>,
    away_until: Mutex<Option<Instant>>,
}

impl Replica {
    pub(crate) fn new(pool: Bounded<DatabaseConnection>) -> Self {
        Self { pool, away_until: Mutex::new(None) }
    }

    /// The rows, if it is there and has them.
    async fn rows(&self, statement: &Statement) -> Option<Vec<QueryResult>> {
        if !self.is_worth_trying() {
            return None;
        }
        let rows = self.pool.query_all_raw(statement.clone()).await.ok();
        self.note(rows.is_none().then(|| Instant::now() + PAUSE));
        rows
    }

    fn is_worth_trying(&self) -> bool {
        let mut away = self.away_until.lock().unwrap_or_else(PoisonError::into_inner);
        match *away {
            Some(until) if Instant::now() < until => false,
            Some(_) => {
                *away = Some(Instant::now() + PAUSE);
                true
            }
            None => true,
        }
    }

    fn note(&self, away_until: Option<Instant>) {
        *self.away_until.lock().unwrap_or_else(PoisonError::into_inner) = away_until;
    }
}

/// What reads from the primary, behind a replica that is asked first or without one.
#[derive(Clone)]
pub struct Route {
    pub(crate) replica: Option<Arc<Replica>>,
    pub(crate) primary: Bounded<ReadPool>,
}

#[async_trait]
impl ConnectionTrait for Route {
    fn get_database_backend(&self) -> DbBackend {
        self.primary.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.primary.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.primary.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        if let Some(replica) = &self.replica
            && let Some(rows) = replica.rows(&statement).await
        {
            return Ok(rows);
        }
        self.primary.query_all_raw(statement).await
    }
}
