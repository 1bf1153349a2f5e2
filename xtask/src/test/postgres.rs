//! A PostgreSQL server for the tests: the one that is named, or a private one for as long as they run.

use std::path::PathBuf;

use crate::shell::Outcome;

/// Where the tests look for a server.
pub(crate) const VARIABLE: &str = "KEYWARD_TEST_DATABASE_URL";

/// Where a server is to come from.
pub(crate) enum Source {
    /// Someone set [`VARIABLE`]; the server there is theirs to start and stop.
    Named(String),
    /// Folders with a PostgreSQL that works, best first.
    Installed(Vec<PathBuf>),
}

/// A server that answers, stopped when this is dropped if it is ours.
pub(crate) enum Server {
    Named(String),
    #[cfg(unix)]
    Private(private::Server),
}

pub(crate) fn look() -> Result<Source, String> {
    if let Some(url) = std::env::var(VARIABLE).ok().filter(|url| !url.is_empty()) {
        return Ok(Source::Named(url));
    }
    #[cfg(unix)]
    {
        let folders = private::installed();
        if folders.is_empty() {
            let how = "`apt-get install postgresql` gets it.";
            return Err(format!("PostgreSQL is neither on PATH nor in /usr/lib/postgresql; {how}"));
        }
        Ok(Source::Installed(folders))
    }
    #[cfg(not(unix))]
    Err(format!("a private server is started on Unix only; set {VARIABLE} to the URL of a server."))
}

impl Source {
    pub(crate) fn open(self) -> Outcome<Server> {
        match self {
            Self::Named(url) => Ok(Server::Named(url)),
            #[cfg(unix)]
            Self::Installed(folders) => private::Server::start(&folders, None).map(Server::Private),
            #[cfg(not(unix))]
            Self::Installed(_) => Err("a private server is started on Unix only.".to_owned()),
        }
    }
}

impl Server {
    pub(crate) fn url(&self) -> &str {
        match self {
            Self::Named(url) => url,
            #[cfg(unix)]
            Self::Private(server) => &server.url,
        }
    }
}

/// Starting the keeper, which owns the private server.
#[cfg(unix)]
pub(crate) mod private {
    use std::ffi::OsStr;
    use std::io::{BufRead, BufReader, Write};
    use std::os::unix::process::CommandExt;
    use std::path::{Path, PathBuf};
    use std::process::{Child, ChildStdout, Command, Stdio};

    use crate::shell::{self, Outcome};
    use crate::test::keeper::{self, Account};

    pub(crate) struct Server {
        pub(crate) url: String,
        keeper: Child,
        answers: BufReader<ChildStdout>,
    }

    impl Server {
        /// Starts the keeper; with a port, for a server that forgets nothing and stays there.
        pub(crate) fn start(folders: &[PathBuf], port: Option<u16>) -> Outcome<Self> {
            let unusable =
                |error: std::io::Error| format!("PostgreSQL's keeper could not be started: {error}.");
            let mut keeper = Command::new(myself().map_err(unusable)?)
                .arg(keeper::COMMAND)
                .args(port.iter().flat_map(|port| [keeper::DURABLE.to_owned(), port.to_string()]))
                .args(folders)
                // Out of reach of the terminal's Ctrl-C: it must outlive us for as long as cleaning up takes.
                .process_group(0)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .map_err(unusable)?;
            let Some(answers) = keeper.stdout.take().map(BufReader::new) else {
                return Err("PostgreSQL's keeper says nothing.".to_owned());
            };
            let mut server = Self { url: String::new(), keeper, answers };
            server.url = server.hear()?;
            if server.url.is_empty() {
                Err("PostgreSQL did not start; see above.".to_owned())
            } else {
                Ok(server)
            }
        }

        /// Gives the keeper an order and waits until it was carried out.
        pub(crate) fn order(&mut self, order: &str) -> Outcome {
            let lost = |error: std::io::Error| format!("PostgreSQL's keeper was lost: {error}.");
            if let Some(orders) = &mut self.keeper.stdin {
                writeln!(orders, "{order}").and_then(|()| orders.flush()).map_err(lost)?;
            }
            let answer = self.hear()?;
            if answer == "done" { Ok(()) } else { Err(answer) }
        }

        fn hear(&mut self) -> Outcome<String> {
            let mut line = String::new();
            let heard = self.answers.read_line(&mut line);
            heard.map_err(|error| format!("PostgreSQL's keeper was lost: {error}."))?;
            Ok(line.trim().to_owned())
        }
    }

    impl Drop for Server {
        fn drop(&mut self) {
            drop(self.keeper.stdin.take());
            if let Err(error) = self.keeper.wait() {
                shell::complain(&format!("PostgreSQL's keeper was lost: {error}."));
            }
        }
    }

    /// This program. By its path it may be gone by now: the tests that ran before may have built it anew.
    fn myself() -> std::io::Result<PathBuf> {
        let running = Path::new("/proc/self/exe");
        if running.exists() { Ok(running.to_path_buf()) } else { std::env::current_exe() }
    }

    /// Folders with an `initdb`, a `postgres` and a `pg_ctl` of one version: on PATH, then Debian's, newest first.
    pub(crate) fn installed() -> Vec<PathBuf> {
        let account = Account::for_server();
        let debian = Path::new("/usr/lib/postgresql").read_dir().into_iter().flatten().flatten();
        let folders = shell::search_path().into_iter().chain(newest_first(debian.map(|entry| entry.path())));
        folders.filter(|folder| usable(folder, account)).collect()
    }

    /// Asked as the account that will run the server: to another one, a program may be out of reach.
    fn usable(folder: &Path, account: Option<Account>) -> bool {
        let version = |program: &str| {
            let mut command = Command::new(folder.join(program));
            Account::apply(account, command.current_dir("/"));
            let printed = shell::version(&mut command)?;
            Some(printed.strip_prefix(program)?.to_owned())
        };
        let server = version("postgres").filter(|version| version.starts_with(" (PostgreSQL) "));
        server.is_some() && version("initdb") == server && version("pg_ctl") == server
    }

    fn newest_first(folders: impl Iterator<Item = PathBuf>) -> Vec<PathBuf> {
        let version = |path: &PathBuf| path.file_name().and_then(OsStr::to_str)?.parse::<u32>().ok();
        let mut folders: Vec<_> = folders.filter_map(|path| Some((version(&path)?, path))).collect();
        folders.sort();
        folders.into_iter().rev().map(|(_, path)| path.join("bin")).collect()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_newest_version_comes_first_by_number() {
            let found = ["/p/9", "/p/17", "/p/15", "/p/common"].map(PathBuf::from);
            let bins = ["/p/17/bin", "/p/15/bin", "/p/9/bin"].map(PathBuf::from);
            assert_eq!(newest_first(found.into_iter()), bins);
        }

        #[test]
        fn a_folder_without_postgresql_is_not_usable() {
            assert!(!usable(Path::new("/"), None));
        }
    }
}
