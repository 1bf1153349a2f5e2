//! Opening a database: from a URL to the connections that read and a pool that writes.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sea_orm::DatabaseConnection;
use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection, raw_sql};
use sqlx::{Error as SqlxError, Postgres, Sqlite};

use crate::database::bounded::{Bounded, Patience};
use crate::database::connect_error::ConnectError;
use crate::database::interrupt::Interrupt;
use crate::database::listener::Listener;
use crate::database::options::DatabaseOptions;
use crate::database::permission;
use crate::database::pooler;
use crate::database::probe::Probe;
use crate::database::read_pool::ReadPool;
use crate::database::readers::Readers;
use crate::database::replica::{self, Replica};
use crate::database::signals;
use crate::database::url::{self, unknown_scheme, with_hint};

/// How long a PostgreSQL transaction may do nothing while it holds locks.
const IDLE_IN_TRANSACTION: Duration = Duration::from_mins(1);
/// How soon a SQLite file that is busy being made is tried again.
const RETRY: Duration = Duration::from_millis(20);
/// A PostgreSQL connection unused for longer is tried out before it is used.
const TRY_OUT_AFTER: Duration = Duration::from_secs(1);

/// The connections of a database.
pub(crate) struct Opened {
    pub(crate) reader: ReadPool,
    pub(crate) writer: DatabaseConnection,
    /// Ends what the writer runs, on SQLite.
    pub(crate) interrupt: Option<Interrupt>,
    /// Asks a server whether it is there.
    pub(crate) probe: Option<Arc<Probe>>,
    /// Hears other processes, where the server lets them speak.
    pub(crate) listener: Option<Listener>,
}

/// Opens the database that `url` names.
pub(crate) async fn open(url: &str, options: &DatabaseOptions) -> Result<Opened, ConnectError> {
    match url.split_once(':') {
        Some(("sqlite", _)) => open_sqlite(url, options).await,
        Some(("postgres" | "postgresql", _)) => open_postgres(url, options).await,
        Some((scheme, _)) => Err(unknown_scheme(scheme)),
        None => Err(ConnectError::Scheme),
    }
}

async fn open_sqlite(url: &str, options: &DatabaseOptions) -> Result<Opened, ConnectError> {
    let path = url::sqlite(url)?.get_filename().to_owned();
    if path.as_os_str().is_empty() || url.contains(":memory:") || url.contains("mode=memory") {
        return Err(ConnectError::NotAFile);
    }
    create_private(&path)?;

    let writing = SqliteConnectOptions::new()
        .filename(&path)
        .busy_timeout(options.acquire_timeout)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let reading = SqliteConnectOptions::new()
        .filename(&path)
        .busy_timeout(options.acquire_timeout)
        .foreign_keys(true)
        .pragma("query_only", "ON");
    let failed = |error: SqlxError| {
        let words = reason(&error, options);
        let owner = permission::owner(&path).map(|owner| format!("; {owner}")).unwrap_or_default();
        ConnectError::File(path.clone(), words + &owner)
    };
    // The writer first: it makes an empty file a database in WAL mode. For that moment SQLite wants the file for itself
    // and does not wait, so of two processes that start together on a new file one has to try again.
    let deadline = Instant::now() + options.acquire_timeout;
    let interrupt = Interrupt::default();
    let writer = loop {
        match interrupt.closing(sqlite_pool(options)).connect_with(writing.clone()).await {
            Err(error) if is_busy(&error) && Instant::now() < deadline => tokio::time::sleep(RETRY).await,
            opened => break opened.map_err(failed)?,
        }
    };
    let readers = Readers::open(reading, options).await.map_err(failed)?;
    let reader = ReadPool::Sqlite(Arc::new(readers));
    Ok(Opened { reader, writer: writer.into(), interrupt: Some(interrupt), probe: None, listener: None })
}

/// SQLite's result code 5, with any detail: another process holds the file.
fn is_busy(error: &SqlxError) -> bool {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    code.is_some_and(|code| code & 0xff == 5)
}

