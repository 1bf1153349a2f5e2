//! The binary as an operator sees it: starts, stops, restarts, and what it prints.

use keyward_api::testing::app::PASSWORD;
use serde_json::{Value, json};

use crate::process::{Home, Served, free_port, text};

fn account() -> Value {
    json!({ "email": "ana@example.com", "password": PASSWORD, "name": "Ana" })
}

fn sign_up(server: &Served) -> Value {
    let (status, token) = server.call("POST", "/signup", "", &account());
    assert_eq!(status, 201, "{token}");
    token
}

#[tokio::test]
async fn it_starts_with_nothing_set_and_says_where_its_documentation_is() {
    let home = Home::new().await;
    let server = home.serve(&[]);
    let output = server.output();
    assert!(output.contains(&format!("http://{}/docs", server.address)), "{output}");
    assert_eq!(server.call("GET", "/health/ready", "", &Value::Null), (200, json!({ "status": "ok" })));
    let token = sign_up(&server);
    let me = server.call("GET", "/users/me", token["access_token"].as_str().unwrap(), &Value::Null);
    assert_eq!((me.0, &me.1["email"]), (200, &json!("ana@example.com")));
}

#[cfg(unix)]
#[tokio::test]
async fn its_files_are_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new().await;
    let _server = home.serve(&[]);
    let content = home.content();
    assert!(content.iter().any(|path| path.ends_with("data/master.key")), "{content:?}");
    for path in content.iter().map(|path| home.path().join(path)).filter(|path| path.is_file()) {
        let mode = path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", path.display());
    }
}

#[tokio::test]
async fn a_signal_ends_it_in_good_order() {
    for signal in ["TERM", "INT"] {
        let home = Home::new().await;
        let server = home.serve(&[]);
        sign_up(&server);
        let (code, output) = server.stop(signal);
        assert_eq!(code, Some(0), "{output}");
        assert!(output.contains("stopped"), "{output}");
        let left = home.content().into_iter().filter(|path| path.to_string_lossy().contains("-wal")).count();
        assert_eq!(left, 0, "the database was not closed");
    }
}

#[tokio::test]
async fn a_restart_keeps_accounts_sessions_and_keys() {
    let home = Home::new().await;
    let listen = format!("127.0.0.1:{}", free_port());
    let server = home.serve(&[("KEYWARD_LISTEN", &listen)]);
    let token = sign_up(&server);
    let access = token["access_token"].as_str().unwrap();
    assert_eq!(server.stop("TERM").0, Some(0));
    let server = home.serve(&[("KEYWARD_LISTEN", &listen)]);
    let me = server.call("GET", "/users/me", access, &Value::Null);
    assert_eq!((me.0, &me.1["name"]), (200, &json!("Ana")));
    let login = json!({ "username": "ana@example.com", "password": PASSWORD });
    assert_eq!(server.call("POST", "/login", "", &login).0, 200);
    let refresh = json!({ "refresh_token": token["refresh_token"] });
    assert_eq!(server.call("POST", "/refresh_token", "", &refresh).0, 200);
    assert_eq!(server.call("POST", "/logout", access, &Value::Null).0, 204);
    assert_eq!(server.stop("TERM").0, Some(0));
    let server = home.serve(&[("KEYWARD_LISTEN", &listen)]);
    assert_eq!(server.call("GET", "/users/me", access, &Value::Null).0, 401, "a logout outlives a restart");
}

#[tokio::test]
async fn what_was_acknowledged_survives_being_killed() {
    let home = Home::new().await;
    let server = home.serve(&[]);
    let token = sign_up(&server);
    let access = token["access_token"].as_str().unwrap().to_owned();
    for number in 0..20 {
        let post = json!({ "title": format!("Post {number}"), "content": "c" });
        assert_eq!(server.call("POST", "/posts", &access, &post).0, 201);
    }
    let (code, _) = server.stop("KILL");
    assert_eq!(code, None, "killed");
    let server = home.serve(&[]);
    let (status, posts) = server.call("GET", "/blog", "", &Value::Null);
    assert_eq!((status, posts.as_array().unwrap().len()), (200, 20));
    assert_eq!(server.call("POST", "/users", "", &account()).0, 400, "the account is there");
}

