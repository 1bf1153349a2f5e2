//! What `cargo xtask bench` needs of a database.
//!
//! - `rows fill URL ROWS`: copies the first user and the first post of a service's SQLite database until
//!   there are that many of each.
//! - `rows update URL CALLERS SECONDS`: how many rows a second that many callers update, each a row of its
//!   own and each update a durable transaction: what a write costs that does nothing else.

use std::error::Error;
use std::time::{Duration, Instant};

use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Database, Executor, IntoArguments, Pool, SqlitePool};

type Problem = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Problem> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["fill", url, rows] => fill(&sqlite(url).await?, rows.parse()?).await?,
        ["update", url, callers, seconds] => {
            let (callers, time) = (callers.parse()?, Duration::from_secs_f64(seconds.parse()?));
            let updates = if url.starts_with("sqlite:") {
                update(&sqlite(url).await?, callers, time).await?
            } else {
                // As many connections as the service has.
                let pool = PgPoolOptions::new().max_connections(16).test_before_acquire(false);
                update(&pool.connect(url).await?, callers, time).await?
            };
            println!("{updates}");
        }
        _ => return Err("rows fill URL ROWS, or rows update URL CALLERS SECONDS".into()),
    }
    Ok(())
}

/// Opens a SQLite database as the service does: one connection that writes, and every commit on the disk.
async fn sqlite(url: &str) -> Result<SqlitePool, Problem> {
    let options = url
        .parse::<SqliteConnectOptions>()?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let pool = SqlitePoolOptions::new().max_connections(1).test_before_acquire(false);
    Ok(pool.connect_with(options).await?)
}

async fn fill(pool: &SqlitePool, rows: u64) -> Result<(), Problem> {
    for (table, own) in [
        ("users", &[("email", "'filler' || n || '@example.com'")][..]),
        ("posts", &[("title", "'Post ' || n"), ("owner_id", "1 + n % 1000")]),
    ] {
        // The database gives the ids.
        let columns = "SELECT name FROM pragma_table_info(?) WHERE name <> 'id'";
        let columns: Vec<String> = sqlx::query_scalar(columns).bind(table).fetch_all(pool).await?;
        let values = columns.iter().map(|column| {
            let value = own.iter().find(|(name, _)| name == column).map(|(_, value)| *value);
            value.map_or_else(|| format!("one.{column}"), str::to_owned)
        });
        let (names, values) = (columns.join(", "), values.collect::<Vec<_>>().join(", "));
        // Batches, so that no transaction grows too large.
        let mut there: u64 = 1;
        while there < rows {
            let (first, last) = (there + 1, rows.min(there + 20_000));
            let copy = format!(
                "WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last}) \
                 INSERT INTO {table} ({names}) SELECT {values} \
                 FROM (SELECT * FROM {table} ORDER BY id LIMIT 1) AS one, numbers"
            );
            sqlx::raw_sql(AssertSqlSafe(copy)).execute(pool).await?;
            there = last;
        }
    }
    println!("{rows}");
    Ok(())
}

async fn update<DB: Database>(pool: &Pool<DB>, callers: usize, time: Duration) -> Result<f64, Problem>
where
    for<'c> &'c Pool<DB>: Executor<'c, Database = DB>,
    DB::Arguments: IntoArguments<DB>,
{
    pool.execute("CREATE TABLE IF NOT EXISTS bench (id BIGINT PRIMARY KEY, n BIGINT)").await?;
    pool.execute("DELETE FROM bench").await?;
    for caller in 0..callers {
        pool.execute(AssertSqlSafe(format!("INSERT INTO bench VALUES ({caller}, 0)"))).await?;
    }
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for caller in 0..callers {
        let pool = pool.clone();
        tasks.spawn(async move {
            let mut updates = 0_u32;
            while begun.elapsed() < time {
                let update = AssertSqlSafe(format!("UPDATE bench SET n = n + 1 WHERE id = {caller}"));
                sqlx::query(update).execute(&pool).await?;
                updates += 1;
            }
            Ok::<u32, sqlx::Error>(updates)
        });
    }
    let mut updates = 0;
    for done in tasks.join_all().await {
        updates += done?;
    }
    let rate = f64::from(updates) / begun.elapsed().as_secs_f64();
    pool.execute("DROP TABLE bench").await?;
    pool.close().await;
    Ok(rate)
}
