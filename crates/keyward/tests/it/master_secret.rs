//! The master secret and the commands: only a server makes one, and keys are sealed with none but the
//! server's.

use serde_json::{Value, json};

use crate::process::{Home, Served, finish, text};

const OTHER: (&str, &str) = ("KEYWARD_MASTER_SECRET", "another master secret, of more than 32 bytes");

fn with_other_secret(home: &Home, arguments: &[&str]) -> (bool, String) {
    let mut command = home.command(arguments);
    command.env(OTHER.0, OTHER.1);
    let output = finish(command, "");
    (output.status.success(), text(&output.stderr))
}

/// The keys of access tokens. Those of ID tokens are RS256.
fn keys(home: &Home) -> Vec<String> {
    let listed = text(&home.run(&["keys", "list"]).stdout);
    listed
        .lines()
        .filter(|line| line.contains("\tEdDSA\t"))
        .map(|line| line.split('\t').next().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn no_command_seals_a_key_with_another_master_secret_than_the_servers() {
    let home = Home::new().await;
    drop(home.serve(&[]));
    let before = keys(&home);
    for arguments in [&["keys", "rotate"][..], &["keys", "rotate", "--now"], &["keys", "retire", &before[0]]]
    {
        let (done, err) = with_other_secret(&home, arguments);
        assert!(!done && err.contains("KEYWARD_MASTER_SECRET"), "{arguments:?}: {err}");
        assert_eq!(err.lines().count(), 1, "{err}");
    }
    assert_eq!(keys(&home), before);
    assert!(!text(&home.run(&["keys", "list"]).stdout).contains("retired"));
    assert!(home.run(&["keys", "rotate"]).status.success());
    home.serve(&[]);
}

#[tokio::test]
async fn a_server_that_lacks_the_master_secret_of_its_database_makes_no_other() {
    let home = Home::new().await;
    drop(home.serve(&[]));
    let file = home.path().join("data/master.key");
    let kept = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    for variables in [&[][..], &[("KEYWARD_ALGORITHM", "HS256"), ("KEYWARD_SECRET", OTHER.1)]] {
        let mut command = home.command(&["--listen", "127.0.0.1:0"]);
        command.envs(variables.iter().copied());
        let output = finish(command, "");
        let err = text(&output.stderr);
        assert!(!output.status.success() && err.contains("master secret"), "{err}");
        assert!(!file.exists(), "it made one");
    }
    std::fs::write(&file, kept).unwrap();
    home.serve(&[]);
}

#[tokio::test]
async fn a_key_that_cannot_be_opened_is_named_with_the_way_out() {
    let home = Home::new().await;
    drop(home.serve(&[]));
    let planted = "INSERT INTO signing_keys SELECT 'planted', algorithm, sealed, created_at, signs_from + 1, \
                   retired_at FROM signing_keys WHERE algorithm = 'EdDSA'";
    keyward_infra::testing::execute(&home.database_url(), planted).await;
    let doctor = home.run(&["doctor", "--listen", "127.0.0.1:0"]);
    let printed = text(&doctor.stdout);
    assert!(!doctor.status.success(), "{printed}");
    assert!(printed.contains("mend: keyward keys retire planted"), "{printed}");
    let rotated = home.run(&["keys", "rotate"]);
    let err = text(&rotated.stderr);
    assert!(!rotated.status.success() && err.contains("keyward keys retire planted"), "{err}");
    let retired = home.run(&["keys", "retire", "planted"]);
    assert!(retired.status.success(), "{}", text(&retired.stderr));
    assert!(home.run(&["keys", "rotate"]).status.success());
    let server = home.serve(&[]);
    assert_eq!(server.call("GET", "/health/ready", "", &Value::Null).0, 200);
}

#[tokio::test]
async fn a_running_server_leaves_out_a_key_it_cannot_open_loudly_and_notices_what_becomes_of_the_others() {
    let home = Home::new().await;
    let server = home.serve(&[("KEYWARD_REVOCATION_BOUND", "1s"), ("KEYWARD_METRICS_LISTEN", "127.0.0.1:0")]);
    let account = json!({ "email": "ana@example.com", "password": "seven wild horses" });
    let token = server.call("POST", "/signup", "", &account).1["access_token"].as_str().unwrap().to_owned();
    let [own] = &keys(&home)[..] else { panic!("one key") };
    let planted = "INSERT INTO signing_keys SELECT 'planted', algorithm, sealed, created_at, signs_from + 1, \
                   retired_at FROM signing_keys WHERE algorithm = 'EdDSA'";
    keyward_infra::testing::execute(&home.database_url(), planted).await;
    until(|| ready(&server) == json!({ "status": "ok", "unopened_keys": ["planted"] }));
    assert!(crate::metrics::scrape(&server).contains("\nkeyward_signing_keys_unopened 1\n"));
    let log = server.output();
    let line = log.lines().find(|line| line.contains("planted")).unwrap_or_else(|| panic!("{log}"));
    assert!(line.contains("ERROR") && line.contains("keyward keys retire"), "{line}");
    assert_eq!(server.call("GET", "/users/me", &token, &Value::Null).0, 200);

    let retired = home.run(&["keys", "retire", own]);
    assert!(retired.status.success(), "{}", text(&retired.stderr));
    until(|| server.call("GET", "/users/me", &token, &Value::Null).0 == 401);
    let login = json!({ "username": "ana@example.com", "password": "seven wild horses" });
    let token = server.call("POST", "/login", "", &login).1["access_token"].as_str().unwrap().to_owned();
    assert_eq!(server.call("GET", "/users/me", &token, &Value::Null).0, 200, "a new key signs");
    assert!(home.run(&["keys", "retire", "planted"]).status.success());
    until(|| ready(&server) == json!({ "status": "ok" }));
    assert_eq!(server.call("GET", "/users/me", &token, &Value::Null).0, 200);
}

fn ready(server: &Served) -> Value {
    server.call("GET", "/health/ready", "", &Value::Null).1
}

/// Waits until it is so, within what a busy machine may need for a revocation bound of a second.
fn until(so: impl Fn() -> bool) {
    let begun = std::time::Instant::now();
    while !so() {
        assert!(begun.elapsed() < std::time::Duration::from_secs(30), "it does not become so");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}
