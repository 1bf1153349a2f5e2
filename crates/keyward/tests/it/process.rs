//! The binary itself, in a folder of its own and with nothing of the tests' environment but what is given to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use keyward_infra::testing::{TestDatabase, empty_database};
use serde_json::Value;
use tempfile::TempDir;

use crate::caller::Caller;

/// How long a start, a stop or an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A working folder, and on PostgreSQL a database without a schema.
pub(crate) struct Home {
    folder: TempDir,
    database: Option<TestDatabase>,
}

impl Home {
    pub(crate) async fn new() -> Self {
        let database = empty_database().await;
        let database = database.is_postgres().then_some(database);
        Self { folder: TempDir::with_prefix("keyward-").unwrap(), database }
    }

    /// The database's URL, on PostgreSQL.
    pub(crate) fn url(&self) -> Option<&str> {
        self.database.as_ref().map(|database| database.url.as_str())
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The database that the binary uses here, unless told otherwise.
    pub(crate) fn database_url(&self) -> String {
        match &self.database {
            Some(database) => database.url.clone(),
            None => format!("sqlite://{}", self.path().join("data/keyward.db").display()),
        }
    }

    /// Every file and folder in it, sorted.
    pub(crate) fn content(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in folder.read_dir().unwrap() {
                let path = entry.unwrap().path();
                found.push(path.strip_prefix(self.path()).unwrap().to_owned());
                if path.is_dir() {
                    folders.push(path);
                }
            }
        }
        found.sort();
        found
    }

    /// The binary with these arguments, in this folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyward"));
        command.args(arguments).current_dir(self.path()).env_clear().stdin(Stdio::null());
        if let Some(database) = &self.database {
            command.env("KEYWARD_DATABASE_URL", &database.url);
        }
        // So that a debug build hashes quickly enough for many tests at once.
        command.env("KEYWARD_ARGON2_MEMORY", "64").env("KEYWARD_ARGON2_ITERATIONS", "1");
        command
    }

    /// Runs it to its end with this on its standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Output {
        finish(self.command(arguments), input)
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, "")
    }

    /// A server, once it says where its documentation is.
    pub(crate) fn serve(&self, variables: &[(&str, &str)]) -> Served {
        let mut command = self.command(&[]);
        command.env("KEYWARD_LISTEN", "127.0.0.1:0").envs(variables.iter().copied());
        Served::start(command)
    }
}

/// Runs a command to its end, which must come, with this on its standard input.
pub(crate) fn finish(mut command: Command, input: &str) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = Guard(command.spawn().unwrap());
    drop(child.0.stdin.take().unwrap().write_all(input.as_bytes()));
    let (out, err) = (child.0.stdout.take().unwrap(), child.0.stderr.take().unwrap());
    let (out, err) = (reader(out), reader(err));
    let status = child.wait();
    Output { status, stdout: out.join().unwrap(), stderr: err.join().unwrap() }
}

fn reader(mut stream: impl Read + Send + 'static) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        drop(stream.read_to_end(&mut bytes));
        bytes
    })
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A process that does not outlive its test.
struct Guard(Child);

impl Guard {
    fn wait(&mut self) -> std::process::ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

pub(crate) struct Served {
    process: Guard,
    lines: Arc<Mutex<Vec<String>>>,
    pub(crate) address: SocketAddr,
}

/// Asks for a server's health until it is ready: on a busy machine it may be too slow to be called so the first time.
pub(crate) fn becomes_ready(check: impl Fn() -> Output) {
    let begun = Instant::now();
    loop {
        let output = check();
        if (output.status.code(), text(&output.stdout).trim()) == (Some(0), "ready") {
            return;
        }
        assert!(begun.elapsed() < Duration::from_mins(1), "{}", text(&output.stderr));
    }
}

impl Served {
    pub(crate) fn start(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = Guard(command.spawn().unwrap());
        let lines = Arc::new(Mutex::new(Vec::new()));
        collect(process.0.stdout.take().unwrap(), &lines);
        collect(process.0.stderr.take().unwrap(), &lines);
        let begun = Instant::now();
        let address = loop {
            if let Some(address) = docs(&lines.lock().unwrap()) {
                break address;
            }
            assert!(process.0.try_wait().unwrap().is_none(), "it ended: {lines:?}");
            assert!(begun.elapsed() < PATIENCE, "it does not start: {lines:?}");
            std::thread::sleep(Duration::from_millis(10));
        };
        Self { process, lines, address }
    }

    /// Everything it has printed.
    pub(crate) fn output(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }

    /// Sends it a signal and waits for its end: its exit code.
    pub(crate) fn stop(mut self, signal: &str) -> (Option<i32>, String) {
        let id = self.process.0.id().to_string();
        let sent = Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", signal, &id]).status().unwrap();
        assert!(sent.success());
        let status = self.process.wait();
        std::thread::sleep(Duration::from_millis(50)); // for its last lines to be read
        (status.code(), self.output())
    }

    /// The most memory it ever had, in MiB.
    #[cfg(target_os = "linux")]
    pub(crate) fn peak_memory_mib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.0.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
    }

    /// An answer to a JSON body: its status and its body.
    pub(crate) fn call(&self, method: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
        Caller(self.address).call(method, path, token, body)
    }

    /// An answer to a form.
    pub(crate) fn form(&self, path: &str, body: &str) -> (u16, Value) {
        Caller(self.address).form(path, body)
    }

    /// An answer to a request with these header fields.
    pub(crate) fn exchange(&self, target: &str, headers: &str, body: &str) -> (u16, Value) {
        Caller(self.address).exchange(target, headers, body)
    }
}

fn collect(stream: impl Read + Send + 'static, lines: &Arc<Mutex<Vec<String>>>) {
    let lines = Arc::clone(lines);
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            lines.lock().unwrap().push(line);
        }
    });
}

/// The address in the line that says where the documentation is.
fn docs(lines: &[String]) -> Option<SocketAddr> {
    let line = lines.iter().find_map(|line| line.trim().strip_prefix("docs"))?;
    line.trim().split_once("://")?.1.strip_suffix("/docs")?.parse().ok()
}

/// A port without a listener, most likely.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
