//! The servers that are measured: processes, each on the core it is given, and what they cost.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::client::{Connection, Request};
use keyward_servers::shell::{self, Outcome};

/// How long a server may take to answer for the first time.
const PATIENCE: Duration = Duration::from_mins(1);

/// A program under load. Dropped, it ends.
pub(super) struct Server {
    process: Child,
    pub(super) port: u16,
    /// From its start to its first good answer.
    pub(super) cold_start: Duration,
}

/// How a server is started.
pub(super) struct Start<'a> {
    pub(super) program: &'a Path,
    pub(super) folder: PathBuf,
    pub(super) settings: Vec<(&'static str, String)>,
    /// The core it gets; all of them if there is none.
    pub(super) core: Option<usize>,
}

impl Start<'_> {
    /// Starts it and waits until `path` answers 200.
    pub(super) fn serve(&self, path: &str) -> Outcome<Server> {
        let port = free_port()?;
        let mut command = pinned(self.program, self.core);
        command.env_clear().envs(self.settings.iter().map(|(name, value)| (name, value)));
        command.env("KEYWARD_LISTEN", format!("127.0.0.1:{port}")).current_dir(&self.folder);
        let log = File::options().create(true).append(true).open(self.folder.join("log"));
        let log = log.and_then(|log| Ok((log.try_clone()?, log)));
        let (out, err) = log.map_err(|error| format!("No log for a server: {error}."))?;
        let begun = Instant::now();
        let process = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn();
        let process =
            process.map_err(|error| format!("{} did not start: {error}.", self.program.display()))?;
        let mut server = Server { process, port, cold_start: Duration::ZERO };
        let request = Request::new(&format!("GET {path}"), "", &Value::Null);
        while begun.elapsed() < PATIENCE {
            let answer = Connection::open(port).and_then(|mut connection| connection.ask(&request));
            if matches!(answer, Ok((200, _))) {
                server.cold_start = begun.elapsed();
                return Ok(server);
            }
            thread::sleep(Duration::from_millis(1));
        }
        Err(format!("A server does not answer; see {}.", self.folder.join("log").display()))
    }
}

impl Server {
    /// How much processor time it has had, in seconds (proc(5): ticks of a hundredth).
    pub(super) fn cpu(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap_or_default();
        let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks = fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok());
        ticks.sum::<f64>() / 100.0
    }

    /// How much memory it has, in MiB.
    pub(super) fn memory(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        line.split_whitespace().next().and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// The program, on that core only or on all of them, whatever we were put on; where `taskset` can see to it.
pub(super) fn pinned(program: &Path, core: Option<usize>) -> Command {
    if !can_pin() {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    let cores = core.map_or_else(|| format!("0-{}", cores() - 1), |core| core.to_string());
    command.args(["-c", &cores]).arg(program);
    command
}

/// Puts ourselves, and every thread we start from now on, on that core.
pub(super) fn pin_ourselves(core: usize) {
    if can_pin() {
        let own = std::process::id().to_string();
        shell::works(Command::new("taskset").args(["-c", "-p", &core.to_string(), &own]));
    }
}

/// Whether load and server can have a core each.
pub(super) fn can_pin() -> bool {
    cores() >= 2 && shell::search_path().iter().any(|folder| folder.join("taskset").is_file())
}

/// How many cores this machine has; those we were pinned to do not matter.
pub(super) fn cores() -> usize {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    info.lines().filter(|line| line.starts_with("processor")).count().max(1)
}

/// A folder of our own for a database and its log.
pub(super) fn fresh_folder(name: &str) -> Outcome<PathBuf> {
    let folder = std::env::temp_dir().join(format!("keyward-bench-{}-{name}", std::process::id()));
    fs::create_dir_all(&folder).map_err(|error| format!("{} cannot be made: {error}.", folder.display()))?;
    Ok(folder)
}

pub(super) fn free_port() -> Outcome<u16> {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    port.map(|address| address.port()).map_err(|error| format!("No free port: {error}."))
}
