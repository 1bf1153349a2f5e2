//! The files that a database lives on, which no command writes anything else into.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use keyward_api::settings::storage::StorageSettings;
use keyward_infra::database::backup::sqlite_file;

use super::output::Problem;

/// What SQLite and the lock add to the database's name.
const SUFFIXES: [&str; 5] = ["", "-wal", "-shm", "-journal", ".lock"];

/// Refuses to write to `target` if it is the SQLite database, a file beside it that belongs to it, or the
/// master secret: by any name, through any link.
pub(super) fn refuse(storage: &StorageSettings, target: &Path) -> Result<(), Problem> {
    let database = sqlite_file(&storage.database_url()).into_iter();
    let files = database.flat_map(|database| SUFFIXES.map(|suffix| with_suffix(&database, suffix)));
    let mut files = files.chain([storage.data_dir.join("master.key")]);
    match files.find(|file| is_same(file, target)) {
        Some(file) => Err(format!(
            "{} is a file that the database lives on ({}): name another one",
            target.display(),
            file.display()
        )),
        None => Ok(()),
    }
}

/// The path with this at its end.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Whether both paths lead to one file, or would if it were there.
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    if is_same_file(one, other) {
        return true;
    }
    let places = (place(one), place(other));
    matches!(places, (Some(one), Some(other)) if one == other)
}

#[cfg(unix)]
fn is_same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |path: &Path| path.metadata().ok().map(|found| (found.dev(), found.ino()));
    identity(one).is_some_and(|one| identity(other) == Some(one))
}

#[cfg(not(unix))]
fn is_same_file(one: &Path, other: &Path) -> bool {
    one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| other == one))
}

/// The name in its real folder.
fn place(path: &Path) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Some(folder.canonicalize().ok()?.join(path.file_name()?))
}
