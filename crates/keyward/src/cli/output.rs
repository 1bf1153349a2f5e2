//! What commands print and read, and why one stops.

use std::fmt::Display;
use std::io::{self, BufRead, ErrorKind, Write};

/// What stops a command: one sentence that names what to correct.
pub(super) type Problem = String;

/// Prints a line. Ends the process without a word if the reader has ended, as `head` does.
pub(super) fn say(line: impl Display) -> Result<(), Problem> {
    shown(print(line))
}

/// Passes the outcome of printing on, and ends the process without a word if the reader has ended.
pub(super) fn shown(printed: io::Result<()>) -> Result<(), Problem> {
    match printed {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        printed => printed.map_err(|error| unwritable(&error)),
    }
}

/// Prints a line that a command depends on, before it acts: a secret that is shown once. A reader that has
/// ended is a problem here.
pub(super) fn say_before(line: impl Display) -> Result<(), Problem> {
    print(line).map_err(|error| format!("{}; nothing was done", unwritable(&error)))
}

/// Checks that a line could be printed now, for commands that print what they have done.
pub(super) fn can_say() -> Result<(), Problem> {
    probe().map_err(|error| format!("{}; nothing was done", unwritable(&error)))
}

/// Prints a line for the operator to standard error, if that is open.
pub(super) fn note(line: impl Display) {
    drop(writeln!(io::stderr(), "{line}"));
}

/// The first line of standard input: a secret that no list of processes shows.
pub(super) fn first_line() -> Result<String, Problem> {
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    read.map_err(|error| format!("standard input cannot be read: {error}"))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn print(line: impl Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

fn unwritable(error: &io::Error) -> Problem {
    format!("standard output cannot be written to: {error}")
}

/// Reserves room in a file for a line. Writes nothing to anything else, which a full device refuses too.
#[cfg(unix)]
fn probe() -> io::Result<()> {
    use std::os::fd::AsFd;
    let mut out = std::fs::File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let found = out.metadata()?;
    if found.is_file() { reserve(&out, found.len()) } else { out.write(&[]).map(drop) }
}

#[cfg(not(unix))]
fn probe() -> io::Result<()> {
    Ok(())
}

#[cfg(target_os = "linux")]
fn reserve(out: &std::fs::File, end: u64) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    use rustix::io::Errno;
    /// As long as a line of a command gets.
    const LINE: u64 = 4096;
    match fallocate(out, FallocateFlags::KEEP_SIZE, end, LINE) {
        // A file system without reservations.
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
        reserved => Ok(reserved?),
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
fn reserve(_: &std::fs::File, _: u64) -> io::Result<()> {
    Ok(())
}
