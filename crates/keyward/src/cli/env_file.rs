//! The file `.env`: settings for those that are not in the environment.
//!
//! The working folder's is read, or else the nearest one above it that belongs to this account or to root: a
//! folder above may be one in which anybody can make files, such as `/tmp`.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use super::output::{Problem, note};

const NAME: &str = ".env";

/// Puts the file's settings into the environment.
pub(super) fn read() -> Result<(), Problem> {
    let Ok(here) = std::env::current_dir() else { return Ok(()) };
    for folder in here.ancestors() {
        let path = folder.join(NAME);
        // Neither a folder of that name nor a device is meant.
        if !path.is_file() {
            continue;
        }
        if folder != here && !is_trusted(&path) {
            note(format_args!("keyward: {} belongs to another account and is not read", path.display()));
            continue;
        }
        return match File::open(&path) {
            // What cannot be trusted may have been put in its place meanwhile.
            Ok(file) if folder == here || is_own(file.metadata().ok().as_ref()) => apply(file),
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            _ => Err(unreadable()),
        };
    }
    Ok(())
}

fn apply(file: File) -> Result<(), Problem> {
    // The error's own words would quote the line, which may hold a secret.
    dotenvy::from_read(file).map_err(|_| unreadable())
}

fn unreadable() -> Problem {
    "the file .env cannot be read: each line must be NAME=value".to_owned()
}

/// Whether the file belongs to this account or to root, and so does the link to it, if it is one.
fn is_trusted(path: &Path) -> bool {
    is_own(path.symlink_metadata().ok().as_ref()) && is_own(path.metadata().ok().as_ref())
}

#[cfg(unix)]
fn is_own(found: Option<&std::fs::Metadata>) -> bool {
    use std::os::unix::fs::MetadataExt;
    found.is_some_and(|found| [0, rustix::process::geteuid().as_raw()].contains(&found.uid()))
}

#[cfg(not(unix))]
fn is_own(found: Option<&std::fs::Metadata>) -> bool {
    found.is_some()
}
