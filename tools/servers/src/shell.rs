//! Running other programs, and what is written to the terminal.
//!
//! Arguments are passed one by one through `Command::args`; no shell parses them.

use std::ffi::OsStr;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

/// The result of a step: a failure is one sentence for the terminal.
pub type Outcome<T = ()> = Result<T, String>;

/// The root of the checkout.
pub fn root() -> PathBuf {
    // Cargo sets the variable for `cargo run`; the constant serves when the binary is started by hand.
    let manifest =
        std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let manifest = PathBuf::from(manifest);
    let root = manifest.ancestors().find(|folder| folder.join("Cargo.lock").is_file());
    root.unwrap_or(&manifest).to_path_buf()
}

/// A cargo command at the root of the checkout.
pub fn cargo<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(args).current_dir(root());
    forget_us(&mut command);
    command
}

/// Removes the variables that cargo set for this program: some build scripts read them, and half of
/// everything would be built anew each time a cargo started here follows one of the developer's.
pub fn forget_us(command: &mut Command) {
    let of_us = |name: &OsStr| {
        name.to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
    };
    for (name, _) in std::env::vars_os().filter(|(name, _)| of_us(name)) {
        command.env_remove(name);
    }
}

/// Runs `command` with our own input and output; anything but success is an error.
pub fn run(command: &mut Command) -> Outcome {
    let line = spelled(command);
    println!("{}", paint("2", &format!("$ {line}")));
    let status = command.status().map_err(|error| format!("`{line}` could not be started: {error}."))?;
    if status.success() { Ok(()) } else { Err(format!("`{line}` failed ({status}).")) }
}

/// Runs `command` and returns what it wrote to standard output.
pub fn capture(command: &mut Command) -> Outcome<String> {
    let line = spelled(command);
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("`{line}` could not be started: {error}."))?;
    if !output.status.success() {
        return Err(format!("`{line}` failed ({}).", output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("`{line}` printed something that is not UTF-8."))
}

/// Whether `command` starts and succeeds; its output is dropped.
pub fn works(command: &mut Command) -> bool {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// What `program --version` prints, where it can be started at all.
pub fn version(command: &mut Command) -> Option<String> {
    let output = command.arg("--version").stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The folders of `PATH`, in its order.
pub fn search_path() -> Vec<PathBuf> {
    std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}

/// Whether this is CI, where nothing may be skipped.
pub fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty())
}

/// A coloured headline on standard output.
pub fn heading(text: &str) {
    println!("\n{}", paint("1;36", &format!("== {text}")));
}

/// A remark that should not be overlooked, such as a skipped step.
pub fn note(text: &str) {
    println!("{}", paint("33", text));
}

/// The sentence a command failed with, on standard error.
pub fn complain(sentence: &str) {
    let colour = std::io::stderr().is_terminal() && !plain();
    if colour {
        eprintln!("\x1b[1;31m{sentence}\x1b[0m");
    } else {
        eprintln!("{sentence}");
    }
}

/// Prints the sentence of a failure, and returns the code that the program exits with.
pub fn exit_code(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            complain(&sentence);
            ExitCode::FAILURE
        }
    }
}

/// `text` in an ANSI style, where standard output is a terminal that wants one.
pub fn paint(style: &str, text: &str) -> String {
    if std::io::stdout().is_terminal() && !plain() {
        format!("\x1b[{style}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

fn plain() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

fn spelled(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_stem().unwrap_or_default().to_string_lossy();
    let args = command.get_args().map(|arg| format!(" {}", arg.to_string_lossy()));
    name.into_owned() + &args.collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_program_is_named_with_its_arguments() {
        let failure =
            run(&mut cargo(["no-such-subcommand", "one two"])).expect_err("cargo has no such command");
        assert!(failure.starts_with("`cargo no-such-subcommand one two` failed"), "{failure}");
    }

    #[test]
    fn the_root_holds_the_workspace() {
        assert!(root().join("xtask/Cargo.toml").is_file());
    }
}
