//! What `cargo xtask bench` needs of a database.
//!
//! - `rows fill URL ROWS`: copies the first user and the first post until there are so many of each.
//! - `rows update URL CALLERS SECONDS`: how many rows a second so many callers update, each row theirs alone and each update
//!   a transaction: what a write costs that does nothing else.

use std::time::{Duration, Instant};

use keyward_infra::database::options::DatabaseOptions;
use keyward_infra::database::store::Database;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};

type Problem = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Problem> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["fill", url, rows] => fill(open(url).await?.connection(), rows.parse()?).await?,
        ["update", url, callers, seconds] => {
            let database = open(url).await?;
            println!("{}", update(&database, callers.parse()?, seconds.parse()?).await?);
            database.close().await?;
        }
        _ => return Err("rows fill URL ROWS, or rows update URL CALLERS SECONDS".into()),
    }
    Ok(())
}

async fn open(url: &str) -> Result<Database, Problem> {
    Ok(Database::connect(url, DatabaseOptions::default()).await?)
}

async fn fill(connection: &DatabaseConnection, rows: u64) -> Result<(), DbErr> {
    let postgres = connection.get_database_backend() == DbBackend::Postgres;
    for (table, own) in [
        ("users", &[("email", "'filler' || n || '@example.com'")][..]),
        ("posts", &[("title", "'Post ' || n"), ("owner_id", "1 + n % 1000")]),
    ] {
        let columns = columns(connection, table).await?;
        let values = columns.iter().map(|column| {
            let value = own.iter().find(|(name, _)| name == column).map(|(_, value)| *value);
            value.map_or_else(|| format!("one.{column}"), str::to_owned)
        });
        let (names, values) = (columns.join(", "), values.collect::<Vec<_>>().join(", "));
        // Batches, so that no statement runs into the limits of a request.
        let mut there: u64 = 1;
        while there < rows {
            let (first, last) = (there + 1, rows.min(there + 20_000));
            let numbers = if postgres {
                format!("SELECT n FROM generate_series({first}, {last}) AS n")
            } else {
                format!(
                    "WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {last}) SELECT n FROM s"
                )
            };
            let one = format!("SELECT * FROM {table} ORDER BY id LIMIT 1");
            let copy = format!(
                "INSERT INTO {table} ({names}) SELECT {values} FROM ({one}) AS one, ({numbers}) AS numbers"
            );
            connection.execute_unprepared(&copy).await?;
            there = last;
        }
    }
    if postgres {
        connection.execute_unprepared("ANALYZE").await?;
    }
    println!("{rows}");
    Ok(())
}

/// The names of a table's columns, but for its id, which the database gives.
async fn columns(connection: &DatabaseConnection, table: &str) -> Result<Vec<String>, DbErr> {
    let backend = connection.get_database_backend();
    let question = match backend {
        DbBackend::Postgres => format!(
            "SELECT column_name::text AS name FROM information_schema.columns WHERE table_name = '{table}' ORDER BY ordinal_position"
        ),
        _ => format!("SELECT name FROM pragma_table_info('{table}')"),
    };
    let rows = connection.query_all_raw(Statement::from_string(backend, question)).await?;
    let names: Vec<String> = rows.iter().map(|row| row.try_get("", "name")).collect::<Result<_, _>>()?;
    Ok(names.into_iter().filter(|name| name != "id").collect())
}

async fn update(database: &Database, callers: usize, seconds: f64) -> Result<f64, Problem> {
    let connection = database.connection();
    connection
        .execute_unprepared("CREATE TABLE IF NOT EXISTS bench (id BIGINT PRIMARY KEY, n BIGINT)")
        .await?;
    connection.execute_unprepared("DELETE FROM bench").await?;
    for caller in 0..callers {
        connection.execute_unprepared(&format!("INSERT INTO bench VALUES ({caller}, 0)")).await?;
    }
    let begun = Instant::now();
    let time = Duration::from_secs_f64(seconds);
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let database = database.clone();
            tokio::spawn(async move {
                let connection = database.connection();
                let backend = connection.get_database_backend();
                let mut updates = 0_u32;
                while begun.elapsed() < time {
                    let update = format!("UPDATE bench SET n = n + 1 WHERE id = {caller}");
                    connection.execute_raw(Statement::from_string(backend, update)).await?;
                    updates += 1;
                }
                Ok::<u32, DbErr>(updates)
            })
        })
        .collect();
    let mut updates = 0;
    for task in tasks {
        updates += task.await??;
    }
    connection.execute_unprepared("DROP TABLE bench").await?;
    Ok(f64::from(updates) / begun.elapsed().as_secs_f64())
}
