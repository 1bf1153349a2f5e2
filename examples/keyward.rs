//! For the tests of the examples that stand beside a Keyward: programs in a folder of their own, which end with it.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a start may take on a busy machine, or any other wait.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) const EMAIL: &str = "ana@example.com";
pub(crate) const PASSWORD: &str = "a long pass phrase";

/// A running program, and the address it printed.
pub(crate) struct Running {
    child: Child,
    pub(crate) url: String,
}

impl Running {
    /// Starts a program, and waits until it says where it listens.
    pub(crate) fn start(mut command: Command, log: &Path) -> Self {
        let file = File::create(log).unwrap();
        command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        let mut running = Self { child: command.spawn().unwrap(), url: String::new() };
        let begun = Instant::now();
        while running.url.is_empty() {
            let said = String::from_utf8_lossy(&fs::read(log).unwrap()).into_owned();
            if let Some((_, rest)) = said.split_once("http://127.0.0.1:")
                && let Some(end) = rest.find(['/', '\n'])
            {
                running.url = format!("http://127.0.0.1:{}", &rest[..end]);
            }
            assert!(running.child.try_wait().unwrap().is_none(), "it ended: {said}");
            assert!(begun.elapsed() < PATIENCE, "it does not start: {said}");
            std::thread::sleep(Duration::from_millis(20));
        }
        running
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A Keyward with one account.
pub(crate) struct Keyward {
    pub(crate) folder: TempDir,
    variables: Vec<(&'static str, String)>,
    server: Running,
}

impl Keyward {
    /// Starts it with these settings.
    pub(crate) fn start(settings: &[(&'static str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut variables: Vec<_> =
            settings.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        // So that a debug build hashes quickly.
        variables.extend([
            ("KEYWARD_ARGON2_MEMORY", "64".to_owned()),
            ("KEYWARD_ARGON2_ITERATIONS", "1".to_owned()),
        ]);
        let mut command = program(&folder, &variables);
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        let server = Running::start(command, &folder.path().join("keyward.log"));
        let keyward = Self { folder, variables, server };
        keyward.run(&["user", "create", "--email", EMAIL, "--password-stdin"], PASSWORD);
        keyward
    }

    pub(crate) fn url(&self) -> &str {
        &self.server.url
    }

    /// Runs one of its commands to the end, with this on its standard input, and returns what it printed.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> String {
        let mut command = program(&self.folder, &self.variables);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "keyward {} failed", arguments.join(" "));
        String::from_utf8(output.stdout).unwrap()
    }
}

fn program(folder: &TempDir, variables: &[(&'static str, String)]) -> Command {
    let mut command = Command::new(binary());
    command.current_dir(folder).env_clear().envs(variables.iter().map(|(name, value)| (name, value)));
    command
}

/// Cargo puts it beside the folder of this test, whenever it builds the whole workspace.
fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let binary = test.ancestors().nth(2).unwrap().join(format!("keyward{}", std::env::consts::EXE_SUFFIX));
    assert!(binary.is_file(), "there is no {} yet: `cargo build` makes it", binary.display());
    binary
}
