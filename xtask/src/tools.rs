//! `cargo xtask bench` and `cargo xtask faults`: packages of their own, built and run with the arguments as they are.

use std::os::unix::process::CommandExt;
use std::process::Command;

use keyward_servers::build;
use keyward_servers::shell::Outcome;

pub(crate) fn faults(args: &[String]) -> Outcome {
    run("faults", "dev", args)
}

/// Builds the package of that tool, and becomes its program.
fn run(tool: &str, profile: &str, args: &[String]) -> Outcome {
    let package = format!("keyward-{tool}");
    let programs = build::build(profile, &["--package", &package, "--bin", tool])?;
    let error = Command::new(programs.path(tool)?).args(args).exec();
    Err(format!("{tool} could not be started: {error}."))
}
