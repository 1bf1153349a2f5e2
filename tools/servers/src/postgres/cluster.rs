//! A database cluster in a folder of its own, and its server.

use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::account::Account;
use super::signals;
use crate::ports;
use crate::process::appending;
use crate::shell::{self, Outcome};

const ROLE: &str = "keyward";
const PATIENCE: Duration = Duration::from_mins(1);

/// A database cluster in a fresh folder, and its server; both go when this is dropped.
pub(super) struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    account: Option<Account>,
    server: Option<Child>,
    port: u16,
    /// Whether it must forget nothing.
    durable: bool,
}

/// Quick rather than safe: nothing outlives the tests.
const QUICK: [&str; 4] =
    ["max_connections=300", "fsync=off", "synchronous_commit=off", "full_page_writes=off"];
/// Nothing acknowledged is lost; few connections, so that they can run out.
const SAFE: [&str; 1] = ["max_connections=60"];

impl Cluster {
    /// Starts a quick server at a free port, or a durable one at this port.
    pub(super) fn start(programs: &Path, port: Option<u16>) -> Outcome<Self> {
        let account = Account::for_server();
        let folder = fresh_folder(account).map_err(|error| format!("No folder for PostgreSQL: {error}."))?;
        let programs = programs.to_path_buf();
        let (durable, port) = (port.is_some(), port.unwrap_or_default());
        let mut cluster = Self { programs, folder, account, server: None, port, durable };
        let mut initdb = cluster.program("initdb")?;
        initdb.arg("-D").arg(cluster.data());
        initdb.args(["-U", ROLE, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]);
        let made = initdb.status().map_err(|error| format!("initdb could not be started: {error}."))?;
        if !made.success() {
            return Err(cluster.explain("initdb failed"));
        }
        // Another process may take the port before the server does; that is rare, so a new one is tried.
        for _ in 0..3 {
            if !durable {
                cluster.port = ports::free()?;
            }
            if cluster.serve()? {
                return Ok(cluster);
            }
        }
        Err(cluster.explain("the server did not start"))
    }

    /// Starts the server on its port; false if it ended instead of answering.
    fn serve(&mut self) -> Outcome<bool> {
        let mut postgres = self.program("postgres")?;
        postgres.arg("-D").arg(self.data()).args(["-p", &self.port.to_string()]);
        // Reached over loopback alone.
        let settings = [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "wal_level=minimal",
            "max_wal_senders=0",
        ];
        let more = if self.durable { &SAFE[..] } else { &QUICK };
        postgres.args(settings.iter().chain(more).flat_map(|setting| ["-c", *setting]));
        // A process group of its own: when the keeper's parent dies, the kernel ends the keeper's group if a
        // process in it is suspended, and the keeper would leave the server behind.
        postgres.process_group(0);
        let server = postgres.spawn().map_err(|error| format!("postgres could not be started: {error}."))?;
        self.server = Some(server);
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if self.server.as_mut().is_some_and(|server| server.try_wait().is_ok_and(|end| end.is_some())) {
                self.server = None;
                return Ok(false);
            }
            if self.accepts_connections()? {
                return Ok(true);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(self.explain("the server did not answer for a minute"))
    }

    fn accepts_connections(&self) -> Outcome<bool> {
        let mut pg_isready = self.program("pg_isready")?;
        pg_isready.args([
            "-q",
            "-h",
            "127.0.0.1",
            "-p",
            &self.port.to_string(),
            "-U",
            ROLE,
            "-d",
            "postgres",
        ]);
        let status = pg_isready.status();
        status
            .map(|status| status.success())
            .map_err(|error| format!("pg_isready could not be started: {error}."))
    }

    /// Stops the server in a mode of pg_ctl, `fast` or `immediate`, and starts it again on the same port.
    pub(super) fn restart(&mut self, mode: &str) -> Outcome {
        if let Some(mut server) = self.server.take() {
            self.stop(&mut server, mode);
        }
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if self.serve()? {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        Err(self.explain("the server did not come back"))
    }

    /// Suspends every process of the server, so that it answers nothing.
    pub(super) fn pause(&self) -> Outcome {
        self.server.as_ref().map_or(Ok(()), |server| signals::send("STOP", server))
    }

    pub(super) fn resume(&self) -> Outcome {
        self.server.as_ref().map_or(Ok(()), |server| signals::send("CONT", server))
    }

    pub(super) fn url(&self) -> String {
        format!("postgres://{ROLE}@127.0.0.1:{}/postgres", self.port)
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// One of PostgreSQL's programs, as the right account, writing to the log.
    fn program(&self, name: &str) -> Outcome<Command> {
        let (out, err) = appending(&self.folder.join("log"))?;
        let mut command = Command::new(self.programs.join(name));
        command.current_dir(&self.folder).env("LC_ALL", "C").env_remove("PGDATA");
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        Account::apply(self.account, &mut command);
        Ok(command)
    }

    /// `what`, with the last line of PostgreSQL's log.
    fn explain(&self, what: &str) -> String {
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let last = log.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("its log is empty");
        format!("PostgreSQL in {}: {what} ({}).", self.programs.display(), last.trim())
    }

    /// An orderly stop, so that no shared memory stays behind; SIGKILL if that fails.
    fn stop(&self, server: &mut Child, mode: &str) {
        let stopped = self.program("pg_ctl").is_ok_and(|mut pg_ctl| {
            pg_ctl.args(["stop", "-w", "-m", mode, "-D"]).arg(self.data());
            pg_ctl.status().is_ok_and(|status| status.success())
        });
        if !stopped {
            server.kill().ok();
        }
        server.wait().ok();
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // A server that is paused cannot stop.
        if let Err(sentence) = self.resume() {
            shell::complain(&sentence);
        }
        if let Some(mut server) = self.server.take() {
            self.stop(&mut server, "immediate");
        }
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            shell::complain(&format!("{} could not be removed: {error}.", self.folder.display()));
        }
    }
}

/// A folder that only the server's account can read.
fn fresh_folder(account: Option<Account>) -> std::io::Result<PathBuf> {
    let mut number = 0;
    loop {
        let folder = std::env::temp_dir().join(format!("keyward-postgres-{}-{number}", std::process::id()));
        match DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => {
                if let Some(Account { uid, gid }) = account {
                    std::os::unix::fs::chown(&folder, Some(uid), Some(gid))?;
                }
                return Ok(folder);
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists && number < 100 => number += 1,
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_never_shared() {
        let (one, two) = (fresh_folder(None).expect("a folder"), fresh_folder(None).expect("another"));
        assert_ne!(one, two);
        fs::remove_dir(one).expect("ours");
        fs::remove_dir(two).expect("ours");
    }
}
