//! Backups: whole, checked, never in anybody's way, and good to come back from.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use keyward_api::testing::app::PASSWORD;
use serde_json::{Value, json};

use crate::process::{Home, Served, finish, text};

fn sign_up(server: &Served, local: &str) {
    let account = json!({ "email": format!("{local}@example.com"), "password": PASSWORD });
    let (status, answer) = server.call("POST", "/users", "", &account);
    assert_eq!(status, 201, "{answer}");
}

fn log_in(server: &Served, local: &str) -> u16 {
    let login = json!({ "username": format!("{local}@example.com"), "password": PASSWORD });
    server.call("POST", "/login", "", &login).0
}

#[track_caller]
fn refused(output: &Output, words: &str) {
    let err = text(&output.stderr);
    assert!(!output.status.success() && err.contains(words), "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
}

#[track_caller]
fn done(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

fn users(home: &Home) -> Vec<String> {
    let listed = done(&home.run(&["user", "list"]));
    listed.lines().map(|line| line.split('\t').nth(1).unwrap().to_owned()).collect()
}

/// Nothing half done lies about.
fn tidy(home: &Home) {
    let left: Vec<PathBuf> = home.content();
    assert!(!left.iter().any(|path| path.to_string_lossy().contains(".tmp")), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_in_the_middle_of_writes_holds_all_that_was_acknowledged_before_it_and_comes_back() {
    let home = Home::new().await;
    if home.url().is_some() {
        return;
    }
    let server = home.serve(&[]);
    for number in 0..20 {
        sign_up(&server, &format!("early{number}"));
    }
    let stop = AtomicBool::new(false);
    let late = thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let (server, stop) = (&server, &stop);
                scope.spawn(move || {
                    let mut number = 0;
                    while !stop.load(Ordering::Relaxed) {
                        sign_up(server, &format!("late{writer}x{number}"));
                        number += 1;
                    }
                    number
                })
            })
            .collect();
        for round in 0..3 {
            let printed = done(&home.run(&["backup", &format!("copy{round}.db")]));
            assert!(printed.contains("checked"), "{printed}");
        }
        stop.store(true, Ordering::Relaxed);
        writers.into_iter().map(|writer| writer.join().unwrap()).sum::<usize>()
    });
    assert!(late > 0, "nobody wrote meanwhile");
    tidy(&home);

    refused(&home.run(&["restore", "copy2.db"]), "is in use");
    assert_eq!(log_in(&server, "early0"), 200);
    assert_eq!(server.stop("TERM").0, Some(0));
    let before = users(&home).len();
    assert_eq!(before, 20 + late);
    let printed = done(&home.run(&["restore", "copy2.db"]));
    let after = users(&home);
    assert!((20..=before).contains(&after.len()), "{} of {before}", after.len());
    for number in 0..20 {
        assert!(after.contains(&format!("early{number}@example.com")));
    }
    // The same master secret, so the keys still open; and what was replaced is still there, whole.
    let server = home.serve(&[]);
    assert_eq!(log_in(&server, "early7"), 200);
    server.stop("TERM");
    let aside = printed.trim_end().rsplit(": ").next().unwrap().to_owned();
    done(&home.run(&["restore", &aside]));
    assert_eq!(users(&home).len(), before);
    tidy(&home);
}

#[cfg(unix)]
#[tokio::test]
async fn a_backup_is_its_owners_alone_and_replaces_nothing_unless_it_is_told_to() {
    use std::os::unix::fs::PermissionsExt;

    let home = Home::new().await;
    if home.url().is_some() {
        return;
    }
    refused(&home.run(&["backup", "copy.db"]), "there is no database");
    assert!(home.content().iter().all(|path| path.extension().is_none_or(|end| end != "db")));
    done(&home.run(&["migrate"]));
    done(&home.run(&["backup", "copy.db"]));
    let copy = home.path().join("copy.db");
    assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let kept = std::fs::read(&copy).unwrap();
    home.run_with(&["user", "create", "--email", "ana@example.com", "--password-stdin"], PASSWORD);
    refused(&home.run(&["backup", "copy.db"]), "--force");
    assert!(std::fs::read(&copy).unwrap() == kept);
    done(&home.run(&["backup", "copy.db", "--force"]));
    assert!(std::fs::read(&copy).unwrap() != kept);
    assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    refused(&home.run(&["backup", "none/copy.db"]), "none/copy.db");
    tidy(&home);
}

