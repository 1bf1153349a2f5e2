//! `keyward backup` and `keyward restore`: a SQLite database as one file, and back.
//!
//! Nothing gets its final name before it is whole, checked and on the disk.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use keyward_api::resources::resource::migrations;
use keyward_api::settings::storage::StorageSettings;
use keyward_api::wiring::lock::Lock;
use keyward_auth::SystemRandom;
use keyward_domain::values::clock::Clock;
use keyward_infra::clock::SystemClock;
use keyward_infra::database::backup::{copy_sqlite, open_sound_sqlite, settle_sqlite, sqlite_file};
use keyward_infra::sessions::feed_epoch;
use keyward_infra::sessions::restored::{end_all_sessions, forget_logouts};
use keyward_migration::MigrationSet;

use super::examples;
use super::live_files::{self, with_suffix};
use super::output::{Problem, can_say, note, say};
use crate::cli::settings::database::DatabaseSettings;

#[derive(Args)]
#[command(after_help = examples::BACKUP)]
pub(super) struct Backup {
    /// The file to write
    file: PathBuf,
    /// Replace the file if it is there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    database: DatabaseSettings,
}

#[derive(Args)]
#[command(after_help = examples::BACKUP)]
pub(super) struct Restore {
    /// The file that `keyward backup` wrote
    file: PathBuf,
    /// Let the sessions go on that stood when the backup was made: also those that were ended since
    #[arg(long)]
    keep_sessions: bool,
    /// Send no logouts to clients: for a rehearsal on another machine
    #[arg(long)]
    without_logouts: bool,
    #[command(flatten)]
    database: DatabaseSettings,
}

impl Backup {
    /// Copies the database while others use it.
    pub(super) async fn run(self) -> Result<(), Problem> {
        let Self { file, force, database: DatabaseSettings { storage, resources } } = self;
        let sets = migrations(&resources.mounted()?);
        let database = database(&storage)?;
        let _lock = Lock::shared(&storage.database_url())?;
        if !database.is_file() {
            return Err(format!("there is no database {}", database.display()));
        }
        live_files::refuse(&storage, &file)?;
        if file.exists() && !force {
            return Err(format!("{} is there already; --force replaces it", file.display()));
        }
        can_say()?;
        let draft = Draft::beside(&file).map_err(|error| cannot("written", &file, &error))?;
        copy_sqlite(&database, &draft.0).await.map_err(|error| cannot("written", &file, &error))?;
        let migrations = examine(&draft.0, &sets).await.map_err(|reason| cannot("used", &file, &reason))?;
        let published = if force { draft.replace(&file) } else { draft.publish(&file) };
        let bytes = published.map_err(|error| cannot("written", &file, &error))?;
        note("The master secret is not in it: keep master.key or KEYWARD_MASTER_SECRET, too, and elsewhere.");
        say(format_args!("{}\t{bytes} bytes\tchecked, {migrations} migrations", file.display()))
    }
}

impl Restore {
    /// Puts a copy into the database's place, and the database aside.
    pub(super) async fn run(self) -> Result<(), Problem> {
        let Self { file, keep_sessions, without_logouts, database: DatabaseSettings { storage, resources } } =
            self;
        let sets = migrations(&resources.mounted()?);
        let database = database(&storage)?;
        if with_suffix(&file, "-wal").exists() {
            return Err(format!("{} is a database in use and no backup", file.display()));
        }
        let mut source = File::open(&file).map_err(|error| cannot("read", &file, &error))?;
        can_say()?;
        let lock = Lock::alone(&database)?;
        let draft = Draft::beside(&database).map_err(|error| cannot("written", &database, &error))?;
        let copied =
            OpenOptions::new().write(true).open(&draft.0).and_then(|mut to| io::copy(&mut source, &mut to));
        copied.map_err(|error| cannot("copied", &file, &error))?;
        let migrations = examine(&draft.0, &sets).await.map_err(|reason| cannot("used", &file, &reason))?;
        let ended = begin_anew(&draft.0, &sets, keep_sessions, without_logouts).await?;
        let aside = set_aside(&database).await.map_err(|error| cannot("set aside", &database, &error))?;
        draft.replace(&database).map_err(|error| cannot("replaced", &database, &error))?;
        drop(lock);
        let aside = aside.map_or("nothing".to_owned(), |aside| aside.display().to_string());
        let restored = format!("restored, {migrations} migrations, {ended} sessions ended");
        say(format_args!("{}\t{restored}\treplaced: {aside}", database.display()))
    }
}

