//! Where the server listens: the port and the Unix socket are free, or a server that is ready has them.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use super::report::Finding::{self, Bad, Good, Note};
use crate::cli::healthcheck::asking::status;
use crate::cli::healthcheck::reachable;

/// How long a server that listens already may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// What the port says.
pub(super) fn port(address: SocketAddr, certificate: Option<&Path>) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) => Good(format!("{address} is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            match status(reachable(address), certificate, PATIENCE) {
                Ok(200) => Good(format!("a server is ready at {address}")),
                Ok(status) => {
                    Note(format!("what listens at {address} answers {status} when asked whether it is ready"))
                }
                Err(error) => Bad(
                    format!("something else listens at {address}: {error}"),
                    "end it, or set KEYWARD_LISTEN".to_owned(),
                ),
            }
        }
        Err(error) => Bad(
            format!("{address} cannot be listened on: {error}"),
            "set KEYWARD_LISTEN to an address of this machine".to_owned(),
        ),
    }
}

/// What the Unix socket says.
#[cfg(unix)]
pub(super) fn socket(path: &Path) -> Finding {
    use std::fs::{metadata, symlink_metadata};
    use std::os::unix::fs::FileTypeExt;
    use std::os::unix::net::UnixStream;

    use crate::cli::healthcheck::asking::status_at_socket;

    let shown = path.display();
    let other = || "set KEYWARD_LISTEN_UNIX to another path".to_owned();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !metadata(folder).is_ok_and(|found| found.is_dir()) {
        return Bad(
            format!("there is no folder {} for the socket", folder.display()),
            format!("make it, or {}", other()),
        );
    }
    match symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Good(format!("{shown} is free")),
        Err(error) => Bad(format!("{shown} cannot be looked at: {error}"), other()),
        Ok(found) if !found.file_type().is_socket() => {
            Bad(format!("there is another file at {shown}"), format!("remove it, or {}", other()))
        }
        Ok(_) => match status_at_socket(path, PATIENCE) {
            Ok(200) => Good(format!("a server is ready at {shown}")),
            Ok(status) => {
                Note(format!("what listens at {shown} answers {status} when asked whether it is ready"))
            }
            Err(_) if UnixStream::connect(path).is_err() => {
                Good(format!("{shown} was left behind by a server; the next start replaces it"))
            }
            Err(error) => Bad(format!("something else listens at {shown}: {error}"), other()),
        },
    }
}
