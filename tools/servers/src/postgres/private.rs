//! A private PostgreSQL server, as its owner sees it: a URL, and orders to the keeper.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use super::keeper;
use crate::shell::{self, Outcome};

/// A server on loopback, without a password. It stops when this is dropped or this process ends.
#[derive(Debug)]
pub struct PrivateServer {
    url: String,
    keeper: Child,
    answers: BufReader<ChildStdout>,
}

impl PrivateServer {
    /// Starts a server with the first of these folders that works. Without a port it is quick and not
    /// durable; with one it is durable and stays at that port when it restarts.
    pub fn start(folders: &[PathBuf], port: Option<u16>) -> Outcome<Self> {
        let unusable = |error: std::io::Error| format!("PostgreSQL's keeper could not be started: {error}.");
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
            return Err("PostgreSQL's keeper has no output.".to_owned());
        };
        let mut server = Self { url: String::new(), keeper, answers };
        server.url = server.answer()?;
        if server.url.is_empty() {
            Err("PostgreSQL did not start; see above.".to_owned())
        } else {
            Ok(server)
        }
    }

    /// The URL of the database `postgres` as a superuser.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops the server in a mode of pg_ctl, `fast` or `immediate`, and starts it again.
    pub fn restart(&mut self, mode: &str) -> Outcome {
        self.order(&format!("restart {mode}"))
    }

    /// Suspends the server: connections stay open, and nothing is answered.
    pub fn pause(&mut self) -> Outcome {
        self.order("pause")
    }

    pub fn resume(&mut self) -> Outcome {
        self.order("resume")
    }

    /// Gives the keeper an order and waits until it is carried out.
    fn order(&mut self, order: &str) -> Outcome {
        let lost = |error: std::io::Error| format!("PostgreSQL's keeper was lost: {error}.");
        if let Some(orders) = &mut self.keeper.stdin {
            writeln!(orders, "{order}").and_then(|()| orders.flush()).map_err(lost)?;
        }
        let answer = self.answer()?;
        if answer == "done" { Ok(()) } else { Err(answer) }
    }

    fn answer(&mut self) -> Outcome<String> {
        let mut line = String::new();
        let read = self.answers.read_line(&mut line);
        read.map_err(|error| format!("PostgreSQL's keeper was lost: {error}."))?;
        Ok(line.trim().to_owned())
    }
}

impl Drop for PrivateServer {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        if let Err(error) = self.keeper.wait() {
            shell::complain(&format!("PostgreSQL's keeper was lost: {error}."));
        }
    }
}

/// This program. Its path may be gone by now: cargo may have built it anew since it started.
fn myself() -> std::io::Result<PathBuf> {
    let running = Path::new("/proc/self/exe");
    if running.exists() { Ok(running.to_path_buf()) } else { std::env::current_exe() }
}
