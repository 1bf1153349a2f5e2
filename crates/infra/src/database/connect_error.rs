//! Why a database cannot be opened.

use std::path::PathBuf;

/// What to do about a password with characters that mean something in a URL.
pub(crate) const ENCODE: &str = "percent-encode reserved characters of its user and password: \
                                 % as %25, @ as %40, : as %3A, / as %2F, ? as %3F, # as %23";

/// Why a database could not be opened, in one sentence that never holds the URL's password.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Another database, or no URL at all.
    #[error("the database URL must begin with sqlite:// or postgres://")]
    Scheme,
    /// SQLAlchemy's name of a driver behind the database's.
    #[error("leave the driver out of the database URL: it begins with {0}://")]
    Driver(&'static str),
    /// A user or password with characters that end it.
    #[error("the database URL cannot be read: {ENCODE}")]
    Reserved,
    /// Most likely meant to be in the working folder.
    #[error(
        "sqlite:///{0} is a file in the root folder: write sqlite://{0} for one in the working folder, or sqlite:////{0}"
    )]
    InRoot(String),
    /// The URL cannot be read.
    #[error("the database URL is not well-formed: {0}")]
    Url(String),
    /// Readers and writer would each see a database of their own, and both would be lost at the end.
    #[error("a SQLite database must be a file: name one, as in sqlite://data/keyward.db")]
    NotAFile,
    /// Does not make folders: the caller knows what else belongs in them.
    #[error("the folder of the database file {0} does not exist")]
    NoFolder(PathBuf),
    /// SQLite reads beside its writer as it is.
    #[error("a replica to read from is for PostgreSQL, and both URLs must begin with postgres://")]
    NoReplica,
    /// The file is there and cannot be used, or cannot be made.
    #[error("the database file {0} cannot be opened: {1}")]
    File(PathBuf, String),
    /// PostgreSQL did not let us in.
    #[error("PostgreSQL at {server} cannot be used: {reason}")]
    Server {
        server: String,
        /// In PostgreSQL's words where it answered.
        reason: String,
    },
}
