//! Settings from variables: misspelt, empty, and in files.

use std::process::Output;

use serde_json::json;

use crate::process::{Home, finish, text};

/// Runs a command to its end with these variables.
fn run(home: &Home, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = home.command(arguments);
    command.envs(variables.iter().copied());
    finish(command, "")
}

/// What `doctor` prints with these variables.
fn doctor(home: &Home, variables: &[(&str, &str)]) -> String {
    let output = run(home, &["doctor", "--listen", "127.0.0.1:0"], variables);
    text(&output.stdout) + &text(&output.stderr)
}

#[tokio::test]
async fn a_misspelt_variable_is_named_at_the_start_and_by_every_command() {
    let home = Home::new().await;
    let misspelt = ("KEYWARD_DATABSE_URL", "postgres://hidden-value@127.0.0.1:1/kw");
    let words = "KEYWARD_DATABSE_URL is no setting and is ignored; did you mean KEYWARD_DATABASE_URL?";
    let migrated = text(&run(&home, &["migrate"], &[misspelt]).stderr);
    assert_eq!(migrated, format!("keyward: {words}\n"));
    let server = home.serve(&[misspelt, ("KEYWARD_PORT", "tcp://10.0.0.1:8000")]);
    let (_, log) = server.stop("TERM");
    assert!(log.contains(words) && log.contains("\"WARN\"") && !log.contains("hidden-value"), "{log}");
    assert!(!log.contains("KEYWARD_PORT"), "Kubernetes sets it for a service of that name: {log}");
    let printed = doctor(&home, &[misspelt]);
    assert!(printed.contains(&format!("note  settings  {words}")), "{printed}");
    std::fs::write(home.path().join(".env"), "KEYWARD_ISUER=https://x.example\n").unwrap();
    assert!(doctor(&home, &[]).contains("did you mean KEYWARD_ISSUER?"));
}

#[tokio::test]
async fn settings_that_have_no_effect_are_named_at_the_start_and_by_doctor() {
    let home = Home::new().await;
    let variables = [
        ("KEYWARD_SECRET", "a secret of more than thirty-two bytes"),
        ("KEYWARD_SESSION_IDLE", "9d"),
        ("KEYWARD_SESSION_ABSOLUTE", "1d"),
        ("KEYWARD_ACCESS_TOKEN_TTL", "9s"),
    ];
    let (_, log) = home.serve(&variables).stop("TERM");
    for shown in [log, doctor(&home, &variables)] {
        for words in
            ["KEYWARD_SECRET has no effect", "KEYWARD_SESSION_IDLE (9days)", "KEYWARD_ACCESS_TOKEN_TTL is 9s"]
        {
            assert!(shown.contains(words), "{words}: {shown}");
        }
        assert!(!shown.contains("thirty-two"), "{shown}");
    }
}

#[tokio::test]
async fn an_empty_variable_is_not_set() {
    let home = Home::new().await;
    let help = text(&home.run(&["serve", "--help"]).stdout);
    let every: Vec<String> = help
        .split("[env: ")
        .skip(1)
        .map(|rest| rest.split(']').next().unwrap().to_owned())
        .filter(|name| home.url().is_none() || name != "KEYWARD_DATABASE_URL")
        .collect();
    assert!(every.len() > 40, "{every:?}");
    let mut command = home.command(&[]);
    command.envs(every.iter().map(|name| (name, ""))).env("KEYWARD_LISTEN", "127.0.0.1:0");
    let server = crate::process::Served::start(command);
    assert!(!server.output().contains("no setting"), "{}", server.output());
    drop(server);
    // Then the file's value counts.
    std::fs::write(home.path().join(".env"), "KEYWARD_ISSUER=https://file.example\n").unwrap();
    assert!(doctor(&home, &[("KEYWARD_ISSUER", "")]).contains("https://file.example"));
}

#[tokio::test]
async fn a_secret_may_come_from_a_file() {
    let home = Home::new().await;
    let master = home.path().join("secret");
    let path = master.to_str().unwrap();
    std::fs::write(&master, "hunter2 and more, thirty-two bytes in all\n").unwrap();
    let account = json!({ "email": "ana@example.com", "password": "a long pass phrase" });
    let server = home.serve(&[("KEYWARD_MASTER_SECRET_FILE", path)]);
    assert_eq!(server.call("POST", "/users", "", &account).0, 201);
    let (_, log) = server.stop("TERM");
    assert!(!log.contains("hunter2") && !home.path().join("data/master.key").exists(), "{log}");
    // It is the same as the variable without the line's end.
    drop(home.serve(&[("KEYWARD_MASTER_SECRET", "hunter2 and more, thirty-two bytes in all")]));

    let other = Home::new().await;
    std::fs::write(&master, [200; 32]).unwrap();
    drop(other.serve(&[("KEYWARD_MASTER_SECRET_FILE", path)]));
    assert!(!other.path().join("data/master.key").exists(), "raw bytes are a secret, too");
}

#[tokio::test]
async fn a_file_of_a_secret_that_cannot_be_used_stops_the_start() {
    let home = Home::new().await;
    std::fs::write(home.path().join("empty"), "\n").unwrap();
    std::fs::write(home.path().join("long"), "x".repeat(70_000)).unwrap();
    for (variables, words) in [
        (&[("KEYWARD_SMTP_URL_FILE", "missing")][..], "KEYWARD_SMTP_URL_FILE: missing: it cannot be read: "),
        (&[("KEYWARD_SMTP_URL_FILE", "empty")], "KEYWARD_SMTP_URL_FILE: empty: it is empty"),
        (&[("KEYWARD_SMTP_URL_FILE", "long")], "KEYWARD_SMTP_URL_FILE: long: it is longer than"),
        (
            &[("KEYWARD_SECRET", "hunter2"), ("KEYWARD_SECRET_FILE", "empty")],
            "KEYWARD_SECRET and KEYWARD_SECRET_FILE are both set",
        ),
    ] {
        let output = run(&home, &[], variables);
        let err = text(&output.stderr);
        assert!(!output.status.success() && err.contains(words) && !err.contains("hunter2"), "{err}");
        assert_eq!(err.lines().count(), 1, "{err}");
    }
    // Of the environment and `.env` the environment wins, whichever of the two names it uses.
    std::fs::write(home.path().join(".env"), "KEYWARD_DATABASE_URL_FILE=missing\n").unwrap();
    let output = home.run(&["migrate"]);
    assert_eq!(output.status.success(), home.url().is_some(), "{output:?}");
}

