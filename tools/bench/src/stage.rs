//! Where servers are started: each in a folder of its own, and on the cores it is given.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use keyward_servers::ports;
use keyward_servers::postgres::installed;
use keyward_servers::postgres::private::PrivateServer;
use keyward_servers::process::Process;
use keyward_servers::shell::{self, Outcome};
use tempfile::TempDir;

use crate::cores::{Cores, Place};
use crate::programs::Programs;
use crate::server::Server;

/// The programs, and a folder that goes with it.
pub(crate) struct Stage<'a> {
    pub(crate) programs: &'a Programs,
    pub(crate) cores: &'a Cores,
    folder: TempDir,
}

impl<'a> Stage<'a> {
    pub(crate) fn new(programs: &'a Programs, cores: &'a Cores) -> Outcome<Self> {
        let folder = tempfile::Builder::new().prefix("keyward-bench-").tempdir();
        let folder = folder.map_err(|error| format!("No folder for servers: {error}."))?;
        Ok(Self { programs, cores, folder })
    }

    /// Keeps the folder with all logs and data. Returns its path.
    pub(crate) fn keep(self) -> PathBuf {
        self.folder.keep()
    }

    /// The database of a service in the folder of that name.
    pub(crate) fn database(&self, name: &str) -> PathBuf {
        self.folder.path().join(name).join("data/keyward.db")
    }

    /// A path in the folder itself.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn limit(&self) -> Outcome<Server> {
        self.limit_under(&[], Place::One)
    }

    /// Bare axum, run by another program: `under` is what stands before it on the command line.
    pub(crate) fn limit_under(&self, under: &[String], place: Place) -> Outcome<Server> {
        self.start(under, &self.programs.limit, "limit", &[], "/users/me", place)
    }

    /// The service, in the folder of that name. Everything is as it comes but for throttling: the same people
    /// log in again and again here.
    pub(crate) fn keyward(&self, name: &str, more: &[(&str, &str)], place: Place) -> Outcome<Server> {
        self.keyward_under(&[], name, more, place)
    }

    /// The same, run by another program.
    pub(crate) fn keyward_under(
        &self,
        under: &[String],
        name: &str,
        more: &[(&str, &str)],
        place: Place,
    ) -> Outcome<Server> {
        self.service(under, &self.programs.keyward, name, more, place)
    }

    /// The service with the feature `fast-hash`, if it was built.
    pub(crate) fn fast_hash(&self, name: &str, place: Place) -> Option<Outcome<Server>> {
        let program = self.programs.fast_hash.as_ref()?;
        Some(self.service(&[], program, name, &[], place))
    }

    fn service(
        &self,
        under: &[String],
        program: &Path,
        name: &str,
        more: &[(&str, &str)],
        place: Place,
    ) -> Outcome<Server> {
        let mut settings = vec![
            ("KEYWARD_THROTTLE", "off".to_owned()),
            ("KEYWARD_ISSUER", format!("http://{name}.example")),
        ];
        settings.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        self.start(under, program, name, &settings, "/health/ready", place)
    }

    /// What a user of FastAPI would write instead, in the folder of that name, by this Python environment.
    pub(crate) fn fastapi(&self, environment: &Path, name: &str, place: Place) -> Outcome<Server> {
        let python = environment.join("bin/python");
        let python = std::path::absolute(&python)
            .map_err(|error| format!("{} is no path: {error}.", python.display()))?;
        let under = [python.display().to_string(), "-B".to_owned()];
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("fastapi/main.py");
        self.start(&under, &script, name, &[], "/health/ready", place)
    }

    fn start(
        &self,
        under: &[String],
        program: &Path,
        name: &str,
        settings: &[(&str, String)],
        path: &str,
        place: Place,
    ) -> Outcome<Server> {
        let folder = self.path(name);
        fs::create_dir_all(&folder)
            .map_err(|error| format!("{} cannot be made: {error}.", folder.display()))?;
        let port = ports::free()?;
        let words: Vec<&OsStr> = under.iter().map(OsStr::new).chain([program.as_os_str()]).collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).env_clear().envs(settings.iter().map(|(name, value)| (name, value)));
        command.env("KEYWARD_LISTEN", format!("127.0.0.1:{port}")).current_dir(&folder);
        let begun = Instant::now();
        let process = self.cores.start(place, || Process::start(&mut command, &folder.join("log")))?;
        Server::ready(process, port, path, begun)
    }
}

/// A private server that forgets nothing, if PostgreSQL is installed. It shares the core of the load.
pub(crate) fn postgres() -> Option<PrivateServer> {
    let server = ports::free().and_then(|port| PrivateServer::start(&installed::folders(), Some(port)));
    if let Err(problem) = &server {
        shell::note(&format!("Without PostgreSQL: {problem}"));
    }
    server.ok()
}
