//! The server of the copy, on a free port and in a data folder of its own.

use std::fs::{self, File};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::copy::Copy;

/// How long a start may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// Where the document has the server listen.
const DOCUMENTED: &str = "http://127.0.0.1:8000";

/// The server. It ends when this is dropped.
pub(crate) struct Server {
    child: Child,
    url: String,
    _data: TempDir,
}

impl Server {
    /// Starts it with the document's command, and waits until it says where it listens.
    pub(crate) fn start(copy: &Copy, command: &str) -> Self {
        assert!(command.contains("cargo run"), "the document starts the server with {command:?}");
        let data = TempDir::with_prefix("keyward-").unwrap();
        let log = data.path().join("log");
        let file = File::create(&log).unwrap();
        // `exec`, so that the process that is started is the one that is ended.
        let mut shell = copy.shell(&command.replace("cargo run", "exec cargo run"));
        shell.stdout(file.try_clone().unwrap()).stderr(file).stdin(Stdio::null());
        shell.env("KEYWARD_LISTEN", "127.0.0.1:0").env("KEYWARD_DATA_DIR", data.path().join("data"));
        // So that a debug build hashes quickly.
        shell.env("KEYWARD_ARGON2_MEMORY", "64").env("KEYWARD_ARGON2_ITERATIONS", "1");
        let mut server = Self { child: shell.spawn().unwrap(), url: String::new(), _data: data };
        let begun = Instant::now();
        while server.url.is_empty() {
            let said = String::from_utf8_lossy(&fs::read(&log).unwrap()).into_owned();
            if let Some((_, rest)) = said.split_once("http://127.0.0.1:")
                && let Some(end) = rest.find(['/', '\n'])
            {
                server.url = format!("http://127.0.0.1:{}", &rest[..end]);
            }
            assert!(server.child.try_wait().unwrap().is_none(), "the server ended:\n{said}");
            assert!(begun.elapsed() < PATIENCE, "the server does not start:\n{said}");
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    /// The document's commands for this server, with each answer on lines of its own and without curl's progress.
    pub(crate) fn session(&self, commands: &str) -> String {
        commands
            .replace(DOCUMENTED, &self.url)
            .replace("curl ", "curl --silent --show-error --write-out '\\n' ")
    }

    /// The command that gets a path.
    pub(crate) fn get(&self, path: &str) -> String {
        self.session(&format!("curl {DOCUMENTED}{path}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
