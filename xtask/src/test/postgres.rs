//! A PostgreSQL server for the tests: the one that is named, or a private one for as long as they run.

use std::path::PathBuf;

#[cfg(unix)]
use keyward_servers::postgres::{installed, private::PrivateServer};
use keyward_servers::shell::Outcome;

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
    Private(PrivateServer),
}

pub(crate) fn look() -> Result<Source, String> {
    if let Some(url) = std::env::var(VARIABLE).ok().filter(|url| !url.is_empty()) {
        return Ok(Source::Named(url));
    }
    #[cfg(unix)]
    {
        let folders = installed::folders();
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
            Self::Installed(folders) => PrivateServer::start(&folders, None).map(Server::Private),
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
            Self::Private(server) => server.url(),
        }
    }
}
