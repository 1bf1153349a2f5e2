//! A session in a file that its owner alone can read.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::store::{LockedStore, SavedSession, SessionStore};

/// How long another process may hold the lock.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most that is read of a file, in bytes.
const MOST: u64 = 64 * 1024;

/// Keeps a session in a file. On Unix the file is its owner's alone (0600) from the moment that it is made, and so is its folder if it is made here; a
/// file that others can read is refused, but for [`Keyward::end_kept`](crate::Keyward::end_kept). It is replaced by renaming, so it is whole after a crash. A file beside it, with `.lock` at the
/// end of its name, is locked while the session changes, and stays.
#[derive(Clone, Debug)]
pub struct SessionFile(PathBuf);

impl SessionFile {
    /// The session in the file at this path, which need not exist yet.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.0.clone().into_os_string();
        name.push(suffix);
        name.into()
    }

    fn folder(&self) -> &Path {
        self.0.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }
}

impl SessionStore for SessionFile {
    fn lock(&self) -> io::Result<Box<dyn LockedStore>> {
        make_folder(self.folder())?;
        let file = private().create(true).truncate(false).open(self.beside(".lock"))?;
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Box::new(Locked { file: self.clone(), _lock: file })),
                Err(TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(io::Error::new(
                        io::ErrorKind::TimedOut,
                        "another process has held its lock for 30 s",
                    ));
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }
}

/// The file, while it is locked.
struct Locked {
    file: SessionFile,
    /// Unlocked when it is closed.
    _lock: File,
}

impl Locked {
    /// Reads the file, if it is as `fit` demands.
    fn read_if(&self, fit: impl FnOnce(&File) -> io::Result<()>) -> io::Result<Option<SavedSession>> {
        let file = match File::open(&self.file.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        fit(&file)?;
        let mut text = Vec::new();
        file.take(MOST).read_to_end(&mut text)?;
        // The parser's own words may repeat what is in the file.
        let session = serde_json::from_slice(&text);
        session
            .map(Some)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "its file does not hold a session"))
    }
}

impl LockedStore for Locked {
    fn read(&self) -> io::Result<Option<SavedSession>> {
        self.read_if(refuse_shared)
    }

    fn read_to_end(&self) -> io::Result<Option<SavedSession>> {
        self.read_if(|_| Ok(()))
    }

    fn write(&self, session: Option<&SavedSession>) -> io::Result<()> {
        let Some(session) = session else {
            absent_is_well(fs::remove_file(&self.file.0))?;
            return sync_folder(self.file.folder());
        };
        let new = self.file.beside(".new");
        // One that a crash has left.
        absent_is_well(fs::remove_file(&new))?;
        let mut file = private().create_new(true).open(&new)?;
        file.write_all(&serde_json::to_vec(session)?)?;
        file.sync_all()?;
        fs::rename(&new, &self.file.0)?;
        sync_folder(self.file.folder())
    }
}

fn absent_is_well(removed: io::Result<()>) -> io::Result<()> {
    removed.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

/// Makes what was renamed or removed in a folder last through a crash.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    // Not every file system can.
    synced.or_else(|error| match error.kind() {
        io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied => Ok(()),
        _ => Err(error),
    })
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Makes files that their owner alone can read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(unix)]
fn refuse_shared(file: &File) -> io::Result<()> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata()?.permissions());
    let others = mode & 0o077;
    if others == 0 {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::PermissionDenied, "its file can be read by others; log in again"))
}

#[cfg(not(unix))]
fn refuse_shared(_: &File) -> io::Result<()> {
    Ok(())
}
