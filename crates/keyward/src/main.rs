//! The binary: runs what the command line asks for.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    match keyward::cli::run() {
        Ok(code) => code,
        Err(problem) => {
            eprintln!("keyward: {problem}");
            ExitCode::FAILURE
        }
    }
}
