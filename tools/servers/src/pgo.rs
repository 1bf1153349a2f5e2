//! Profile-guided optimisation (PGO) of what is shipped: the compiler reads a profile of the server under load.
//!
//! The profile counts executions for each symbol. Symbols depend on the dependencies, the cargo profile, the compiler and the target
//! platform. A build in which one of these differs is correct, but gains little.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::shell::{self, Outcome};

/// Compiler flags for cargo, separated by the control character 0x1F, so that paths may contain spaces.
const ENCODED: &str = "CARGO_ENCODED_RUSTFLAGS";
/// Compiler flags for cargo, separated by spaces.
const PLAIN: &str = "RUSTFLAGS";
/// Suppresses a warning for each function that has changed since the profile was made. Such a function is optimised without it.
const QUIET: &str = "-Cllvm-args=-no-pgo-warn-mismatch";

/// The path of the profile, in the indexed format of `llvm-profdata`.
pub fn profile() -> PathBuf {
    shell::root().join("crates/keyward/keyward.profdata")
}

/// The folder into which instrumented programs write raw profiles when they exit. Instrumented build scripts and procedural macros
/// write there, too.
pub fn raw_profiles() -> PathBuf {
    target().join("raw")
}

/// Writes the fingerprint of dependencies and compiler beside a new profile.
pub fn write_fingerprint() -> Outcome {
    let (path, text) = (fingerprint_path(), format!("{}\n", fingerprint()?));
    fs::write(&path, text).map_err(|error| format!("{} cannot be written: {error}.", path.display()))
}

/// Makes a cargo command use the profile. Prints a note if the profile is outdated: if dependencies or compiler have changed.
pub(crate) fn optimise(command: &mut Command) -> Outcome {
    let profile = profile();
    if !profile.is_file() {
        return Err(format!("{} is missing.", profile.display()));
    }
    if fs::read_to_string(fingerprint_path()).ok().as_deref().map(str::trim) != Some(&fingerprint()?) {
        shell::note(
            "crates/keyward/keyward.profdata is outdated: dependencies or compiler have changed, and the program will be slower. \
             `cargo xtask bench --train` makes a new one.",
        );
    }
    add_flags(command, &[&format!("-Cprofile-use={}", profile.display()), QUIET]);
    Ok(())
}

/// Makes a cargo command build instrumented programs, in a target folder of their own.
pub(crate) fn instrument(command: &mut Command) {
    command.arg("--target-dir").arg(target());
    add_flags(command, &[&format!("-Cprofile-generate={}", raw_profiles().display())]);
}

fn target() -> PathBuf {
    shell::root().join("target/instrumented")
}

fn fingerprint_path() -> PathBuf {
    profile().with_extension("profdata.txt")
}

/// A hash of the root manifest without its comments, the lock file and the compiler's version.
fn fingerprint() -> Outcome<String> {
    let mut hasher = DefaultHasher::new();
    for name in ["Cargo.toml", "Cargo.lock"] {
        let text = fs::read_to_string(shell::root().join(name));
        let text = text.map_err(|error| format!("{name} cannot be read: {error}."))?;
        text.lines().filter(|line| !line.starts_with('#')).for_each(|line| line.hash(&mut hasher));
    }
    rustc(&["-vV"])?.hash(&mut hasher);
    Ok(format!("{:016x}", hasher.finish()))
}

/// Returns the output of this checkout's compiler.
fn rustc(args: &[&str]) -> Outcome<String> {
    shell::capture(Command::new("rustc").args(args).current_dir(shell::root()))
}

/// Adds compiler flags to those in the environment and in the `target` tables of cargo's configuration. Flags in its `build` table
/// are ignored, as they are where `RUSTFLAGS` is set.
fn add_flags(command: &mut Command, flags: &[&str]) {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    match (set(ENCODED), set(PLAIN)) {
        (Some(own), _) => command.env(ENCODED, joined(own.split('\x1f'), flags)),
        (None, Some(own)) => command.env(ENCODED, joined(own.split_whitespace(), flags)),
        // Cargo joins this table with the tables of single targets.
        (None, None) => command.arg("--config").arg(format!("target.'cfg(all())'.rustflags={flags:?}")),
    };
}

fn joined<'a>(own: impl Iterator<Item = &'a str>, flags: &[&'a str]) -> String {
    own.chain(flags.iter().copied()).collect::<Vec<_>>().join("\x1f")
}

/// Returns the path of `llvm-profdata`: rustup's component, or Debian's package of the same LLVM version.
pub fn llvm_profdata() -> Outcome<PathBuf> {
    const NAME: &str = "llvm-profdata";
    let about = rustc(&["-vV"])?;
    let after = |start: &str| about.lines().find_map(|line| line.strip_prefix(start)).unwrap_or_default();
    let version = after("LLVM version: ").split('.').next().unwrap_or_default();
    let sysroot = rustc(&["--print", "sysroot"])?;
    let component =
        Path::new(sysroot.trim()).join("lib/rustlib").join(after("host: ")).join("bin").join(NAME);
    let packaged = Path::new("/usr/lib").join(format!("llvm-{version}/bin")).join(NAME);
    [component, packaged].into_iter().find(|path| path.is_file()).ok_or_else(|| {
        format!("{NAME} of LLVM {version} is not installed: `rustup component add llvm-tools` gets it.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_the_environment_are_kept() {
        let flags = joined("-Ctarget-cpu=native  -g".split_whitespace(), &["-Cprofile-use=/a b/c"]);
        assert_eq!(flags, "-Ctarget-cpu=native\x1f-g\x1f-Cprofile-use=/a b/c");
    }

    #[test]
    fn the_profile_and_its_fingerprint_are_there() {
        assert!(profile().is_file());
        let written = fs::read_to_string(fingerprint_path()).expect("it stands beside the profile");
        assert_eq!(written.trim().len(), fingerprint().expect("files and a compiler").len());
    }
}