#[tokio::test]
async fn a_command_that_takes_no_such_secret_needs_no_file_of_it() {
    let home = Home::new().await;
    let server = home.serve(&[]);
    let listen = server.address.to_string();
    let missing = [
        ("KEYWARD_MASTER_SECRET_FILE", "missing"),
        ("KEYWARD_SMTP_URL_FILE", "missing"),
        ("KEYWARD_ADMIN_PASSWORD_FILE", "missing"),
    ];
    let both = [("KEYWARD_SECRET", "hunter2"), ("KEYWARD_SECRET_FILE", "missing")];
    let variables = [&missing[..], &both].concat();
    for arguments in [&["openapi"][..], &["healthcheck", "--listen", &listen], &["user", "list"], &["man"]] {
        let output = run(&home, arguments, &variables);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        assert!(!text(&output.stderr).contains("no setting"), "{}", text(&output.stderr));
    }
    drop(server);
    for arguments in [&[][..], &["serve"], &["doctor"]] {
        let output = run(&home, arguments, &missing[..1]);
        let err = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(
            err.contains("KEYWARD_MASTER_SECRET_FILE: missing: it cannot be read"),
            "{arguments:?}: {err}"
        );
    }
    // A flag goes before the variable.
    let secret =
        ["doctor", "--listen", "127.0.0.1:0", "--master-secret", "of more than thirty-two bytes, for sure"];
    let err = text(&run(&home, &secret, &missing[..1]).stderr);
    assert!(!err.contains("KEYWARD_MASTER_SECRET_FILE"), "{err}");
}

#[tokio::test]
async fn a_blank_may_follow_the_comma_of_a_list() {
    let home = Home::new().await;
    let server = home.serve(&[
        ("KEYWARD_CORS_ORIGINS", "https://a.example, https://b.example"),
        ("KEYWARD_CORS_HEADERS", "x-app-version, x-other"),
        ("KEYWARD_TRUSTED_PROXIES", "10.0.0.0/8, ::1"),
        ("KEYWARD_RESOURCES", "blog, shop"),
    ]);
    for path in ["/blog", "/products"] {
        assert_eq!(server.call("GET", path, "", &serde_json::Value::Null).0, 200, "{path}");
    }
    let output = run(&home, &[], &[("KEYWARD_RESOURCES", "blog, shp")]);
    assert!(text(&output.stderr).contains("shop"), "{}", text(&output.stderr));
}

#[tokio::test]
async fn an_issuer_that_no_client_can_reach_is_named_at_the_start_and_by_doctor() {
    let home = Home::new().await;
    let words = |port: &str| {
        format!(
            "KEYWARD_ISSUER is not set and is taken for http://0.0.0.0:{port}, which tokens and links in mails name"
        )
    };
    let server = home.serve(&[("KEYWARD_LISTEN", ":0")]);
    let port = server.address.port().to_string();
    let (_, log) = server.stop("TERM");
    assert!(log.contains(&words(&port)) && log.contains("\"WARN\""), "{log}");
    let output = run(&home, &["doctor"], &[("KEYWARD_LISTEN", &format!(":{port}"))]);
    let printed = text(&output.stdout);
    assert!(printed.contains(&format!("bad   issuer    {}", words(&port))), "{printed}");
    assert!(printed.contains("mend: set KEYWARD_ISSUER"), "{printed}");
    for (listen, issuer) in [(":0", "https://login.example.com"), ("127.0.0.1:0", "")] {
        let server = home.serve(&[("KEYWARD_LISTEN", listen), ("KEYWARD_ISSUER", issuer)]);
        let (_, log) = server.stop("TERM");
        assert!(!log.contains("can reach"), "{log}");
    }
    let (_, log) = home.serve(&[("KEYWARD_ISSUER", "http://[::]:8000/auth")]).stop("TERM");
    assert!(log.contains("KEYWARD_ISSUER is http://[::]:8000/auth, which"), "{log}");
}

#[tokio::test]
async fn a_dollar_sign_in_the_env_file_is_itself() {
    let home = Home::new().await;
    let text = "OTHER=\"of another program\nKEYWARD_AUDIENCE=pa$$word$HOME # note\n";
    std::fs::write(home.path().join(".env"), text).unwrap();
    let server = home.serve(&[]);
    let account = json!({ "email": "ana@example.com", "password": "a long pass phrase" });
    let (status, token) = server.call("POST", "/signup", "", &account);
    assert_eq!(status, 201, "{token}");
    assert_eq!(crate::forge::claims_of(token["access_token"].as_str().unwrap())["aud"], "pa$$word$HOME");
}

#[tokio::test]
async fn an_address_to_listen_on_may_be_a_name_or_a_port() {
    for listen in ["localhost:0", ":0", "0", "*:0"] {
        let home = Home::new().await;
        let server = home.serve(&[("KEYWARD_LISTEN", listen)]);
        assert_eq!(server.address.ip().is_unspecified(), listen.starts_with([':', '*']), "{listen}");
    }
}
