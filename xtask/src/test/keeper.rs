//! The keeper: a small process that starts a private PostgreSQL server, waits, and leaves nothing behind.
//!
//! It waits for the end of its standard input, which comes when `cargo xtask test` is done with the server **or
//! dies in whatever way**: Ctrl-C and `kill -9` end a process without running its `Drop`s, yet close its pipes.
//! So a server is never orphaned, and no signal handler is needed.

use std::fs::{self, DirBuilder, File};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::shell::Outcome;

#[path = "mishaps.rs"]
mod mishaps;

/// The command that makes this program a keeper; for ourselves, hence not in the help.
pub(crate) const COMMAND: &str = "keep-postgres";

const ROLE: &str = "keyward";
const PATIENCE: Duration = Duration::from_mins(1);

/// Makes the keeper's server one that forgets nothing and stays at the port that follows; the first two arguments.
pub(crate) const DURABLE: &str = "--durable";

/// Each argument is a folder with PostgreSQL's programs; the first that starts serves.
pub(crate) fn run(args: &[String]) -> Outcome {
    let (port, folders) = match args {
        [flag, port, folders @ ..] if flag == DURABLE => (port.parse().ok(), folders),
        folders => (None, folders),
    };
    let mut last = "No PostgreSQL to start was named.".to_owned();
    for folder in folders {
        match Cluster::start(Path::new(folder), port) {
            Ok(mut cluster) => {
                // If nobody reads this any more, standard input has ended too: we clean up at once.
                say(&cluster.url());
                for order in std::io::stdin().lines().map_while(Result::ok) {
                    say(&cluster.suffer(&order).map_or_else(|sentence| sentence, |()| "done".to_owned()));
                }
                return Ok(());
            }
            Err(sentence) => last = sentence,
        }
    }
    Err(last)
}

fn say(line: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "{line}").and_then(|()| out.flush()).ok();
}

/// The account to run the server as, where we are root: PostgreSQL refuses root.
#[derive(Clone, Copy)]
pub(crate) struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    pub(crate) fn for_server() -> Option<Self> {
        let root = ask_id(&["-u"])? == 0;
        let named = |name| Some(Self { uid: ask_id(&["-u", name])?, gid: ask_id(&["-g", name])? });
        if root { ["postgres", "nobody"].into_iter().find_map(named) } else { None }
    }

    pub(crate) fn apply(account: Option<Self>, command: &mut Command) {
        if let Some(Self { uid, gid }) = account {
            command.uid(uid).gid(gid);
        }
    }
}

fn ask_id(args: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(args).stderr(Stdio::null()).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// A database cluster in a fresh folder, and its server; both go when this is dropped.
struct Cluster {
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
    fn start(programs: &Path, port: Option<u16>) -> Outcome<Self> {
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
        // The port is free when we ask for it; in the rare case that someone takes it before the server does, again.
        for _ in 0..3 {
            if !durable {
                cluster.port = free_port().map_err(|error| format!("No free port on 127.0.0.1: {error}."))?;
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
        let server = postgres.spawn().map_err(|error| format!("postgres could not be started: {error}."))?;
        let server = self.server.insert(server);
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if server.try_wait().is_ok_and(|ended| ended.is_some()) {
                self.server = None;
                return Ok(false);
            }
            if answers(self.port) {
                return Ok(true);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(self.explain("the server did not answer for a minute"))
    }

    fn url(&self) -> String {
        format!("postgres://{ROLE}@127.0.0.1:{}/postgres", self.port)
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// One of PostgreSQL's programs, as the right account, writing to the log.
    fn program(&self, name: &str) -> Outcome<Command> {
        let log = File::options().create(true).append(true).open(self.folder.join("log"));
        let log = log.and_then(|log| Ok((log.try_clone()?, log)));
        let (out, err) = log.map_err(|error| format!("No log for PostgreSQL: {error}."))?;
        let mut command = Command::new(self.programs.join(name));
        command.current_dir(&self.folder).env("LC_ALL", "C").env_remove("PGDATA");
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        Account::apply(self.account, &mut command);
        Ok(command)
    }

    /// `what`, with the last thing PostgreSQL had to say.
    fn explain(&self, what: &str) -> String {
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let last = log.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
        format!("PostgreSQL in {}: {what} ({}).", self.programs.display(), last.trim())
    }

    /// An orderly stop, so that no shared memory stays behind; the hard way if that fails.
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
        if let Some(mut server) = self.server.take() {
            mishaps::wake(&server);
            self.stop(&mut server, "immediate");
        }
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            crate::shell::complain(&format!("{} could not be removed: {error}.", self.folder.display()));
        }
    }
}

/// A folder nobody else can look into, owned by the server's account.
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

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Whether a server lets us in: a start-up message is answered by an authentication message (R), not an error (E).
fn answers(port: u16) -> bool {
    let hello = |mut stream: TcpStream| {
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        let body = format!("user\0{ROLE}\0database\0postgres\0\0");
        let length = u32::try_from(body.len() + 8).unwrap_or_default();
        stream.write_all(&[&length.to_be_bytes()[..], &[0, 3, 0, 0], body.as_bytes()].concat())?;
        let mut kind = [0];
        stream.read_exact(&mut kind)?;
        Ok::<bool, std::io::Error>(kind == *b"R")
    };
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).and_then(hello).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A one-connection stand-in for a server that answers anything with `reply`.
    fn server_saying(reply: &'static [u8]) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            stream.read_exact(&mut [0; 8]).expect("a start-up message");
            stream.write_all(reply).expect("someone listening");
        });
        port
    }

    #[test]
    fn only_a_server_that_lets_us_in_answers() {
        assert!(answers(server_saying(b"R\0\0\0\x08\0\0\0\0")));
        assert!(!answers(server_saying(b"E\0\0\0\x04")));
        assert!(!answers(free_port().expect("a port")));
    }

    #[test]
    fn a_folder_is_never_shared() {
        let (one, two) = (fresh_folder(None).expect("a folder"), fresh_folder(None).expect("another"));
        assert_ne!(one, two);
        fs::remove_dir(one).expect("ours");
        fs::remove_dir(two).expect("ours");
    }

    #[test]
    fn a_folder_without_postgresql_fails_with_a_sentence() {
        let failure = run(&["/nowhere".to_owned()]).expect_err("nothing to start there");
        assert!(failure.starts_with("initdb could not be started"), "{failure}");
    }
}
