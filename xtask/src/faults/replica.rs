//! The program under fault: as many processes as wanted, in a folder of their own, and how they die.

use std::fs::{self, DirBuilder, File};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::audit::wait_until;
use super::http::{Call, ask};
use keyward_servers::shell::Outcome;

/// How long a replica may take to serve.
const PATIENCE: Duration = Duration::from_mins(1);

/// A folder for replicas, and what they are told.
pub(crate) struct Installation {
    binary: PathBuf,
    pub(crate) folder: PathBuf,
    settings: Vec<(&'static str, String)>,
}

impl Installation {
    pub(crate) fn new(binary: &Path, name: &str, settings: Vec<(&'static str, String)>) -> Outcome<Self> {
        let folder = std::env::temp_dir().join(format!("keyward-faults-{}-{name}", std::process::id()));
        let made = DirBuilder::new().mode(0o700).create(&folder);
        // A copy of the program, so that it can be built anew meanwhile.
        let copy = folder.join("keyward");
        let made = made.and_then(|()| fs::copy(binary, &copy));
        made.map_err(|error| format!("{} could not be filled: {error}.", folder.display()))?;
        Ok(Self { binary: copy, folder, settings })
    }

    /// The program with these arguments, and with nothing of our own environment.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.env_clear().envs(self.settings.iter().map(|(name, value)| (name, value)));
        command.args(args).current_dir(&self.folder).stdin(Stdio::null());
        command
    }

    /// What is in the folder for mail.
    pub(crate) fn delivered(&self) -> Vec<String> {
        let files = self.folder.join("data/mail").read_dir().into_iter().flatten().flatten();
        let mails =
            files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|end| end == "eml"));
        mails.filter_map(|path| fs::read_to_string(path).ok()).collect()
    }

    /// Nothing is left to look at.
    pub(crate) fn remove(&self) {
        fs::remove_dir_all(&self.folder).ok();
    }

    /// A replica that is not running yet.
    pub(crate) fn replica(&self, number: usize) -> Outcome<Replica<'_>> {
        Ok(Replica { installation: self, number, port: steady_port()?, process: None })
    }
}

/// A replica. Dropped, it dies.
pub(crate) struct Replica<'i> {
    installation: &'i Installation,
    number: usize,
    pub(crate) port: u16,
    process: Option<Child>,
}

impl Replica<'_> {
    /// Starts the process, and does not wait for it.
    pub(crate) fn start(&mut self) -> Outcome {
        let log = self.installation.folder.join(format!("replica-{}.log", self.number));
        let file = File::options().create(true).append(true).open(log);
        let file = file.and_then(|file| Ok((file.try_clone()?, file)));
        let (out, err) = file.map_err(|error| format!("No log for a replica: {error}."))?;
        let listen = format!("127.0.0.1:{}", self.port);
        let mut command = self.installation.command(&["serve", "--listen", &listen]);
        let child = command.stdout(out).stderr(err).spawn();
        self.process = Some(child.map_err(|error| format!("A replica could not be started: {error}."))?);
        Ok(())
    }

    /// The end of power: no signal handler, no farewell.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().ok();
            process.wait().ok();
        }
    }

    /// Whether it says that it can serve.
    pub(crate) fn is_ready(&self) -> bool {
        let call = Call { line: "GET /health/ready", ..Call::default() };
        ask(self.port, &call).is_ok_and(|answer| answer.status == 200)
    }

    /// Waits until it can serve.
    pub(crate) fn wait(&mut self) -> Outcome {
        let ready = wait_until(PATIENCE, || {
            let ended =
                self.process.as_mut().is_none_or(|child| child.try_wait().is_ok_and(|end| end.is_some()));
            ended || self.is_ready()
        });
        if ready && self.is_ready() {
            return Ok(());
        }
        Err(format!("Replica {} does not serve: see {}.", self.number, self.installation.folder.display()))
    }

    /// How much memory it has, in MiB.
    pub(crate) fn memory(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.as_ref()?.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib / 1024)
    }
}

impl Drop for Replica<'_> {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A free port below those that the system gives to connections, so that none of those takes it while nobody listens.
pub(crate) fn steady_port() -> Outcome<u16> {
    use std::sync::atomic::{AtomicU16, Ordering};
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 997).unwrap_or_default() * 10;
    for _ in 0..1_000 {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed) % 2_000;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err("No free port on 127.0.0.1.".to_owned())
}
