//! The account that PostgreSQL runs as.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

/// The account of the server where this process is root's: PostgreSQL refuses to run as root.
#[derive(Clone, Copy)]
pub(super) struct Account {
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Account {
    pub(super) fn for_server() -> Option<Self> {
        let root = id(&["-u"])? == 0;
        let named = |name| Some(Self { uid: id(&["-u", name])?, gid: id(&["-g", name])? });
        if root { ["postgres", "nobody"].into_iter().find_map(named) } else { None }
    }

    pub(super) fn apply(account: Option<Self>, command: &mut Command) {
        if let Some(Self { uid, gid }) = account {
            command.uid(uid).gid(gid);
        }
    }
}

fn id(args: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(args).stderr(Stdio::null()).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
