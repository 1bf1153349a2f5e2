//! The record: how often the functions of the server run under load. The compiler optimises what is shipped by it (profile-guided
//! optimisation).
//!
//! It names functions by symbols, which depend on all dependencies, on the cargo profile and on the compiler. Of a build for another
//! machine, or with other dependencies, it optimises little, and does no harm.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::shell::{self, Outcome};

/// Where cargo reads flags for the compiler: they are separated by a control character, so that paths may have blanks.
const ENCODED: &str = "CARGO_ENCODED_RUSTFLAGS";
const PLAIN: &str = "RUSTFLAGS";
/// No warning for each function that was changed since: it is optimised as if there were no record.
const QUIET: &str = "-Cllvm-args=-no-pgo-warn-mismatch";

/// The record, as `llvm-profdata` writes it.
pub fn path() -> PathBuf {
    shell::root().join("crates/keyward/keyward.profdata")
}

/// Where programs that count write their counts when they end. So do the build scripts and macros that they are built with.
pub fn counts() -> PathBuf {
    target().join("counts")
}

/// Notes what a new record was made with.
pub fn mark() -> Outcome {
    let (path, text) = (circumstances(), format!("{}\n", fingerprint()?));
    fs::write(&path, text).map_err(|error| format!("{} cannot be written: {error}.", path.display()))
}

/// Has a build use the record. Says so if it was made with other dependencies or by another compiler.
pub(crate) fn optimise(command: &mut Command) -> Outcome {
    let record = path();
    if !record.is_file() {
        return Err(format!("{} is missing.", record.display()));
    }
    if fs::read_to_string(circumstances()).ok().as_deref().map(str::trim) != Some(&fingerprint()?) {
        shell::note(
            "crates/keyward/keyward.profdata is of other dependencies or another compiler, and optimises little. \
             `cargo xtask bench --record` records anew.",
        );
    }
    add_flags(command, &[&format!("-Cprofile-use={}", record.display()), QUIET]);
    Ok(())
}

/// Has a build count, in a folder of its own.
pub(crate) fn count(command: &mut Command) {
    command.arg("--target-dir").arg(target());
    add_flags(command, &[&format!("-Cprofile-generate={}", counts().display())]);
}

fn target() -> PathBuf {
    shell::root().join("target/counting")
}

fn circumstances() -> PathBuf {
    path().with_extension("profdata.txt")
}

/// What the symbols depend on, in short.
fn fingerprint() -> Outcome<String> {
    let mut hasher = DefaultHasher::new();
    for name in ["Cargo.toml", "Cargo.lock"] {
        let text = fs::read(shell::root().join(name)).map_err(|error| format!("{name}: {error}."))?;
        text.hash(&mut hasher);
    }
    rustc(&["-vV"])?.hash(&mut hasher);
    Ok(format!("{:016x}", hasher.finish()))
}

/// What the compiler of this checkout says.
pub fn rustc(args: &[&str]) -> Outcome<String> {
    shell::capture(Command::new("rustc").args(args).current_dir(shell::root()))
}

/// Adds flags for the compiler to the developer's own. Those of the table `build` in cargo's configuration give way, as they do to
/// `RUSTFLAGS`.
fn add_flags(command: &mut Command, flags: &[&str]) {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    match (set(ENCODED), set(PLAIN)) {
        (Some(own), _) => command.env(ENCODED, joined(own.split('\x1f'), flags)),
        (None, Some(own)) => command.env(ENCODED, joined(own.split_whitespace(), flags)),
        // Cargo joins this table with those for single targets.
        (None, None) => command.arg("--config").arg(format!("target.'cfg(all())'.rustflags={flags:?}")),
    };
}

fn joined<'a>(own: impl Iterator<Item = &'a str>, flags: &[&'a str]) -> String {
    own.chain(flags.iter().copied()).collect::<Vec<_>>().join("\x1f")
}

/// The tool that merges counts: of the compiler's own LLVM, or a packaged one of the same version.
pub fn profdata() -> Outcome<PathBuf> {
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
    fn the_developers_flags_stay() {
        let flags = joined("-Ctarget-cpu=native  -g".split_whitespace(), &["-Cprofile-use=/a b/c"]);
        assert_eq!(flags, "-Ctarget-cpu=native\x1f-g\x1f-Cprofile-use=/a b/c");
    }

    #[test]
    fn the_record_is_there_and_says_what_it_was_made_with() {
        assert!(path().is_file());
        let mark = fs::read_to_string(circumstances()).expect("it stands beside the record");
        assert_eq!(mark.trim().len(), fingerprint().expect("files and a compiler").len());
    }
}
