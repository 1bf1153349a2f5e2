//! `faults`: whether a Keyward keeps its promises while things break around it. `cargo xtask faults` runs it.
#![forbid(unsafe_code)]

use std::process::ExitCode;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    keyward_faults::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("faults runs on Linux only.");
    ExitCode::FAILURE
}
