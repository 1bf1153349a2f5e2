//! The server under test: the real program, with nothing in its folder and nothing in its environment.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::process::Process;

/// A running Keyward; gone when dropped, with its folder.
pub(crate) struct Server {
    _process: Process,
    folder: TempDir,
    address: String,
}

impl Server {
    /// Starts the server on a free port.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same, with these settings.
    pub(crate) fn start_with(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyward"));
        command.arg("serve").env_clear().env("KEYWARD_LISTEN", "127.0.0.1:0").current_dir(folder.path());
        command.envs(settings.iter().copied());
        let mut process = Process::start(&mut command, folder.path().join("server.log"));
        let docs = process.says("  docs ");
        let address = docs.strip_suffix("/docs").unwrap().to_owned();
        Self { _process: process, folder, address }
    }

    /// Where it is: `http://127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Runs a command beside it: what it prints.
    pub(crate) fn run(&self, args: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyward"));
        let output = command.args(args).env_clear().current_dir(self.folder.path()).output().unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "keyward {} failed: {complaint}", args.join(" "));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Registers an application with these options: its client id.
    pub(crate) fn client(&self, options: &[&str]) -> String {
        let printed = self.run(&[&["client", "create"], options].concat());
        let id = printed.lines().find_map(|line| line.strip_prefix("client_id="));
        id.unwrap_or_else(|| panic!("no client_id in {printed}")).to_owned()
    }

    /// The folder it was started in, with its data in `data`.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}
