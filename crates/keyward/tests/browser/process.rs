//! A program that runs beside the test: started with a clean environment, and ended with it.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);

/// A running program. What it prints is kept, and shown where the test fails.
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command`, with what it prints going to the file `log`.
    pub(crate) fn start(command: &mut Command, log: PathBuf) -> Self {
        let file = File::create(&log).unwrap();
        command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        let child =
            command.spawn().unwrap_or_else(|error| panic!("{command:?} could not be started: {error}"));
        Self { child, log }
    }

    /// Waits for the program to print a line with `announcement`, and returns the rest of the line.
    pub(crate) fn says(&mut self, announcement: &str) -> String {
        let begun = Instant::now();
        loop {
            let text = self.said();
            let rest = text.split_once(announcement).and_then(|(_, rest)| rest.split_once('\n'));
            if let Some((rest, _)) = rest {
                return rest.trim().to_owned();
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "it ended before it said `{announcement}`");
            assert!(begun.elapsed() < PATIENCE, "it does not say `{announcement}`");
            sleep(Duration::from_millis(10));
        }
    }

    /// Gives the program a moment to end by itself.
    pub(crate) fn may_end(&mut self) {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(5) && matches!(self.child.try_wait(), Ok(None)) {
            sleep(Duration::from_millis(10));
        }
    }

    fn said(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        if std::thread::panicking() {
            eprintln!("--- {}\n{}", self.log.display(), self.said());
        }
    }
}
