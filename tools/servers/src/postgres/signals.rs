//! Signals to a server and each of its processes: they are not one group.

use std::fs;
use std::process::{Child, Command, Stdio};

use crate::shell::Outcome;

/// Sends the signal of that name, such as `STOP`.
pub(super) fn send(name: &str, server: &Child) -> Outcome {
    let mut ids = vec![server.id().to_string()];
    ids.extend(children(server.id()));
    // The shell's own `kill`, since a separate program of that name need not be there.
    let mut command = Command::new("sh");
    command.args(["-c", "kill -s \"$0\" \"$@\"", name]).args(&ids);
    // One of them may have ended meanwhile, so the shell's verdict does not count.
    let sent = command.stdin(Stdio::null()).stderr(Stdio::null()).status();
    sent.map(drop).map_err(|error| format!("No shell to send a signal with: {error}."))
}

fn children(parent: u32) -> Vec<String> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let names = processes.filter_map(|process| process.file_name().into_string().ok());
    names.filter(|id| id.bytes().all(|b| b.is_ascii_digit()) && parent_of(id) == Some(parent)).collect()
}

fn parent_of(id: &str) -> Option<u32> {
    // `1234 (a name, perhaps with parentheses) S 1 ..`
    let status = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    status.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}
