//! The program under test: the real one, with a folder of its own and nothing else in its environment.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(30);

/// A folder and settings, for any number of servers and commands.
pub(crate) struct Installation {
    /// What is in there is gone with this.
    pub(crate) folder: TempDir,
    settings: Vec<(&'static str, String)>,
    started: AtomicU32,
}

impl Installation {
    /// An empty folder, with these variables set for everything that runs in it.
    pub(crate) fn new(settings: Vec<(&'static str, String)>) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), settings, started: AtomicU32::new(0) }
    }

    /// Starts a server on a free port.
    pub(crate) fn start(&self) -> Server {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let log = self.folder.path().join(format!("server-{number}.log"));
        let file = File::create(&log).unwrap();
        let mut command = self.program();
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        let mut server = Server { child: command.spawn().unwrap(), log, address: String::new() };
        server.wait();
        server
    }

    /// Runs a command to its end, and returns what it prints.
    pub(crate) fn run(&self, args: &[&str]) -> String {
        let output = self.program().args(args).stdin(Stdio::null()).output().unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "keyward {} failed: {complaint}", args.join(" "));
        String::from_utf8(output.stdout).unwrap()
    }

    fn program(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyward"));
        command.env_clear().envs(self.settings.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.folder.path());
        command
    }
}

/// A running server. Dropped, it dies as in an accident: by SIGKILL, in the middle of its work.
pub(crate) struct Server {
    child: Child,
    log: PathBuf,
    /// Its `HOST:PORT`.
    pub(crate) address: String,
}

impl Server {
    /// Waits until it says where it listens.
    fn wait(&mut self) {
        let begun = Instant::now();
        while self.address.is_empty() {
            let said = self.said();
            let place =
                said.split_once("  docs      http://").and_then(|(_, rest)| rest.split_once("/docs\n"));
            if let Some((address, _)) = place {
                address.clone_into(&mut self.address);
            } else {
                let ended = self.child.try_wait().unwrap();
                assert!(ended.is_none(), "the server ended instead of serving");
                assert!(begun.elapsed() < PATIENCE, "the server does not come up");
                sleep(Duration::from_millis(10));
            }
        }
    }

    fn said(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        if std::thread::panicking() {
            eprintln!("--- {}\n{}", self.log.display(), self.said());
        }
    }
}

/// What a server answers.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// Sends a request with a token and a body, where they are not empty, on a connection of its own.
pub(crate) fn ask(address: &str, line: &str, token: &str, body: &Value) -> io::Result<Answer> {
    let mut stream = send(address, line, token, body)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let broken = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(broken)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(broken)?;
    let body = if body.is_empty() { Value::Null } else { serde_json::from_str(body)? };
    Ok(Answer { status, body })
}

/// Sends a request; the caller may ignore the answer.
pub(crate) fn send(address: &str, line: &str, token: &str, body: &Value) -> io::Result<TcpStream> {
    let (body, kind) = match body {
        Value::Null => (String::new(), ""),
        body => (body.to_string(), "Content-Type: application/json\r\n"),
    };
    let token = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
    let head = format!(
        "{line} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{token}{kind}Content-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all((head + &body).as_bytes())?;
    Ok(stream)
}
