//! The commands whose programs are packages of their own: builds and runs them, arguments unchanged.

use std::os::unix::process::CommandExt;
use std::process::Command;

use keyward_servers::build;
use keyward_servers::shell::Outcome;

/// The load must not be what limits a server as it is shipped, so `bench` is built like the server that it measures. The
/// options `--quick` and `--train` measure nothing, so a development build is enough.
pub(crate) fn bench(args: &[String]) -> Outcome {
    let measures = !args.iter().any(|arg| arg == "--quick" || arg == "--train");
    run("bench", if measures { "dist" } else { "dev" }, args)
}

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
