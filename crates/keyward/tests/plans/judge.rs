//! What a statement costs, by the database's own account: its plan, and the work it did.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use keyward_infra::testing::TestDatabase;
use sea_orm::sqlx::postgres::PgPoolOptions;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, QueryResult, SqliteTransactionMode,
    Statement, TransactionOptions, TransactionTrait,
};

/// What a statement cost.
pub(crate) struct Cost {
    /// The plan, a line a step.
    pub(crate) plan: Vec<String>,
    /// SQLite: steps of its machine. PostgreSQL: pages.
    pub(crate) work: u64,
    pub(crate) micros: u128,
}

impl Cost {
    /// The tables that are read from one end to the other, or to where a `LIMIT` ends it.
    pub(crate) fn scanned(&self) -> Vec<String> {
        let word_after = |line: &str, words: &str| {
            line.split_once(words).and_then(|(_, rest)| rest.split([' ', ')']).next().map(str::to_owned))
        };
        self.plan
            .iter()
            .filter_map(|line| word_after(line, "Seq Scan on ").or_else(|| word_after(line, "SCAN ")))
            // What a window function reads, as SQLite calls it. How its rows are found stands in the plan besides.
            .filter(|table| !table.starts_with("(subquery-"))
            .collect()
    }
}

/// A connection of its own, which counts what it does.
pub(crate) struct Judge {
    connection: DatabaseConnection,
    steps: Arc<AtomicU64>,
}

impl Judge {
    pub(crate) async fn of(home: &TestDatabase) -> Self {
        let steps = Arc::new(AtomicU64::new(0));
        let connection = if home.is_postgres() {
            PgPoolOptions::new().max_connections(1).connect(&home.url).await.unwrap().into()
        } else {
            let counter = Arc::clone(&steps);
            let options: SqliteConnectOptions = home.url.parse().unwrap();
            let pool = SqlitePoolOptions::new().max_connections(1).after_connect(move |connection, _| {
                let counter = Arc::clone(&counter);
                Box::pin(async move {
                    connection.lock_handle().await?.set_progress_handler(1, move || {
                        counter.fetch_add(1, Ordering::Relaxed);
                        true
                    });
                    Ok(())
                })
            });
            pool.connect_with(options.foreign_keys(true)).await.unwrap().into()
        };
        Self { connection, steps }
    }

    /// Runs statements in one transaction, takes back what they did, and says what each cost.
    pub(crate) async fn costs(&self, statements: Vec<Statement>) -> Vec<(Statement, Cost)> {
        // With the write lock from the start: what was called before may still be being rolled back.
        let immediate = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let tx = self.connection.begin_with_options(immediate).await.unwrap();
        let mut costs = Vec::new();
        for statement in statements {
            let cost = match self.connection.get_database_backend() {
                DbBackend::Sqlite => self.cost_on_sqlite(&tx, &statement).await,
                _ => cost_on_postgres(&tx, &statement).await,
            };
            costs.push((statement, cost));
        }
        tx.rollback().await.unwrap();
        costs
    }

    async fn cost_on_sqlite(&self, tx: &DatabaseTransaction, statement: &Statement) -> Cost {
        let rows = run(tx, with(statement, "EXPLAIN QUERY PLAN ")).await;
        let plan = rows.iter().map(|row| row.try_get("", "detail").unwrap()).collect();
        self.steps.store(0, Ordering::Relaxed);
        let begun = Instant::now();
        run(tx, statement.clone()).await;
        let (work, micros) = (self.steps.load(Ordering::Relaxed), begun.elapsed().as_micros());
        Cost { plan, work, micros }
    }
}

async fn cost_on_postgres(tx: &DatabaseTransaction, statement: &Statement) -> Cost {
    let begun = Instant::now();
    let trial = tx.begin().await.unwrap();
    let tried = trial.query_all_raw(with(statement, "EXPLAIN (ANALYZE, BUFFERS) ")).await;
    let rows = if let Ok(rows) = tried {
        trial.commit().await.unwrap();
        rows
    } else {
        // It names an id that was given the first time, and a sequence does not go back: only the plan then.
        trial.rollback().await.unwrap();
        run(tx, with(statement, "EXPLAIN ")).await
    };
    let micros = begun.elapsed().as_micros();
    let plan: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    // The first such line is that of the whole; planning has one of its own, further down.
    let pages = plan
        .iter()
        .take_while(|line| !line.starts_with("Planning"))
        .find(|line| line.contains("Buffers: shared"));
    let number = |word: &str| pages?.split_once(word)?.1.split(' ').next()?.parse::<u64>().ok();
    let work = number("hit=").unwrap_or_default() + number("read=").unwrap_or_default();
    Cost { plan, work, micros }
}

async fn run(tx: &DatabaseTransaction, statement: Statement) -> Vec<QueryResult> {
    let sql = statement.sql.clone();
    tx.query_all_raw(statement).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

fn with(statement: &Statement, prefix: &str) -> Statement {
    Statement { sql: format!("{prefix}{}", statement.sql), ..statement.clone() }
}
