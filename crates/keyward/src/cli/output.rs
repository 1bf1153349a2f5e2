//! What commands print and read, and why one stops.

use std::fmt::Display;
use std::io::{BufRead, Write};

/// What stops a command: one sentence that names what to correct.
pub(super) type Problem = String;

/// Prints a line; where the reader has ended, as `head` does, the command ends without a word.
pub(super) fn say(line: impl Display) {
    if writeln!(std::io::stdout(), "{line}").is_err() {
        std::process::exit(0);
    }
}

/// The first line of standard input: a secret that no list of processes shows.
pub(super) fn first_line() -> Result<String, Problem> {
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.map_err(|error| format!("standard input cannot be read: {error}"))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
