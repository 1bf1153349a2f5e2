//! Opening a database: what is refused, and with which words.

use std::path::Path;
use std::time::{Duration, Instant};

use keyward_domain::ports::store::Store;
use keyward_infra::database::connect_error::ConnectError;
use keyward_infra::database::options::DatabaseOptions;
use keyward_infra::database::store::Database;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::support::open;

/// The one sentence that says why `url` cannot be opened.
async fn refusal(url: &str) -> String {
    let options =
        DatabaseOptions { connect_timeout: Duration::from_millis(300), ..DatabaseOptions::default() };
    match Database::connect(url, options).await {
        Ok(_) => panic!("{url} was opened"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn a_url_that_names_no_database_is_refused_with_the_reason() {
    for url in ["", "keyward.db", "mysql://localhost/x", "postgresfoo://x", "SQLITE"] {
        assert_eq!(refusal(url).await, ConnectError::Scheme.to_string(), "{url}");
    }
    for url in ["sqlite::memory:", "sqlite://:memory:", "sqlite://", "sqlite:", "sqlite://x.db?mode=memory"] {
        assert_eq!(refusal(url).await, ConnectError::NotAFile.to_string(), "{url}");
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().display();
    assert!(refusal(&format!("sqlite://{folder}/none/x.db")).await.ends_with("none/x.db does not exist"));
    assert!(refusal(&format!("sqlite://{folder}")).await.contains("cannot be opened"));
    assert!(refusal(&format!("sqlite://{folder}/x.db?mood=good")).await.contains("mood"));
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    std::fs::write(&path, "not a database, but long enough to be looked at as if it were one. ".repeat(50))
        .unwrap();
    assert!(refusal(&format!("sqlite://{}", path.display())).await.ends_with("file is not a database"));
}

#[tokio::test]
async fn no_refusal_tells_the_password() {
    for url in [
        "postgres://ana:hunter2@127.0.0.1:1/x",
        "postgres://ana:hunter2@127.0.0.1:port/x",
        "postgres://ana:hun#ter2@127.0.0.1/x",
        "postgres://ana:hunter2@/x y?sslmode=hm",
        "postgres://ana:hunter2@%zz/x",
        "postgres://ana:hun/ter2@127.0.0.1:1/x",
        "postgres://ana:1?ter2@127.0.0.1:1/x",
        "mysql://ana:hunter2@127.0.0.1/x",
    ] {
        let words = refusal(url).await;
        assert!(!words.contains("hunter2") && !words.contains("ter2"), "{words}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_named_in_bounded_time() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let start = Instant::now();
    let words = refusal(&format!("postgres://ana:secret@{address}/x")).await;
    assert_eq!(words, format!("PostgreSQL at {address} cannot be used: no answer within 300ms"));
    assert!(start.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_with_the_reason() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let words = refusal(&format!("postgres://ana:secret@{gone}/x")).await;
    assert!(words.starts_with(&format!("PostgreSQL at {gone} cannot be used: ")), "{words}");
    assert!(words.contains("refused"), "{words}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("with space % and ?.db");
    let url = format!("sqlite://{}", path.display().to_string().replace('%', "%25").replace('?', "%3F"));
    let database = Database::connect(&url, DatabaseOptions::default()).await.unwrap();
    database.connection().execute_unprepared("CREATE TABLE t (id integer)").await.unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&folder.path().join("with space % and ?.db-wal")), 0o600);
    database.ping().await.unwrap();
    database.close().await.unwrap();
    assert!(!folder.path().join("with space % and ?.db-wal").exists());
}

#[tokio::test]
async fn a_connection_has_the_settings_that_durability_and_bounds_ask_for() {
    let database = open().await;
    let connection = database.connection();
    let backend = connection.get_database_backend();
    let settings = match backend {
        DbBackend::Sqlite => &[
            ("PRAGMA journal_mode", "wal"),
            ("PRAGMA foreign_keys", "1"),
            ("PRAGMA synchronous", "2"),
            ("PRAGMA busy_timeout", "5000"),
        ][..],
        _ => &[
            ("SHOW statement_timeout", "10s"),
            ("SHOW lock_timeout", "5s"),
            ("SHOW idle_in_transaction_session_timeout", "1min"),
        ],
    };
    for (question, answer) in settings {
        let row =
            connection.query_one_raw(Statement::from_string(backend, *question)).await.unwrap().unwrap();
        let text = row.try_get_by_index::<String>(0);
        let value = text.or_else(|_| row.try_get_by_index::<i32>(0).map(|number| number.to_string()));
        assert_eq!(value.unwrap(), *answer, "{question}");
    }
}