#[cfg(unix)]
#[tokio::test]
async fn a_backup_never_replaces_what_the_database_lives_on() {
    let home = Home::new().await;
    if home.url().is_some() {
        return;
    }
    let server = home.serve(&[]);
    sign_up(&server, "ana");
    let data = home.path().join("data");
    std::os::unix::fs::symlink(data.join("keyward.db"), home.path().join("link.db")).unwrap();
    std::fs::hard_link(data.join("keyward.db"), home.path().join("hard.db")).unwrap();
    std::os::unix::fs::symlink(&data, home.path().join("folder")).unwrap();
    let names = [
        "keyward.db",
        "keyward.db-wal",
        "keyward.db-shm",
        "keyward.db-journal",
        "keyward.db.lock",
        "master.key",
    ];
    let names = names.map(|name| format!("data/{name}"));
    let others = ["./folder/keyward.db", "data/../data/keyward.db", "link.db", "hard.db"].map(str::to_owned);
    let key = std::fs::read(data.join("master.key")).unwrap();
    for name in names.iter().chain(&others) {
        refused(&home.run(&["backup", name, "--force"]), "lives on");
    }
    std::fs::write(home.path().join("more.csv"), "email,hash\n").unwrap();
    for name in names.iter().chain(&others) {
        refused(&home.run(&["user", "import", "more.csv", "--report", name]), "lives on");
    }
    assert!(std::fs::read(data.join("master.key")).unwrap() == key);
    sign_up(&server, "bob");
    assert_eq!(server.stop("TERM").0, Some(0));
    // At rest some of them are not there, and are not made.
    refused(&home.run(&["backup", "data/keyward.db-wal", "--force"]), "lives on");
    refused(&home.run(&["backup", "data/keyward.db-wal"]), "lives on");
    assert_eq!(users(&home), ["ana@example.com", "bob@example.com"]);
    tidy(&home);
}

#[tokio::test]
async fn what_is_no_sound_backup_is_refused_and_the_database_stays() {
    let home = Home::new().await;
    if home.url().is_some() {
        return;
    }
    home.run_with(&["user", "create", "--email", "ana@example.com", "--password-stdin"], PASSWORD);
    done(&home.run(&["backup", "good.db"]));
    let good = std::fs::read(home.path().join("good.db")).unwrap();
    let write = |name: &str, content: &[u8]| std::fs::write(home.path().join(name), content).unwrap();
    write("empty.db", b"");
    write("text.db", "this is a text and no database, in spite of its name. ".repeat(99).as_bytes());
    write("short.db", &good[..good.len() / 2]);
    let mut torn = good.clone();
    torn[4096..16384].fill(0);
    write("torn.db", &torn);
    write("newer.db", &good);
    let newer = home.path().join("newer.db");
    let url = format!("sqlite://{}", newer.display());
    keyward_infra::testing::execute(
        &url,
        "INSERT INTO seaql_migrations VALUES ('m29991231_000001_later', 1)",
    )
    .await;
    write("used.db", &good);
    write("used.db-wal", b"");
    for name in ["missing.db", "empty.db", "text.db", "short.db", "torn.db", "newer.db", "used.db"] {
        refused(&home.run(&["restore", name]), name);
        assert_eq!(users(&home), ["ana@example.com"], "{name}");
    }
    tidy(&home);
    done(&home.run(&["restore", "good.db"]));
}

#[tokio::test]
async fn postgresql_is_backed_up_by_its_own_means_and_comes_back() {
    let (home, other) = (Home::new().await, Home::new().await);
    let (Some(url), Some(empty)) = (home.url(), other.url()) else { return };
    refused(&home.run(&["backup", "copy.db"]), "docs/OPERATIONS.md");
    refused(&home.run(&["restore", "copy.db"]), "docs/OPERATIONS.md");
    let Some(folder) = client_programs() else {
        eprintln!("skipped: there is no pg_dump here");
        return;
    };
    let server = home.serve(&[]);
    sign_up(&server, "ana");
    let dump = home.path().join("keyward.dump").display().to_string();
    let plain = |url: &str| url.split('?').next().unwrap().to_owned();
    let run = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(folder.join(program));
        command.args(arguments);
        done(&finish(command, ""))
    };
    run("pg_dump", &["--format=custom", "--file", &dump, &plain(url)]);
    sign_up(&server, "bob");
    run(
        "pg_restore",
        &["--no-owner", "--exit-on-error", "--single-transaction", "--dbname", &plain(empty), &dump],
    );
    let key = home.path().join("data/master.key");
    std::fs::create_dir(other.path().join("data")).unwrap();
    std::fs::copy(key, other.path().join("data/master.key")).unwrap();
    let restored = other.serve(&[]);
    assert_eq!((log_in(&restored, "ana"), log_in(&restored, "bob")), (200, 401));
    sign_up(&restored, "bob");
    let keys = |server: &Served| server.call("GET", "/.well-known/jwks.json", "", &Value::Null).1;
    assert_eq!(keys(&restored), keys(&server), "the same keys, opened with the same master secret");
}

/// A folder with PostgreSQL's own programs: on PATH, or Debian's newest.
fn client_programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let debian = Path::new("/usr/lib/postgresql").read_dir().into_iter().flatten().flatten();
    let mut debian: Vec<PathBuf> = debian.map(|entry| entry.path().join("bin")).collect();
    debian.sort();
    folders.extend(debian.into_iter().rev());
    folders.into_iter().find(|folder| folder.join("pg_dump").exists() && folder.join("pg_restore").exists())
}