/// A pool of one connection.
fn sqlite_pool(options: &DatabaseOptions) -> PoolOptions<Sqlite> {
    SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(options.acquire_timeout)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

/// Makes the file, if it is missing, readable for its owner only. SQLite gives its companions the same mode.
fn create_private(path: &Path) -> Result<(), ConnectError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if folder.is_some_and(|folder| !folder.is_dir()) {
        return Err(ConnectError::NoFolder(path.to_owned()));
    }
    let mut file = std::fs::OpenOptions::new();
    file.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    match file.open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(ConnectError::File(path.to_owned(), permission::explain(path, &error)))
        }
        _ => Ok(()),
    }
}

async fn open_postgres(url: &str, options: &DatabaseOptions) -> Result<Opened, ConnectError> {
    let server = postgres(url, options)?;
    let name = format!("{}:{}", server.get_host(), server.get_port());
    let refused = |reason| ConnectError::Server { server: name.clone(), reason: with_hint(url, reason) };
    // One connection first: the pool would try again and again, and then only know that time is up.
    let probe = Probe::new(server.clone(), options.connect_timeout);
    probe.ask().await.map_err(|reason| refused(pooler::explain(reason)))?;
    pooler::refuse_exchange(&server, options.connect_timeout).await.map_err(&refused)?;
    let pool = postgres_pool(options, "").connect_with(server.clone()).await;
    let both = DatabaseConnection::from(pool.map_err(|error| refused(reason(&error, options)))?);
    let listener = Listener::new(server, options.connect_timeout);
    let listener = signals::are_known_to(&both).await.then_some(listener);
    let probe = Some(Arc::new(probe));
    Ok(Opened { reader: ReadPool::Postgres(both.clone()), writer: both, interrupt: None, probe, listener })
}

/// A copy of a PostgreSQL database, for reading only. It need not be there yet.
pub(crate) fn open_replica(url: &str, options: &DatabaseOptions) -> Result<Replica, ConnectError> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(ConnectError::NoReplica);
    }
    let limit = options.acquire_timeout.min(replica::PATIENCE);
    let options = DatabaseOptions { acquire_timeout: limit, statement_timeout: limit, ..*options };
    let server = postgres(url, &options)?.options([("default_transaction_read_only", "on")]);
    let probe = Some(Arc::new(Probe::new(server.clone(), options.connect_timeout)));
    let pool = postgres_pool(&options, "SET default_transaction_read_only = on");
    let pool = DatabaseConnection::from(pool.connect_lazy_with(server));
    Ok(Replica::new(Bounded::new(pool, Patience { limit, probe, interrupt: None })))
}

/// A server, with our limits for every session there.
fn postgres(url: &str, options: &DatabaseOptions) -> Result<PgConnectOptions, ConnectError> {
    let server = url::postgres(url)?;
    Ok(server.application_name("keyward").options(limits(options)))
}

/// Our limits for every session, in milliseconds.
fn limits(options: &DatabaseOptions) -> [(&'static str, u128); 3] {
    [
        ("statement_timeout", options.statement_timeout.as_millis()),
        ("lock_timeout", options.acquire_timeout.as_millis()),
        ("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION.as_millis()),
    ]
}

/// A pool whose connections begin with `more`. They repeat our limits, for a pooler drops those of the first
/// message.
fn postgres_pool(options: &DatabaseOptions, more: &'static str) -> PoolOptions<Postgres> {
    let limits: Vec<_> =
        limits(options).iter().map(|(name, value)| format!("SET {name} = {value}; ")).collect();
    let settings = limits.concat() + more;
    PgPoolOptions::new()
        .after_connect(move |connection, _| {
            let settings = AssertSqlSafe(settings.clone());
            Box::pin(async move { raw_sql(settings).execute(connection).await.map(drop) })
        })
        .max_connections(options.max_connections)
        .acquire_timeout(options.acquire_timeout)
        .idle_timeout(options.idle_timeout)
        .max_lifetime(options.max_lifetime)
        .test_before_acquire(false)
        .before_acquire(|connection, unused| {
            Box::pin(async move {
                if unused.idle_for >= TRY_OUT_AFTER {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
}

fn reason(error: &SqlxError, options: &DatabaseOptions) -> String {
    match error {
        SqlxError::PoolTimedOut => format!("no answer within {:?}", options.acquire_timeout),
        SqlxError::Database(error) => error.message().to_owned(),
        other => other.to_string(),
    }
}
