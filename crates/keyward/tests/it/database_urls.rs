//! Database URLs as frameworks and people write them, and databases that do not let us in.

use std::path::Path;
use std::process::Output;

use crate::process::{Home, finish, free_port, text};

fn run(home: &Home, arguments: &[&str], url: &str) -> Output {
    let mut command = home.command(arguments);
    command.env("KEYWARD_DATABASE_URL", url).env("KEYWARD_LISTEN", format!("127.0.0.1:{}", free_port()));
    finish(command, "")
}

#[tokio::test]
async fn a_sqlite_path_is_relative_where_frameworks_mean_it_so_and_is_printed_in_full() {
    for url in ["sqlite:///./app.db", "sqlite:app.db", "sqlite://app.db", "sqlite://./app.db"] {
        let home = Home::new().await;
        let output = run(&home, &["migrate"], url);
        assert!(output.status.success(), "{url}: {}", text(&output.stderr));
        let file = home.path().canonicalize().unwrap().join("app.db");
        assert!(file.is_file(), "{url}: {:?}", home.content());
        let named = text(&output.stdout);
        let named = Path::new(named.strip_prefix("The schema of ").unwrap().split(" is up").next().unwrap());
        assert!(named.is_absolute() && named.canonicalize().unwrap() == file, "{}", named.display());
        assert!(text(&run(&home, &["doctor"], url).stdout).contains("its schema is up to date"), "{url}");
    }
    let home = Home::new().await;
    let refused = text(&run(&home, &["migrate"], "sqlite:///keyward-of-a-test.db").stderr);
    assert!(refused.contains("write sqlite://keyward-of-a-test.db"), "{refused}");
    assert!(!Path::new("/keyward-of-a-test.db").exists() && home.content().is_empty());
    let refused = text(&run(&home, &["migrate"], "sqlite+aiosqlite:///./app.db").stderr);
    assert!(refused.contains("leave the driver out"), "{refused}");
}

#[tokio::test]
async fn a_password_that_was_not_encoded_is_explained_and_never_shown() {
    let home = Home::new().await;
    for password in ["p@ss#w0rd", "abc/1def", "abc#1def", "sec?ret1", "abc%12def", "50%off", "p@ss[w0rd"] {
        for command in [&["migrate"][..], &["doctor"], &["user", "list"]] {
            let output = run(&home, command, &format!("postgres://kw:{password}@127.0.0.1:1/kw"));
            let shown = text(&output.stdout) + &text(&output.stderr);
            assert!(!output.status.success() && shown.contains("percent-encode"), "{password}: {shown}");
            for piece in ["ss#w0rd", "at ss", "1def", "ret1", "12def", "50%", "w0rd"] {
                assert!(!shown.contains(piece), "{piece} is shown: {shown}");
            }
        }
    }
}

/// A command as an account that is not root, which may do anything.
#[cfg(unix)]
fn as_somebody(home: &Home, arguments: &[&str]) -> std::process::Command {
    use std::os::unix::process::CommandExt;
    let mut command = home.command(arguments);
    if std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(home.path()).unwrap()) == 0 {
        command.uid(65_534).gid(65_534);
    }
    command
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_and_a_file_of_another_account_are_named_with_their_owner() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new().await;
    let mode = |path: &str, mode| {
        std::fs::set_permissions(home.path().join(path), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let refusal = |folder: &str| {
        let mut command = as_somebody(&home, &["migrate", "--data-dir", folder]);
        command.env("KEYWARD_DATABASE_URL", format!("sqlite://{folder}/keyward.db"));
        let output = finish(command, "");
        assert!(!output.status.success(), "{output:?}");
        text(&output.stderr)
    };
    mode(".", 0o755);
    std::fs::create_dir(home.path().join("data")).unwrap();
    mode("data", 0o555);
    let words = refusal("data");
    assert!(
        words.contains("Permission denied")
            && words.contains("with mode 0555, and this process runs as user"),
        "{words}"
    );
    mode("data", 0o777);
    std::fs::write(home.path().join("data/keyward.db"), "").unwrap();
    mode("data/keyward.db", 0o400);
    let words = refusal("data");
    assert!(words.contains("data/keyward.db belongs to user") && words.contains("with mode 0400"), "{words}");
    mode("data", 0o755);
    if std::fs::metadata(home.path()).is_ok_and(|found| std::os::unix::fs::MetadataExt::uid(&found) == 0) {
        let words = refusal("deeper/data");
        assert!(words.contains("KEYWARD_DATA_DIR") && words.contains("belongs to user 0"), "{words}");
    }
}

#[tokio::test]
async fn doctor_tries_what_a_start_needs() {
    let home = Home::new().await;
    let Some(url) = home.url() else { return };
    // As PostgreSQL 15 has it: a user who owns nothing may connect, and make no table in `public`.
    let role = format!("limited_{}", std::process::id());
    let sql = format!("REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE ROLE {role} LOGIN PASSWORD 'p'");
    keyward_infra::testing::execute(url, &sql).await;
    let (_, place) = url.split_once("://").unwrap().1.split_once('@').unwrap();
    let limited = format!("postgres://{role}:p@{place}");
    let (doctor, start) = (run(&home, &["doctor"], &limited), run(&home, &[], &limited));
    let after = {
        assert!(run(&home, &["migrate"], url).status.success());
        let sql = format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}");
        keyward_infra::testing::execute(url, &sql).await;
        run(&home, &["doctor"], &limited)
    };
    keyward_infra::testing::execute(url, &format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
    let printed = text(&doctor.stdout);
    assert_eq!(doctor.status.code(), Some(1), "{printed}");
    for words in [&printed, &text(&start.stderr)] {
        assert!(
            words.contains("permission denied for schema public; as its owner run ALTER DATABASE"),
            "{words}"
        );
        assert!(!words.contains("at line"), "{words}");
    }
    let printed = text(&after.stdout);
    assert!(
        printed.contains("permission denied for table users") && after.status.code() == Some(1),
        "{printed}"
    );
}
