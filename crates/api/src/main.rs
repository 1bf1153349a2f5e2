//! The binary: reads the command line and wires the ports to the world. The only place that knows both the api and the
//! infrastructure.
#![forbid(unsafe_code)]

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::run() {
        Ok(code) => code,
        Err(problem) => {
            eprintln!("keyward: {problem}");
            ExitCode::FAILURE
        }
    }
}
