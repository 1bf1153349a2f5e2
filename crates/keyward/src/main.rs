//! The binary: runs what the command line asks for.
#![forbid(unsafe_code)]

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    match keyward::cli::run() {
        Ok(code) => code,
        Err(problem) => {
            drop(writeln!(std::io::stderr(), "keyward: {problem}"));
            ExitCode::FAILURE
        }
    }
}
