//! The lock of a SQLite database: shared by servers and commands, exclusive for a program that replaces the file.
//!
//! The lock is the system's, on a file beside the database, so that it ends with the process that held it, however
//! they end.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

use keyward_infra::database::backup::sqlite_file;

use super::error::ServiceError;

/// How often a lock that is taken is tried again, and how long after: a start that failed holds it for a
/// moment alone, to remove the file.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(10);

/// Held for as long as this lives.
pub struct Lock {
    path: PathBuf,
    new: bool,
    file: File,
}

impl Lock {
    /// For using the database of this URL together with others. There is nothing to lock in PostgreSQL.
    pub fn shared(url: &str) -> Result<Option<Self>, ServiceError> {
        let Some(database) = sqlite_file(url) else { return Ok(None) };
        match Self::take(&database, File::try_lock_shared) {
            Ok(lock) => Ok(Some(lock)),
            Err(Refused::Taken) => {
                Err(format!("the database {} is just being restored", database.display()).into())
            }
            // Where no file can be made here, no database can be, and opening that says it better.
            Err(Refused::Failed(_)) => Ok(None),
        }
    }

    /// Exclusive: for replacing a database that no other process uses.
    pub fn alone(database: &Path) -> Result<Self, ServiceError> {
        Self::take(database, File::try_lock).map_err(|refused| match refused {
            Refused::Taken => format!(
                "the database {} is in use: stop every server and command on it first",
                database.display()
            )
            .into(),
            Refused::Failed(error) => {
                format!("the database {} cannot be locked: {error}", database.display()).into()
            }
        })
    }

    /// Removes the file if it was made for nothing: not if another process shares it, which has to keep
    /// others out.
    pub fn undo(self) {
        if self.new && self.file.unlock().is_ok() && self.file.try_lock().is_ok() && self.is_current() {
            drop(std::fs::remove_file(&self.path));
        }
    }

    fn take(
        database: &Path,
        lock: impl Fn(&File) -> Result<(), std::fs::TryLockError>,
    ) -> Result<Self, Refused> {
        for _ in 0..TRIES {
            let taken = open(database).map_err(Refused::Failed)?;
            match lock(&taken.file) {
                // The lock of a file that was removed meanwhile protects nothing.
                Ok(()) if taken.is_current() => return Ok(taken),
                Ok(()) => {}
                Err(std::fs::TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
                Err(std::fs::TryLockError::Error(error)) => return Err(Refused::Failed(error)),
            }
        }
        Err(Refused::Taken)
    }

    /// Whether the file still has its name.
    #[cfg(unix)]
    fn is_current(&self) -> bool {
        use std::os::unix::fs::MetadataExt;
        let identity = |found: std::fs::Metadata| (found.dev(), found.ino());
        let own = self.file.metadata().map(identity).ok();
        own.is_some() && self.path.metadata().map(identity).ok() == own
    }

    /// Whether the file still has its name: an open file keeps it here.
    #[cfg(not(unix))]
    fn is_current(&self) -> bool {
        true
    }
}

/// Why there is no lock.
enum Refused {
    Taken,
    Failed(std::io::Error),
}

fn open(database: &Path) -> std::io::Result<Lock> {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    let path = PathBuf::from(name);
    let new = !path.exists();
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    Ok(Lock { file: options.open(&path)?, path, new })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_others_share_is_not_removed_from_under_them() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("keyward.db");
        let url = format!("sqlite://{}", database.display());
        let first = Lock::shared(&url).unwrap().unwrap();
        let second = Lock::shared(&url).unwrap().unwrap();
        first.undo();
        assert!(Lock::alone(&database).is_err(), "the second one uses the database");
        second.undo();
        drop(Lock::alone(&database).unwrap());
    }

    #[test]
    fn a_lock_made_for_nothing_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("keyward.db").display());
        Lock::shared(&url).unwrap().unwrap().undo();
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    }
}
