//! What commands print: where it cannot be printed they fail, and have done nothing.

use std::fs::OpenOptions;
use std::process::{Command, Output, Stdio};

use keyward_api::testing::app::PASSWORD;

use crate::process::{Home, text};

/// Runs it with this on its standard input and standard output on a full device.
fn into_a_full_device(home: &Home, arguments: &[&str], input: &str) -> Output {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let file = home.path().join("input");
    std::fs::write(&file, input).unwrap();
    let mut command: Command = home.command(arguments);
    command.stdin(std::fs::File::open(file).unwrap()).stdout(full).output().unwrap()
}

#[track_caller]
fn refused(arguments: &[&str], output: &Output) {
    let err = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{arguments:?} succeeds: {err}");
    assert!(err.contains("standard output"), "{arguments:?}: {err}");
    assert_eq!(err.lines().count(), 1, "{arguments:?}: {err}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_command_whose_output_cannot_be_written_fails_and_has_done_nothing() {
    let home = Home::new().await;
    drop(home.serve(&[]));
    let password = format!("{PASSWORD}\n");
    for arguments in [
        &["client", "create", "--name", "web"][..],
        &["seed"],
        &["keys", "rotate"],
        &["user", "create", "--email", "bob@example.com", "--password-stdin"],
    ] {
        refused(arguments, &into_a_full_device(&home, arguments, &password));
    }
    let made =
        home.run_with(&["user", "create", "--email", "ana@example.com", "--password-stdin"], &password);
    assert!(made.status.success());
    assert!(home.run(&["client", "create", "--name", "web", "--id", "web"]).status.success());
    std::fs::write(home.path().join("more.csv"), "email,hash\neve@example.com,\n").unwrap();
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["openapi"],
        &["completions", "bash"],
        &["man"],
        &["doctor"],
        &["migrate"],
        &["user", "list"],
        &["user", "disable", "--email", "ana@example.com"],
        &["user", "import", "more.csv"],
        &["client", "list"],
        &["client", "remove", "web"],
        &["keys", "list"],
        &["outbox", "retry", "--all"],
    ] {
        refused(arguments, &into_a_full_device(&home, arguments, ""));
    }
    let listed = |arguments: &[&str]| text(&home.run(arguments).stdout);
    let (users, keys) = (listed(&["user", "list"]), listed(&["keys", "list"]));
    assert!(users.lines().count() == 1 && users.contains("ana@example.com\tuser\tactive"), "{users}");
    assert_eq!(listed(&["client", "list"]).lines().count(), 1);
    assert_eq!(keys.lines().count(), 1, "{keys}");
    let kid = keys.split('\t').next().unwrap();
    let retire = ["keys", "retire", kid];
    refused(&retire, &into_a_full_device(&home, &retire, ""));
    assert_eq!(listed(&["keys", "list"]), keys);
    if home.url().is_some() {
        return;
    }
    let backup = ["backup", "copy.db"];
    refused(&backup, &into_a_full_device(&home, &backup, ""));
    assert!(!home.path().join("copy.db").exists());
    assert!(home.run(&backup).status.success());
    assert!(home.run(&["client", "remove", "web"]).status.success());
    let restore = ["restore", "copy.db"];
    refused(&restore, &into_a_full_device(&home, &restore, ""));
    assert_eq!(listed(&["client", "list"]), "", "the database stays");
}

#[tokio::test]
async fn a_reader_that_has_ended_is_no_error() {
    let home = Home::new().await;
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = home.command(&["openapi"]);
    let output = command.stdout(Stdio::from(writer)).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[tokio::test]
async fn a_secret_that_a_closed_pipe_swallows_registers_nothing() {
    let home = Home::new().await;
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = home.command(&["client", "create", "--name", "web"]);
    let output = command.stdout(Stdio::from(writer)).output().unwrap();
    assert!(!output.status.success(), "{output:?}");
    assert_eq!(text(&home.run(&["client", "list"]).stdout), "");
}
