//! A bad setting stops the start with one line that names it, and leaves nothing behind.

use std::process::{Command, Output};

use crate::process::{Home, finish, text};

/// That the start was refused in one line that holds `named`, and none of `secrets` was printed.
#[track_caller]
fn assert_refused(output: &Output, named: &str, secrets: &[&str]) {
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(!output.status.success(), "{named}: it started: {out}{err}");
    assert!(output.status.code().is_some(), "{named}: it crashed: {err}");
    assert_eq!(out, "", "{named}");
    assert_eq!(err.lines().count(), 1, "{named}: {err}");
    assert!(err.starts_with("keyward: ") && err.contains(named), "{named} is not named: {err}");
    for secret in secrets {
        assert!(!err.contains(secret), "{err}");
    }
}

fn serve(home: &Home, variables: &[(&str, &str)]) -> Output {
    let mut command: Command = home.command(&[]);
    command.env("KEYWARD_LISTEN", "127.0.0.1:0").envs(variables.iter().copied());
    finish(command, "")
}

#[tokio::test]
async fn a_setting_that_makes_no_sense_is_named() {
    let home = Home::new().await;
    for (name, value) in [
        ("KEYWARD_LISTEN", "nonsense"),
        ("KEYWARD_LISTEN", "127.0.0.1:99999"),
        ("KEYWARD_ALGORITHM", "none"),
        ("KEYWARD_ALGORITHM", "HS512"),
        ("KEYWARD_ACCESS_TOKEN_TTL", "15 parsecs"),
        ("KEYWARD_ACCESS_TOKEN_TTL", "0s"),
        ("KEYWARD_SESSION_IDLE", "soon"),
        ("KEYWARD_REVOCATION_BOUND", "-1s"),
        ("KEYWARD_DATABASE_CONNECTIONS", "0"),
        ("KEYWARD_DATABASE_CONNECTIONS", "many"),
        ("KEYWARD_DATABASE_READERS", "0"),
        ("KEYWARD_DATABASE_ACQUIRE_TIMEOUT", "0s"),
        ("KEYWARD_DATABASE_STATEMENT_TIMEOUT", "soon"),
        ("KEYWARD_DATABASE_CONNECT_TIMEOUT", "-1s"),
        ("KEYWARD_DATABASE_IDLE_TIMEOUT", "0"),
        ("KEYWARD_DATABASE_MAX_LIFETIME", "x"),
        ("KEYWARD_EVENT_RETENTION", "always"),
        ("KEYWARD_PASSWORD_MIN_LENGTH", "1"),
        ("KEYWARD_ARGON2_MEMORY", "lots"),
        ("KEYWARD_ARGON2_MEMORY", "1"),
        ("KEYWARD_ARGON2_MEMORY", "4294967295"),
        ("KEYWARD_LOG", "a=b=c"),
        ("KEYWARD_LOG", "inof"),
        ("KEYWARD_ADMIN_EMAIL", "ana@example.com"),
        ("KEYWARD_LOG_FORMAT", "xml"),
        ("KEYWARD_LOG_BUFFER", "17"),
        ("KEYWARD_MASTER_SECRET", "sh0rt"),
        ("KEYWARD_CONNECTIONS", "0"),
        ("KEYWARD_CONNECTIONS_PER_ADDRESS", "-1"),
        ("KEYWARD_THROTTLE", "perhaps"),
        ("KEYWARD_THROTTLE_ADDRESS_FREE", "0"),
        ("KEYWARD_THROTTLE_ADDRESS_FORGIVE", "0s"),
    ] {
        assert_refused(&serve(&home, &[(name, value)]), name, &["sh0rt"]);
        assert!(home.content().is_empty(), "{name}={value} left {:?}", home.content());
    }
}

#[tokio::test]
async fn a_shared_secret_that_is_missing_or_short_is_refused() {
    let home = Home::new().await;
    assert_refused(&serve(&home, &[("KEYWARD_ALGORITHM", "HS256")]), "KEYWARD_SECRET", &[]);
    for short in ["", "t00-short", "thirty-one-bytes-are-not-enough"] {
        let variables = [("KEYWARD_ALGORITHM", "HS256"), ("KEYWARD_SECRET", short)];
        assert_refused(&serve(&home, &variables), "KEYWARD_SECRET", &["t00-short", "thirty-one"]);
    }
    assert!(home.content().is_empty(), "{:?}", home.content());
}

#[tokio::test]
async fn a_busy_port_is_named_and_nothing_is_made() {
    let home = Home::new().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = serve(&home, &[("KEYWARD_LISTEN", &address)]);
    assert_refused(&output, "KEYWARD_LISTEN", &[]);
    assert!(text(&output.stderr).contains(&address));
    assert!(home.content().is_empty(), "{:?}", home.content());
}

