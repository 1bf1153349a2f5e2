//! `bench`: how fast a Keyward is, against the limits of what it stands on. `cargo xtask bench` runs it.
#![forbid(unsafe_code)]

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    keyward_bench::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("bench runs on Linux only.");
    ExitCode::FAILURE
}