#[tokio::test]
async fn two_that_start_together_on_one_folder_share_its_secret_and_keys() {
    let home = Home::new().await;
    let issuer = [("KEYWARD_ISSUER", "http://keyward.example")];
    let (one, two) = std::thread::scope(|scope| {
        let (one, two) = (scope.spawn(|| home.serve(&issuer)), scope.spawn(|| home.serve(&issuer)));
        (one.join().unwrap(), two.join().unwrap())
    });
    let token = sign_up(&one);
    let access = token["access_token"].as_str().unwrap();
    assert_eq!(two.call("GET", "/users/me", access, &Value::Null).0, 200);
    let refresh = json!({ "refresh_token": token["refresh_token"] });
    assert_eq!(two.call("POST", "/refresh_token", "", &refresh).0, 200);
}

#[tokio::test]
async fn nothing_secret_is_ever_printed() {
    let home = Home::new().await;
    let (secret, master) =
        ("s3cr3t-of-hs256-with-more-than-32-bytes", "m4st3r-s3cr3t-with-more-than-32-bytes");
    let server = home.serve(&[
        ("KEYWARD_ALGORITHM", "HS256"),
        ("KEYWARD_SECRET", secret),
        ("KEYWARD_MASTER_SECRET", master),
        ("KEYWARD_LOG", "trace"),
    ]);
    let token = sign_up(&server);
    let access = token["access_token"].as_str().unwrap();
    let wrong = json!({ "username": "ana@example.com", "password": "a wrong pass phrase" });
    assert_eq!(server.call("POST", "/login", "", &wrong).0, 401);
    assert_eq!(server.call("GET", "/users/me?access_token=in-the-query", access, &Value::Null).0, 200);
    assert_eq!(server.call("POST", "/login?password=in-the-query", "", &wrong).0, 400);
    let faulty = json!({ "email": "x", "password": "sh0rt" });
    assert_eq!(server.call("POST", "/users", "", &faulty).0, 422);
    assert_eq!(server.call("GET", "/users/me", &format!("{access}x"), &Value::Null).0, 401);
    let refresh = token["refresh_token"].as_str().unwrap().to_owned();
    assert_eq!(server.call("POST", "/refresh_token", "", &json!({ "refresh_token": refresh })).0, 200);
    let (code, output) = server.stop("TERM");
    assert_eq!(code, Some(0));
    assert!(output.contains("/users/me"), "requests are logged");
    let signature = access.rsplit('.').next().unwrap();
    for hidden in [
        secret,
        master,
        PASSWORD,
        "a wrong pass phrase",
        "sh0rt",
        access,
        signature,
        &refresh,
        "in-the-query",
        "$argon2id$",
    ] {
        let line = output.lines().find(|line| line.contains(hidden));
        assert!(line.is_none(), "{hidden} is printed: {line:?}");
    }
}

#[tokio::test]
async fn a_log_line_is_json_where_nobody_watches_and_names_the_request() {
    let home = Home::new().await;
    let server = home.serve(&[]);
    server.call("GET", "/notsecret", "", &Value::Null);
    let (_, output) = server.stop("TERM");
    let line = output.lines().find(|line| line.contains("/notsecret")).unwrap_or_else(|| panic!("{output}"));
    let line: Value = serde_json::from_str(line).unwrap();
    assert_eq!(
        (&line["method"], &line["path"], &line["status"]),
        (&json!("GET"), &json!("/notsecret"), &json!(200))
    );
    assert!(line["span"]["id"].is_string(), "{line}");
    assert!(line["elapsed_ms"].as_f64().is_some_and(|time| time > 0.0 && time < 60_000.0), "{line}");
    assert_eq!(line["client"], "127.0.0.1", "{line}");
}

