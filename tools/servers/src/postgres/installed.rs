//! Finding the PostgreSQL that is installed.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::account::Account;
use crate::shell;

/// The programs that a private server takes, beside `postgres` itself.
const COMPANIONS: [&str; 3] = ["initdb", "pg_ctl", "pg_isready"];

/// Returns the folders that hold all programs in one version: on PATH, then Debian's, newest first.
pub fn folders() -> Vec<PathBuf> {
    let account = Account::for_server();
    let debian = Path::new("/usr/lib/postgresql").read_dir().into_iter().flatten().flatten();
    let folders = shell::search_path().into_iter().chain(newest_first(debian.map(|entry| entry.path())));
    folders.filter(|folder| usable(folder, account)).collect()
}

/// Tried as the account that will run the server: to another one, a program may be out of reach.
fn usable(folder: &Path, account: Option<Account>) -> bool {
    let version = |program: &str| {
        let mut command = Command::new(folder.join(program));
        Account::apply(account, command.current_dir("/"));
        let printed = shell::version(&mut command)?;
        Some(printed.strip_prefix(program)?.to_owned())
    };
    let server = version("postgres").filter(|version| version.starts_with(" (PostgreSQL) "));
    server.is_some() && COMPANIONS.iter().all(|program| version(program) == server)
}

fn newest_first(folders: impl Iterator<Item = PathBuf>) -> Vec<PathBuf> {
    let version = |path: &PathBuf| path.file_name().and_then(OsStr::to_str)?.parse::<u32>().ok();
    let mut folders: Vec<_> = folders.filter_map(|path| Some((version(&path)?, path))).collect();
    folders.sort();
    folders.into_iter().rev().map(|(_, path)| path.join("bin")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_comes_first_by_number() {
        let found = ["/p/9", "/p/17", "/p/15", "/p/common"].map(PathBuf::from);
        let bins = ["/p/17/bin", "/p/15/bin", "/p/9/bin"].map(PathBuf::from);
        assert_eq!(newest_first(found.into_iter()), bins);
    }

    #[test]
    fn a_folder_without_postgresql_is_not_usable() {
        assert!(!usable(Path::new("/"), None));
    }
}
