//! What reads: on PostgreSQL the pool that writes too, on SQLite connections of their own.

use std::sync::Arc;

use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use super::readers::Readers;

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

    /// Its pools, before they are shared.
    #[cfg(feature = "testing")]
    pub(crate) fn connections_mut(&mut self) -> Vec<&mut DatabaseConnection> {
        match self {
            Self::Postgres(pool) => vec![pool],
            Self::Sqlite(readers) => {
                let readers = Arc::get_mut(readers).into_iter().flat_map(|readers| &mut readers.all);
                readers.map(|reader| &mut reader.connection).collect()
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
            Self::Sqlite(readers) => {
                let loan = readers.borrow().await?;
                let connection = loan.connection();
                loan.run(connection.execute_raw(statement)).await
            }
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match self {
            Self::Postgres(pool) => pool.execute_unprepared(sql).await,
            Self::Sqlite(readers) => {
                let loan = readers.borrow().await?;
                let connection = loan.connection();
                loan.run(connection.execute_unprepared(sql)).await
            }
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        Ok(self.query_all_raw(statement).await?.into_iter().next())
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match self {
            Self::Postgres(pool) => pool.query_all_raw(statement).await,
            Self::Sqlite(readers) => {
                let loan = readers.borrow().await?;
                let connection = loan.connection();
                loan.run(connection.query_all_raw(statement)).await
            }
        }
    }
}
