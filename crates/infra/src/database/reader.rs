//! One connection that reads from SQLite, and what runs on it.

use std::sync::Arc;

use sea_orm::{DbErr, ExecResult, QueryResult, RuntimeErr, Statement, Values};
use sea_query_sqlx::SqlxValues;
use sqlx::query::Query;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Error as SqlxError, Sqlite, SqliteConnection, query_with, raw_sql};

use crate::database::interrupt::Interrupt;

/// A connection, made when it is first used and anew after it failed; and what interrupts its statement.
#[derive(Default)]
pub(crate) struct Reader {
    pub(crate) connection: Option<SqliteConnection>,
    pub(crate) interrupt: Interrupt,
}

impl Reader {
    /// The connection, which is made with `options` if it is not there.
    pub(crate) async fn connection(
        &mut self,
        options: &SqliteConnectOptions,
    ) -> Result<&mut SqliteConnection, SqlxError> {
        let connection = if let Some(connection) = self.connection.take() {
            connection
        } else {
            let mut connection = SqliteConnection::connect_with(options).await?;
            self.interrupt.arm(&mut connection).await?;
            connection
        };
        Ok(self.connection.insert(connection))
    }

    /// All rows.
    pub(crate) async fn query(
        &mut self,
        options: &SqliteConnectOptions,
        statement: Statement,
    ) -> Result<Vec<QueryResult>, DbErr> {
        let connection = self.connection(options).await.map_err(not_connected)?;
        let rows = prepared(statement).fetch_all(connection).await;
        let rows = rows.map_err(|error| DbErr::Query(of_driver(error)))?;
        Ok(rows.into_iter().map(QueryResult::from).collect())
    }

    pub(crate) async fn execute(
        &mut self,
        options: &SqliteConnectOptions,
        statement: Statement,
    ) -> Result<ExecResult, DbErr> {
        let connection = self.connection(options).await.map_err(not_connected)?;
        let done = prepared(statement).execute(connection).await;
        done.map(ExecResult::from).map_err(|error| DbErr::Exec(of_driver(error)))
    }

    pub(crate) async fn execute_unprepared(
        &mut self,
        options: &SqliteConnectOptions,
        sql: &str,
    ) -> Result<ExecResult, DbErr> {
        let connection = self.connection(options).await.map_err(not_connected)?;
        let done = raw_sql(AssertSqlSafe(sql)).execute(connection).await;
        done.map(ExecResult::from).map_err(|error| DbErr::Exec(of_driver(error)))
    }

    /// Gives the connection up if it does not answer; the next call makes a new one.
    pub(crate) async fn test(&mut self) {
        if let Some(connection) = &mut self.connection
            && connection.ping().await.is_err()
        {
            self.connection = None;
        }
    }

    /// Closes the connection, if it is there.
    pub(crate) async fn close(self) -> Result<(), DbErr> {
        match self.connection {
            Some(connection) => connection.close().await.map_err(not_connected),
            None => Ok(()),
        }
    }
}

fn not_connected(error: SqlxError) -> DbErr {
    DbErr::Conn(of_driver(error))
}

fn of_driver(error: SqlxError) -> RuntimeErr {
    RuntimeErr::SqlxError(Arc::new(error))
}

fn prepared(statement: Statement) -> Query<'static, Sqlite, SqlxValues> {
    let Statement { sql, values, .. } = statement;
    query_with(AssertSqlSafe(sql), SqlxValues(values.unwrap_or_else(|| Values(Vec::new()))))
}
