//! Building programs of this workspace with cargo.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::pgo;
use crate::shell::{self, Outcome};

/// The profile of what is shipped.
const SHIPPED: &str = "dist";

/// Programs that cargo built.
#[derive(Debug)]
pub struct Programs(BTreeMap<String, PathBuf>);

impl Programs {
    /// Returns the path of a program by its name.
    pub fn path(&self, name: &str) -> Outcome<&Path> {
        self.0.get(name).map(PathBuf::as_path).ok_or_else(|| format!("Cargo built no {name}."))
    }
}

/// Runs `cargo build` with a profile and these arguments. The profile `dist` adds
/// profile-guided optimisation.
pub fn build(profile: &str, args: &[&str]) -> Outcome<Programs> {
    let mut command = cargo(profile, args);
    if profile == SHIPPED {
        pgo::optimise(&mut command)?;
    }
    run(&mut command)
}

/// Builds instrumented programs, for a training run.
pub fn instrumented(args: &[&str]) -> Outcome<Programs> {
    let mut command = cargo(SHIPPED, args);
    pgo::instrument(&mut command);
    run(&mut command)
}

/// Builds the server alone, so that it has the features with which it is shipped.
pub fn keyward(profile: &str) -> Outcome<PathBuf> {
    build(profile, &["--bin", "keyward"])?.path("keyward").map(Path::to_path_buf)
}

fn cargo(profile: &str, args: &[&str]) -> Command {
    let mut command = shell::cargo(["build", "--locked", "--message-format", "json-render-diagnostics"]);
    command.args(["--profile", profile]).args(args);
    command
}

fn run(command: &mut Command) -> Outcome<Programs> {
    shell::capture(command).map(|messages| programs(&messages))
}

fn programs(messages: &str) -> Programs {
    let program = |line: &str| {
        let message: Value = serde_json::from_str(line).ok()?;
        let name = message["target"]["name"].as_str()?.to_owned();
        Some((name, message["executable"].as_str()?.into()))
    };
    Programs(messages.lines().filter_map(program).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_by_name_among_cargos_messages() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"axum"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"limit"},"executable":"/t/release/examples/limit"}
{"reason":"build-finished","success":true}"#;
        let programs = programs(messages);
        assert_eq!(programs.path("limit"), Ok(Path::new("/t/release/examples/limit")));
        assert_eq!(programs.path("axum"), Err("Cargo built no axum.".to_owned()));
    }
}
