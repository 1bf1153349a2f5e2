//! What its README shows, done.
#![expect(clippy::unwrap_used, reason = "clippy's exemption for tests does not know their helpers")]

use std::io::Write;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// What the program prints, or complains of.
fn run(folder: &TempDir, args: &[&str], input: &str) -> Result<String, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cli-tokens"));
    command.args(args).current_dir(folder);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that needs no input may have exited by now.
    drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap().trim_end().to_owned();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

#[test]
fn a_password_is_told_from_another_by_its_hash() {
    let folder = tempfile::tempdir().unwrap();
    let stored = run(&folder, &["hash"], "a long pass phrase\n").unwrap();
    assert!(stored.starts_with("$argon2id$"), "{stored}");
    assert_eq!(run(&folder, &["verify", &stored], "a long pass phrase\n"), Ok("right".to_owned()));
    assert_eq!(run(&folder, &["verify", &stored], "another one\n"), Err("wrong".to_owned()));
    assert!(run(&folder, &["hash"], "12345678\n").unwrap_err().contains("commonest"));
}

#[test]
fn a_token_outlives_one_rotation_and_not_two() {
    let folder = tempfile::tempdir().unwrap();
    let token = run(&folder, &["issue", "ana", "posts:read", "posts:write"], "").unwrap();
    let good = Ok("ana may posts:read posts:write".to_owned());
    assert_eq!(run(&folder, &["check", &token], ""), good);
    run(&folder, &["rotate"], "").unwrap();
    assert_eq!(run(&folder, &["check", &token], ""), good);
    run(&folder, &["rotate"], "").unwrap();
    assert!(run(&folder, &["check", &token], "").unwrap_err().contains("its key is unknown"));
}

#[test]
fn the_readme_shows_what_the_program_says_of_itself() {
    let usage = run(&tempfile::tempdir().unwrap(), &[], "").unwrap();
    assert!(include_str!("../README.md").contains(&usage), "{usage}");
}
