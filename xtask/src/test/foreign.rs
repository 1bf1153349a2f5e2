//! Finds a Python that can make virtual environments, and a Node.js with its npm.

use std::path::PathBuf;
use std::process::Command;

use keyward_servers::shell;

const PYTHON: &str = "`apt-get install python3-venv` gets it.";
const NODE: &str = "`apt-get install nodejs npm` gets both.";

/// The oldest versions that the libraries run on.
const OLDEST_PYTHON: Version = (3, 11);
const OLDEST_NODE: Version = (18, 0);

type Version = (u32, u32);

/// What the scripts run with.
pub(crate) struct Interpreters {
    pub(crate) python: PathBuf,
    pub(crate) node: PathBuf,
    pub(crate) npm: PathBuf,
}

pub(crate) fn look() -> Result<Interpreters, String> {
    let (major, minor) = OLDEST_PYTHON;
    let python = find("python3", |path| recent(path, OLDEST_PYTHON) && makes_environments(path));
    let python = python.ok_or_else(|| {
        format!("there is no python3 of version {major}.{minor} or later with venv on PATH; {PYTHON}")
    })?;
    let node = find("node", |path| recent(path, OLDEST_NODE));
    let node = node
        .ok_or_else(|| format!("there is no node of version {} or later on PATH; {NODE}", OLDEST_NODE.0))?;
    let npm = find(if cfg!(windows) { "npm.cmd" } else { "npm" }, |path| recent(path, (1, 0)));
    let npm = npm.ok_or_else(|| format!("there is no working npm on PATH; {NODE}"))?;
    Ok(Interpreters { python, node, npm })
}

/// The first program of that name on PATH that will do.
fn find(name: &str, does: impl Fn(&PathBuf) -> bool) -> Option<PathBuf> {
    let name = if cfg!(windows) && !name.contains('.') { format!("{name}.exe") } else { name.to_owned() };
    shell::search_path()
        .into_iter()
        .map(|folder| folder.join(&name))
        .find(|path| path.is_file() && does(path))
}

fn recent(program: &PathBuf, oldest: Version) -> bool {
    let printed = shell::version(&mut Command::new(program));
    printed.and_then(|printed| version(&printed)).is_some_and(|version| version >= oldest)
}

/// Debian's python3 comes without `ensurepip`, and its `venv` then makes half an environment.
fn makes_environments(python: &PathBuf) -> bool {
    shell::works(Command::new(python).args(["-c", "import ensurepip, venv"]))
}

/// (3, 11) of "Python 3.11.7", (20, 20) of "v20.20.2".
fn version(printed: &str) -> Option<Version> {
    let number = printed.split_whitespace().last()?.trim_start_matches('v');
    let mut parts = number.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_what_each_program_prints() {
        assert_eq!(version("Python 3.11.7"), Some((3, 11)));
        assert_eq!(version("v20.20.2"), Some((20, 20)));
        assert_eq!(version("9.2.0"), Some((9, 2)));
        assert_eq!(version("pyenv: python3: command not found"), None);
    }

    #[test]
    fn the_tenth_minor_version_comes_after_the_ninth() {
        assert!(
            version("Python 3.9.18") < Some(OLDEST_PYTHON) && version("Python 3.13.0") >= Some(OLDEST_PYTHON)
        );
    }

    #[test]
    fn a_program_that_will_not_do_is_passed_over() {
        assert_eq!(find("cargo", |_| false), None);
    }
}
