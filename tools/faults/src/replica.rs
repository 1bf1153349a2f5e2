//! The program under fault: as many processes as wanted, in a folder of their own, and how they die.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use keyward_servers::ports;
use keyward_servers::process::Process;
use keyward_servers::shell::Outcome;

use crate::http::{Call, Client};

/// How long a replica may take to serve.
const PATIENCE: Duration = Duration::from_mins(1);

/// A folder for replicas, and what they are told.
pub(crate) struct Installation {
    binary: PathBuf,
    pub(crate) folder: PathBuf,
    client: Client,
    settings: Vec<(&'static str, String)>,
}

impl Installation {
    pub(crate) fn new(binary: &Path, name: &str, settings: Vec<(&'static str, String)>) -> Outcome<Self> {
        // It stays where it is unless every promise was kept: it is what there is to look at.
        let folder = tempfile::Builder::new().prefix(&format!("keyward-faults-{name}-")).tempdir();
        let folder = folder.map_err(|error| format!("No folder for replicas: {error}."))?.keep();
        // A copy of the program, so that it can be built anew meanwhile.
        let copy = folder.join("keyward");
        let copied = fs::copy(binary, &copy);
        copied.map_err(|error| format!("{} could not be copied: {error}.", binary.display()))?;
        Ok(Self { binary: copy, folder, client: Client::new()?, settings })
    }

    /// The program with these arguments, and with nothing of our own environment.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.env_clear().envs(self.settings.iter().map(|(name, value)| (name, value)));
        command.args(args).current_dir(&self.folder).stdin(Stdio::null());
        command
    }

    /// The logs of its replicas.
    pub(crate) fn logs(&self) -> Vec<PathBuf> {
        let files = self.folder.read_dir().into_iter().flatten().flatten().map(|file| file.path());
        files.filter(|path| path.extension().is_some_and(|end| end == "log")).collect()
    }

    /// Nothing is left to look at.
    pub(crate) fn remove(&self) {
        fs::remove_dir_all(&self.folder).ok();
    }

    /// A replica that is not running yet.
    pub(crate) fn replica(&self, number: usize) -> Outcome<Replica<'_>> {
        Ok(Replica { installation: self, number, port: ports::steady()?, process: None })
    }
}

/// A replica, killed when dropped.
pub(crate) struct Replica<'i> {
    installation: &'i Installation,
    number: usize,
    pub(crate) port: u16,
    process: Option<Process>,
}

impl Replica<'_> {
    /// Starts the process, and does not wait for it.
    pub(crate) fn start(&mut self) -> Outcome {
        let log = self.installation.folder.join(format!("replica-{}.log", self.number));
        let listen = format!("127.0.0.1:{}", self.port);
        let mut command = self.installation.command(&["serve", "--listen", &listen]);
        self.process = Some(Process::start(&mut command, &log)?);
        Ok(())
    }

    /// Kills the process, as a loss of power would: no signal handler runs.
    pub(crate) fn kill(&mut self) {
        self.process = None;
    }

    /// Whether it says that it can serve.
    pub(crate) fn is_ready(&self) -> bool {
        let call = Call { line: "GET /health/ready", ..Call::default() };
        self.installation.client.ask(self.port, &call).is_ok_and(|answer| answer.status == 200)
    }

    /// Waits until it can serve.
    pub(crate) fn wait(&mut self) -> Outcome {
        let ready = wait_until(PATIENCE, || {
            let ended = self.process.as_mut().is_none_or(Process::has_ended);
            ended || self.is_ready()
        });
        if ready && self.is_ready() {
            return Ok(());
        }
        Err(format!("Replica {} does not serve: see {}.", self.number, self.installation.folder.display()))
    }

    /// The resident memory, in MiB.
    pub(crate) fn memory(&self) -> Option<f64> {
        self.process.as_ref()?.memory()
    }
}

/// Waits until `done`, for at most `patience`. Returns whether it came to that.
pub(crate) fn wait_until(patience: Duration, mut done: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while !done() {
        if begun.elapsed() > patience {
            return false;
        }
        sleep(Duration::from_millis(50));
    }
    true
}