#[tokio::test]
async fn every_algorithm_serves() {
    for algorithm in ["ES256", "RS256", "EdDSA"] {
        let home = Home::new().await;
        let server = home.serve(&[("KEYWARD_ALGORITHM", algorithm)]);
        let token = sign_up(&server);
        let me = server.call("GET", "/users/me", token["access_token"].as_str().unwrap(), &Value::Null);
        assert_eq!(me.0, 200, "{algorithm}");
        assert!(server.output().contains(algorithm));
    }
}

#[tokio::test]
async fn settings_come_from_flags_variables_and_the_env_file_in_that_order() {
    let home = Home::new().await;
    std::fs::write(home.path().join(".env"), "KEYWARD_ISSUER=http://file\nKEYWARD_AUDIENCE=file\n# note\n")
        .unwrap();
    let mut command = home.command(&["--listen", "127.0.0.1:0"]);
    command.env("KEYWARD_ISSUER", "http://variable").env("KEYWARD_LISTEN", "nonsense");
    let server = Served::start(command);
    let token = sign_up(&server);
    let claims = crate::forge::claims_of(token["access_token"].as_str().unwrap());
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!("http://variable"), &json!("file")));
}

#[tokio::test]
async fn an_issuer_that_is_no_address_of_a_service_is_refused_at_the_start() {
    let home = Home::new().await;
    for issuer in [
        "",
        "keyward",
        "login.example.com",
        "/auth",
        "ftp://example.com",
        "http://",
        "http:///auth",
        "https://:443",
        "https://[zz]",
        "https://ana@example.com",
        "https://example.com?x=1",
        "https://example.com/#top",
        "https://example.com/a b",
        " https://example.com",
        "https://example.com/\u{fc}",
    ] {
        let output = home.run(&["--listen", "127.0.0.1:0", "--issuer", issuer]);
        let err = text(&output.stderr);
        assert!(!output.status.success() && err.contains("KEYWARD_ISSUER"), "{issuer:?}: {err}");
        assert_eq!(err.lines().count(), 1, "{err}");
    }
    assert!(home.content().is_empty(), "{:?}", home.content());
}

#[tokio::test]
async fn help_and_version_need_nothing_and_touch_nothing() {
    let home = Home::new().await;
    for arguments in
        [&["--help"][..], &["--version"], &["serve", "--help"], &["user", "--help"], &["openapi"]]
    {
        let output = home.run(arguments);
        assert!(output.status.success() && !output.stdout.is_empty(), "{arguments:?}: {output:?}");
    }
    // Nor is a fault elsewhere in the way.
    let mut command = home.command(&["user", "create", "--help"]);
    command.env("KEYWARD_LISTEN", "nonsense").env("KEYWARD_SECRET_FILE", "/missing");
    let output = crate::process::finish(command, "");
    assert!(output.status.success() && text(&output.stdout).contains("Examples:"), "{output:?}");
    let mut command = home.command(&["serve", "--help"]);
    command.env("KEYWARD_SECRET", "hunter2").env("KEYWARD_AUDIENCE", "hunter2");
    let help = text(&crate::process::finish(command, "").stdout);
    assert!(!help.contains("hunter2"), "a value is shown");
    for heading in
        ["Connections:", "Storage:", "Tokens and sessions:", "Passwords:", "Mail:", "Log:", "Examples:"]
    {
        assert!(help.contains(heading), "{heading} is not in the help");
    }
    for name in [
        "KEYWARD_LISTEN",
        "KEYWARD_DATA_DIR",
        "KEYWARD_DATABASE_URL",
        "KEYWARD_ALGORITHM",
        "KEYWARD_SECRET",
        "KEYWARD_ISSUER",
        "KEYWARD_AUDIENCE",
        "KEYWARD_ACCESS_TOKEN_TTL",
        "KEYWARD_ARGON2_MEMORY",
        "127.0.0.1:8000",
        "./data",
    ] {
        assert!(help.contains(name), "{name} is not in the help");
    }
    assert!(home.content().is_empty(), "{:?}", home.content());
}
