//! PgBouncer in front of PostgreSQL.
#![cfg(unix)]

use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use keyward_api::testing::app::PASSWORD;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::{Home, finish, free_port, text};

/// A PgBouncer, stopped when dropped.
struct Pooler {
    process: Child,
    url: String,
    _folder: TempDir,
}

impl Pooler {
    /// In front of this server, with these settings; `None` where PgBouncer is not installed.
    fn before(url: &str, settings: &str) -> Option<Self> {
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"];
        let Some(program) = program.iter().find(|path| Path::new(path).exists()) else {
            assert!(std::env::var_os("CI").is_none(), "CI skips nothing: install pgbouncer");
            eprintln!("skipped: there is no PgBouncer here; `apt-get install pgbouncer` gets it");
            return None;
        };
        let (user, rest) = url.strip_prefix("postgres://").unwrap().split_once('@').unwrap();
        let (server, database) = rest.split_once('/').unwrap();
        let database = database.split('?').next().unwrap();
        let (host, server_port) = server.rsplit_once(':').unwrap();
        let (user, password) = user.split_once(':').unwrap_or((user, ""));
        let password = if password.is_empty() { String::new() } else { format!(" password={password}") };
        let port = free_port();
        let folder = TempDir::with_prefix("pgbouncer-").unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let file = folder.path().join("pgbouncer.ini");
        let content = format!(
            "[databases]\n* = host={host} port={server_port} user={user}{password}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = any\n{settings}\n"
        );
        std::fs::File::create(&file).unwrap().write_all(content.as_bytes()).unwrap();
        let mut command = Command::new(program);
        // It refuses to run as root.
        if std::fs::metadata("/proc/self").is_ok_and(|found| std::os::unix::fs::MetadataExt::uid(&found) == 0)
        {
            command.args(["-u", "nobody"]);
        }
        command.arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let pooler = Self {
            process: command.spawn().unwrap(),
            url: format!("postgres://{user}@127.0.0.1:{port}/{database}"),
            _folder: folder,
        };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(30), "PgBouncer does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(pooler)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

const IGNORED: &str = "ignore_startup_parameters = extra_float_digits,options";

#[tokio::test]
async fn a_pooler_of_transactions_is_refused_at_the_start_with_what_to_set() {
    let home = Home::new().await;
    let Some(url) = home.url() else { return };
    for settings in [
        format!("pool_mode = transaction\n{IGNORED}"),
        format!("pool_mode = statement\n{IGNORED}"),
        "pool_mode = session".to_owned(),
    ] {
        let Some(pooler) = Pooler::before(url, &settings) else { return };
        for arguments in [&["migrate"][..], &["--listen", "127.0.0.1:0"]] {
            let mut command = home.command(arguments);
            command.env("KEYWARD_DATABASE_URL", &pooler.url);
            let output = finish(command, "");
            let err = text(&output.stderr);
            assert!(!output.status.success(), "{settings}");
            for words in ["pool_mode = session", IGNORED] {
                assert!(err.contains(words), "{settings}: {err}");
            }
            assert_eq!(err.lines().count(), 1, "{err}");
        }
    }
}

#[tokio::test]
async fn a_pooler_of_sessions_serves() {
    let home = Home::new().await;
    let Some(url) = home.url() else { return };
    let Some(pooler) = Pooler::before(url, &format!("pool_mode = session\n{IGNORED}")) else { return };
    let server = home.serve(&[("KEYWARD_DATABASE_URL", &pooler.url), ("KEYWARD_DATABASE_CONNECTIONS", "4")]);
    let account = json!({ "email": "ana@example.com", "password": PASSWORD });
    let (status, token) = server.call("POST", "/signup", "", &account);
    assert_eq!(status, 201, "{token}");
    let me = server.call("GET", "/users/me", token["access_token"].as_str().unwrap(), &Value::Null);
    assert_eq!(me.0, 200);
}