fn cannot(what: &str, path: &Path, reason: &dyn std::fmt::Display) -> Problem {
    format!("{} cannot be {what}: {reason}", path.display())
}

fn database(storage: &StorageSettings) -> Result<PathBuf, Problem> {
    let elsewhere = "this is for SQLite; docs/OPERATIONS.md says how PostgreSQL is backed up and restored";
    sqlite_file(&storage.database_url()).ok_or_else(|| elsewhere.to_owned())
}

/// How many migrations a sound database of this program has.
async fn examine(path: &Path, sets: &[MigrationSet]) -> Result<usize, Problem> {
    let connection = open_sound_sqlite(path).await.map_err(|error| error.to_string())?;
    let applied = keyward_migration::applied(&connection, sets).await;
    let closed = connection.close().await;
    let applied = applied.map_err(|error| error.to_string())?;
    closed.map_err(|error| error.to_string())?;
    if applied == 0 { Err("it is no database of Keyward".to_owned()) } else { Ok(applied) }
}

/// Ends every session of the copy, unless they are kept, and begins another epoch of the revocation feed. The copy gets the
/// present schema for it. Returns the number ended.
async fn begin_anew(
    path: &Path,
    sets: &[MigrationSet],
    keep_sessions: bool,
    without_logouts: bool,
) -> Result<u64, Problem> {
    let failed = |error: &dyn std::fmt::Display| format!("the copy cannot be made ready: {error}");
    let connection = open_sound_sqlite(path).await.map_err(|error| failed(&error))?;
    let migrated = keyward_migration::migrate(&connection, sets).await;
    let ended = async {
        migrated.map_err(|error| failed(&error))?;
        feed_epoch::renew(&connection, &SystemRandom).await.map_err(|error| failed(&error))?;
        forget_logouts(&connection).await.map_err(|error| failed(&error))?;
        if keep_sessions {
            return Ok(0);
        }
        let ended = end_all_sessions(&connection, SystemClock.now()).await.map_err(|error| failed(&error))?;
        if without_logouts {
            forget_logouts(&connection).await.map_err(|error| failed(&error))?;
        }
        Ok(ended)
    };
    let ended: Result<u64, Problem> = ended.await;
    let closed = connection.close().await;
    let ended = ended?;
    closed.map_err(|error| failed(&error))?;
    Ok(ended)
}

/// Gives the database a second name, under which it stays. Says which; `None` if there is no database.
async fn set_aside(database: &Path) -> io::Result<Option<PathBuf>> {
    if !database.exists() {
        return Ok(None);
    }
    // In microseconds: two restores within a second must not meet.
    let stamp = SystemClock.now().unix_timestamp_nanos() / 1_000;
    let aside = with_suffix(database, &format!(".replaced-{stamp}"));
    // A damaged one may not settle. Then its log goes along, and first: it must not be taken for the new database's.
    drop(settle_sqlite(database).await);
    for companion in ["-wal", "-shm"] {
        match fs::rename(with_suffix(database, companion), with_suffix(&aside, companion)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    fs::hard_link(database, &aside)?;
    Ok(Some(aside))
}

/// A file in the making, its owner's alone; gone if it gets no other name.
struct Draft(PathBuf);

impl Draft {
    fn beside(path: &Path) -> io::Result<Self> {
        let draft = with_suffix(path, &format!(".{}.tmp", std::process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&draft)?;
        Ok(Self(draft))
    }

    /// Renames it to a name that does not exist yet. Returns its size in bytes.
    fn publish(self, path: &Path) -> io::Result<u64> {
        let bytes = self.sync()?;
        fs::hard_link(&self.0, path)?;
        sync_folder(path)?;
        Ok(bytes)
    }

    /// Renames it, replacing a file of that name.
    fn replace(self, path: &Path) -> io::Result<u64> {
        let bytes = self.sync()?;
        fs::rename(&self.0, path)?;
        sync_folder(path)?;
        Ok(bytes)
    }

    fn sync(&self) -> io::Result<u64> {
        let file = File::open(&self.0)?;
        file.sync_all()?;
        Ok(file.metadata()?.len())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        for suffix in ["", "-journal", "-wal", "-shm"] {
            drop(fs::remove_file(with_suffix(&self.0, suffix)));
        }
    }
}

/// A name is on the disk only when its folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
