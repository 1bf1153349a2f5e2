//! What can happen to the keeper's server, by order: a line of standard input each.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Cluster, PATIENCE};
use crate::shell::Outcome;

impl Cluster {
    /// `restart fast`, `restart immediate`, `pause` or `resume`; done when this returns.
    pub(super) fn suffer(&mut self, order: &str) -> Outcome {
        match order {
            "pause" => self.server.as_ref().map_or(Ok(()), |server| signal("STOP", server)),
            "resume" => self.server.as_ref().map_or(Ok(()), |server| signal("CONT", server)),
            _ => match order.strip_prefix("restart ") {
                Some(mode) => self.restart(mode),
                None => Err(format!("The keeper knows no order {order:?}.")),
            },
        }
    }

    fn restart(&mut self, mode: &str) -> Outcome {
        if let Some(mut server) = self.server.take() {
            self.stop(&mut server, mode);
        }
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if self.serve()? {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        Err(self.explain("the server did not come back"))
    }
}

/// Lets a server go on that was paused, for it cannot stop otherwise.
pub(super) fn wake(server: &Child) {
    if let Err(sentence) = signal("CONT", server) {
        crate::shell::complain(&sentence);
    }
}

/// Sends a signal to the server and each of its processes: they are not one group.
fn signal(name: &str, server: &Child) -> Outcome {
    let mut ids = vec![server.id().to_string()];
    ids.extend(children(server.id()));
    // The shell's own, since a separate program of that name need not be there.
    let mut command = Command::new("sh");
    command.args(["-c", "kill -s \"$0\" \"$@\"", name]).args(&ids);
    // One of them may have ended meanwhile; what counts is that we could ask.
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
