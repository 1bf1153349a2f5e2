//! A server process: it writes to a log and does not outlive its owner.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::shell::Outcome;

/// A running process. Dropping it kills it (SIGKILL), as a loss of power would.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    /// Starts `command` without standard input; its output is appended to `log`.
    pub fn start(command: &mut Command, log: &Path) -> Outcome<Self> {
        let (out, err) = appending(log)?;
        let started = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn();
        started
            .map(Self)
            .map_err(|error| format!("{} did not start: {error}.", command.get_program().to_string_lossy()))
    }

    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Whether the process has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.0.try_wait().is_ok_and(|status| status.is_some())
    }

    /// The resident memory in MiB, on Linux (proc(5)).
    pub fn memory(&self) -> Option<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.split_whitespace().next()?.parse::<f64>().ok().map(|kib| kib / 1024.0)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Opens a log for both outputs of a program.
pub fn appending(log: &Path) -> Outcome<(File, File)> {
    let file = File::options().create(true).append(true).open(log);
    let both = file.and_then(|file| Ok((file.try_clone()?, file)));
    both.map_err(|error| format!("{} cannot be written: {error}.", log.display()))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_writes_to_its_log_and_ends_when_dropped() {
        let log = std::env::temp_dir().join(format!("keyward-servers-{}.log", std::process::id()));
        let mut command = Command::new("sh");
        command.args(["-c", "echo started; exec sleep 60"]);
        let mut process = Process::start(&mut command, &log).expect("there is a shell");
        while fs::read_to_string(&log).is_ok_and(|text| text.is_empty()) {
            std::thread::yield_now();
        }
        assert!(!process.has_ended());
        assert!(process.memory().is_some_and(|mib| mib > 0.0));
        let id = process.id();
        drop(process);
        assert!(!Path::new(&format!("/proc/{id}")).exists());
        assert_eq!(fs::read_to_string(&log).expect("it was written"), "started\n");
        fs::remove_file(&log).expect("it is there");
    }
}
