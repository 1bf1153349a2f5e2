//! Whose a file is, for the sentence that says why it cannot be used.

use std::io::ErrorKind;
use std::path::Path;

/// The error, and where it is one of permission, whose the file or its folder is and which account this process has.
pub fn explain(path: &Path, error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => {
            owner(path).map_or_else(|| error.to_string(), |owner| format!("{error}; {owner}"))
        }
        _ => error.to_string(),
    }
}

/// Whose the first of these is that this account may not change: the nearest folder that exists, and the file with what
/// SQLite keeps beside it. `None` where that is not the reason.
#[cfg(unix)]
pub(crate) fn owner(path: &Path) -> Option<String> {
    use rustix::fs::{Access, access};
    use std::os::unix::fs::MetadataExt;
    let absolute = std::path::absolute(path).ok()?;
    let folder = absolute.ancestors().skip(1).find(|folder| folder.exists())?;
    let beside = |suffix: &str| {
        let mut name = absolute.clone().into_os_string();
        name.push(suffix);
        std::path::PathBuf::from(name)
    };
    let files = ["", "-wal", "-shm"].map(beside).into_iter().filter(|file| file.exists());
    let all = Access::READ_OK | Access::WRITE_OK;
    let denied = |path: &Path| {
        let wanted = if path.is_dir() { all | Access::EXEC_OK } else { all };
        access(path, wanted) == Err(rustix::io::Errno::ACCESS)
    };
    let path = std::iter::once(folder.to_owned()).chain(files).find(|path| denied(path))?;
    let found = path.metadata().ok()?;
    let (kind, mode) = (if found.is_dir() { "the folder" } else { "the file" }, found.mode() & 0o7777);
    let process = rustix::process::geteuid().as_raw();
    Some(format!(
        "{kind} {} belongs to user {} and group {} with mode {mode:04o}, and this process runs as user {process}",
        path.display(),
        found.uid(),
        found.gid()
    ))
}

#[cfg(not(unix))]
pub(crate) fn owner(_: &Path) -> Option<String> {
    None
}
