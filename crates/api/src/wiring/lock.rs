//! Who uses a SQLite database: every server and command a little, whoever replaces it alone.
//!
//! The lock is the system's, on a file beside the database, so that it ends with whoever held it, however
//! they end.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use keyward_infra::database::backup::sqlite_file;

use super::error::ServiceError;

/// Held for as long as this lives.
pub struct Lock {
    path: PathBuf,
    new: bool,
    _file: File,
}

impl Lock {
    /// For using the database of this URL together with others. There is nothing to lock in PostgreSQL.
    pub fn shared(url: &str) -> Result<Option<Self>, ServiceError> {
        let Some(database) = sqlite_file(url) else { return Ok(None) };
        // Where no file can be made here, no database can be, and opening that says it better.
        let Ok((file, path, new)) = open(&database) else { return Ok(None) };
        match file.try_lock_shared() {
            Ok(()) => Ok(Some(Self { path, new, _file: file })),
            Err(_) => Err(format!("the database {} is just being restored", database.display()).into()),
        }
    }

    /// For replacing a database that nobody else uses.
    pub fn alone(database: &Path) -> Result<Self, ServiceError> {
        let problem = |error: &dyn std::fmt::Display| {
            ServiceError::from(format!("the database {} cannot be locked: {error}", database.display()))
        };
        let (file, path, new) = open(database).map_err(|error| problem(&error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { path, new, _file: file }),
            Err(std::fs::TryLockError::WouldBlock) => Err(format!(
                "the database {} is in use: stop every server and command on it first",
                database.display()
            )
            .into()),
            Err(std::fs::TryLockError::Error(error)) => Err(problem(&error)),
        }
    }

    /// Removes the file if it was made for nothing.
    pub fn undo(self) {
        if self.new {
            drop(std::fs::remove_file(&self.path));
        }
    }
}

fn open(database: &Path) -> std::io::Result<(File, PathBuf, bool)> {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    let path = PathBuf::from(name);
    let new = !path.exists();
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    Ok((options.open(&path)?, path, new))
}
