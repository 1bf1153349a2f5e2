//! What reads: on PostgreSQL the pool that writes too, on SQLite connections of their own.

use std::sync::Arc;

use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use super::readers::Readers;
#[cfg(feature = "testing")]
use super::readers::Witness;

/// The connections that read.
#[derive(Clone)]
pub enum ReadPool {
    /// PostgreSQL's one pool.
    Postgres(DatabaseConnection),
    /// SQLite's readers.
    Sqlite(Arc<Readers>),
}

impl ReadPool {
    pub(crate) async fn close(&self) -> Result<(), DbErr> {
        match self {
            Self::Postgres(pool) => pool.close_by_ref().await,
            Self::Sqlite(readers) => readers.close().await,
        }
    }

    /// Shows every prepared statement to `witness`.
    #[cfg(feature = "testing")]
    pub(crate) fn witnessed(&mut self, witness: Witness) {
        match self {
            Self::Postgres(pool) => pool.set_metric_callback(move |call| witness(call.statement)),
            Self::Sqlite(readers) => {
                Arc::get_mut(readers).expect("nothing else has them yet").witness = Some(witness);
            }
        }
    }
}

#[async_trait]
impl ConnectionTrait for ReadPool {
    fn get_database_backend(&self) -> DbBackend {
        match self {
            Self::Postgres(_) => DbBackend::Postgres,
            Self::Sqlite(_) => DbBackend::Sqlite,
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        match self {
            Self::Postgres(pool) => pool.execute_raw(statement).await,
            Self::Sqlite(readers) => readers.borrow().await?.execute(statement).await,
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match self {
            Self::Postgres(pool) => pool.execute_unprepared(sql).await,
            Self::Sqlite(readers) => readers.borrow().await?.execute_unprepared(sql).await,
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match self {
            Self::Postgres(pool) => pool.query_all_raw(statement).await,
            Self::Sqlite(readers) => readers.borrow().await?.query(statement).await,
        }
    }
}