#[tokio::test]
async fn a_data_folder_that_cannot_be_used_is_named() {
    let home = Home::new().await;
    std::fs::write(home.path().join("file"), "a file").unwrap();
    for folder in ["file", "file/data", "/proc/keyward", "/dev/null/data"] {
        let output = serve(&home, &[("KEYWARD_DATA_DIR", folder)]);
        assert_refused(&output, "KEYWARD_DATA_DIR", &[]);
        assert!(text(&output.stderr).contains(folder));
    }
    assert_eq!(home.content(), [std::path::Path::new("file")]);
}

#[tokio::test]
async fn a_database_that_cannot_be_used_is_named_and_nothing_is_left() {
    let home = Home::new().await;
    let password = "hunter2-the-password";
    for url in [
        &format!("postgres://keyward:{password}@127.0.0.1:1/keyward"),
        &format!("mysql://keyward:{password}@127.0.0.1/keyward"),
        "nonsense",
        "sqlite::memory:",
        "sqlite://missing/folder/keyward.db",
        "sqlite://",
    ] {
        for folder in ["data", "deep/er/data"] {
            let output = serve(&home, &[("KEYWARD_DATABASE_URL", url), ("KEYWARD_DATA_DIR", folder)]);
            assert_refused(&output, "KEYWARD_DATABASE_URL", &[password]);
            assert!(home.content().is_empty(), "{url} left {:?}", home.content());
        }
    }
}

#[tokio::test]
async fn a_database_file_that_is_none_is_refused_and_left_as_it_is() {
    let home = Home::new().await;
    let url = ("KEYWARD_DATABASE_URL", "sqlite://letter.txt");
    let letter = "Dear database, ".repeat(1000);
    std::fs::write(home.path().join("letter.txt"), &letter).unwrap();
    assert_refused(&serve(&home, &[url]), "KEYWARD_DATABASE_URL", &[]);
    assert_eq!(std::fs::read_to_string(home.path().join("letter.txt")).unwrap(), letter);
    assert_eq!(home.content(), [std::path::Path::new("letter.txt")]);
}

#[tokio::test]
async fn an_env_file_that_cannot_be_read_is_named_and_never_quoted() {
    let home = Home::new().await;
    for line in [
        "KEYWARD_SECRET hunter2hunter2",
        "KEYWARD_SECRET='hunter2hunter2",
        "export KEYWARD_SECRET: hunter2hunter2",
        "KEYWARD_SECRET='hunter2'hunter2",
    ] {
        std::fs::write(home.path().join(".env"), format!("# a note\nOTHER PROGRAM'S\n{line}\n")).unwrap();
        let output = serve(&home, &[]);
        assert_refused(&output, ".env cannot be read: line 3", &["hunter2"]);
        assert!(text(&output.stderr).contains(home.path().to_str().unwrap()), "which file");
        assert_eq!(home.content(), [std::path::Path::new(".env")]);
    }
    std::fs::write(home.path().join(".env"), [0xff, 0xfe, b'K', 0, b'=', 0]).unwrap();
    assert_refused(&serve(&home, &[]), "UTF-16", &[]);
}

#[tokio::test]
async fn another_installations_master_secret_is_refused_and_the_keys_are_kept() {
    let home = Home::new().await;
    drop(home.serve(&[]).stop("TERM"));
    let file = home.path().join("data/master.key");
    let secret = std::fs::read(&file).unwrap();
    std::fs::write(&file, [7; 32]).unwrap();
    let output = serve(&home, &[]);
    assert_refused(&output, "master secret", &[]);
    std::fs::write(&file, "short").unwrap();
    assert_refused(&serve(&home, &[]), "master.key", &[]);
    std::fs::write(&file, secret).unwrap();
    home.serve(&[]);
}

#[tokio::test]
async fn an_argument_nobody_knows_is_named() {
    let home = Home::new().await;
    for arguments in [
        &["--nonsense"][..],
        &["nonsense"],
        &["serve", "nonsense"],
        &["user", "create", "--nonsense"],
        &["user", "fly"],
    ] {
        let last = arguments.last().unwrap();
        assert_refused(&home.run(arguments), last, &[]);
    }
    for (arguments, meant) in [
        (&["--lissten", "8000"][..], "'--listen' (see keyward --help)"),
        (&["docter"], "'doctor'"),
        (&["user", "crate"], "'create' (see keyward user --help)"),
        (&["user", "create", "--emial", "x"], "'--email' (see keyward user create --help)"),
        (&["--log-format", "jsn"], "'json' (KEYWARD_LOG_FORMAT)"),
    ] {
        assert_refused(&home.run(arguments), meant, &[]);
    }
    assert!(home.content().is_empty());
}

#[tokio::test]
async fn a_copy_to_read_from_is_refused_on_sqlite() {
    let home = Home::new().await;
    let copy = "postgres://ana:sh0rt@127.0.0.1/x";
    let variables = [("KEYWARD_DATABASE_URL", "sqlite://x.db"), ("KEYWARD_DATABASE_READ_URL", copy)];
    assert_refused(&serve(&home, &variables), "KEYWARD_DATABASE_READ_URL", &["sh0rt"]);
    assert!(home.content().is_empty(), "{:?}", home.content());
}
