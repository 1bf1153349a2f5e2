//! The file `.env`: settings for those that are not in the environment. Only variables of ours are read.
//!
//! The working folder's is read, or else the nearest one above it that belongs to this account or to root: a
//! folder above may be one in which anybody can make files, such as `/tmp`.

mod statements;

use std::fmt::Display;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use self::statements::Setting;
use super::output::{Problem, note};

const NAME: &str = ".env";
/// How many bytes are read of it.
const LONGEST: u64 = 1024 * 1024;

/// The file's variables of ours.
pub(super) fn read() -> Result<Vec<(String, String)>, Problem> {
    let Ok(here) = std::env::current_dir() else { return Ok(Vec::new()) };
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
            Ok(file) if folder == here || is_own(file.metadata().ok().as_ref()) => variables(file, &path),
            Ok(_) => Err(unreadable(&path, "it belongs to another account")),
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => Err(unreadable(&path, &error)),
        };
    }
    Ok(Vec::new())
}

fn variables(file: File, path: &Path) -> Result<Vec<(String, String)>, Problem> {
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > LONGEST {
        return Err(unreadable(path, &format_args!("it is longer than {LONGEST} bytes")));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(unreadable(path, "it is UTF-16; save it as UTF-8"));
    }
    // A line of ours that is not UTF-8 is refused by its replacement characters.
    let settings = statements::parse(&String::from_utf8_lossy(&bytes)).map_err(|line| {
        // Nothing of the line is quoted: it may hold a secret.
        unreadable(path, &format_args!("line {line} must be NAME=value, its quotes closed, in UTF-8"))
    })?;
    for Setting { name, line, .. } in settings.iter().filter(|setting| setting.inside) {
        note(format_args!(
            "keyward: {}, line {line}: {name} stands between quotes of another variable, and is set all the same",
            path.display()
        ));
    }
    Ok(settings.into_iter().map(|setting| (setting.name, setting.value)).collect())
}

fn unreadable(path: &Path, reason: &(impl Display + ?Sized)) -> Problem {
    format!("the file {} cannot be read: {reason}", path.display())
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
