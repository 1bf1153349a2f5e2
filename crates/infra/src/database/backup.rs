//! SQLite: a copy of a database that is in use, whether a file is sound, and a database at rest.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::DatabaseConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqlitePoolOptions};
use sqlx::{Connection, Error as SqlxError};

use super::url;

/// How long to wait for a running write.
const BUSY: Duration = Duration::from_secs(10);

/// Why there is no copy, or none that could be used.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{0}")]
    Sqlite(#[from] SqlxError),
    /// The file is damaged.
    #[error("it is damaged: {0}")]
    Damaged(String),
}

/// The file that a `sqlite://` URL names; `None` for any other URL.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    let options = url.starts_with("sqlite:").then(|| url::sqlite(url).ok())?;
    options.map(|options| options.get_filename().to_owned())
}

/// Writes the database at `source`, as it is at one moment, into the empty file `target`. Other readers and writers
/// are not blocked meanwhile.
///
/// # Errors
/// What SQLite answered, such as that the disk is full; `target` is of no use then.
pub async fn copy_sqlite(source: &Path, target: &Path) -> Result<(), BackupError> {
    let mut connection = SqliteConnection::connect_with(&existing(source)).await?;
    let target = target.to_str().ok_or_else(|| SqlxError::Configuration("its name is no text".into()))?;
    let copied = sqlx::query("VACUUM INTO ?").bind(target).execute(&mut connection).await;
    connection.close().await?;
    copied?;
    Ok(())
}

/// Opens a file that no other process uses, if its integrity check passes.
///
/// # Errors
/// What is not.
pub async fn open_sound_sqlite(path: &Path) -> Result<DatabaseConnection, BackupError> {
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(existing(path)).await?;
    let found: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(3)").fetch_all(&pool).await?;
    if found != ["ok"] {
        let words: Vec<&str> = found.iter().flat_map(|words| words.lines()).collect();
        return Err(BackupError::Damaged(words.join("; ")));
    }
    let dangling: Vec<String> = sqlx::query_scalar("SELECT DISTINCT \"table\" FROM pragma_foreign_key_check")
        .fetch_all(&pool)
        .await?;
    if !dangling.is_empty() {
        return Err(BackupError::Damaged(format!("rows of {} refer to none", dangling.join(", "))));
    }
    Ok(pool.into())
}

/// Brings everything that was written into the file itself, so that the file is the whole database.
///
/// # Errors
/// What SQLite answered.
pub async fn settle_sqlite(path: &Path) -> Result<(), BackupError> {
    let mut connection = SqliteConnection::connect_with(&existing(path)).await?;
    let settled = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await;
    connection.close().await?;
    settled?;
    Ok(())
}

fn existing(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).create_if_missing(false).busy_timeout(BUSY)
}
