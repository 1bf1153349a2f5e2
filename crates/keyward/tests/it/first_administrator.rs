//! The first administrator, made from variables, as in a container.

use serde_json::{Value, json};

use crate::process::{Home, Served, text};

const EMAIL: (&str, &str) = ("KEYWARD_ADMIN_EMAIL", "root@example.com");
const PASSWORD: (&str, &str) = ("KEYWARD_ADMIN_PASSWORD", "a first pass phrase");

fn log_in(server: &Served, password: &str) -> (u16, Value) {
    server.call("POST", "/login", "", &json!({ "username": EMAIL.1, "password": password }))
}

#[tokio::test]
async fn it_is_made_once_and_its_password_stays_its_owners() {
    let home = Home::new().await;
    let server = home.serve(&[EMAIL, PASSWORD]);
    let (status, token) = log_in(&server, PASSWORD.1);
    assert_eq!(status, 200, "{token}");
    let token = token["access_token"].as_str().unwrap();
    assert_eq!(server.call("GET", "/users", token, &Value::Null).0, 200);
    let changed = json!({ "current_password": PASSWORD.1, "new_password": "another pass phrase" });
    assert_eq!(server.call("POST", "/users/me/password", token, &changed).0, 204);
    let (_, log) = server.stop("TERM");
    assert!(log.contains("made the first administrator") && !log.contains(PASSWORD.1), "{log}");

    let server = home.serve(&[EMAIL, PASSWORD]);
    assert_eq!(log_in(&server, "another pass phrase").0, 200);
    assert_eq!(log_in(&server, PASSWORD.1).0, 401);
    assert_eq!(text(&home.run(&["user", "list"]).stdout).lines().count(), 1);
    drop(server);
    // Nor is a second one made beside the first.
    drop(home.serve(&[("KEYWARD_ADMIN_EMAIL", "other@example.com"), PASSWORD]));
    assert_eq!(text(&home.run(&["user", "list"]).stdout).lines().count(), 1);
}

#[tokio::test]
async fn of_two_that_start_together_one_makes_it() {
    let home = Home::new().await;
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| home.serve(&[EMAIL, PASSWORD]));
        }
    });
    assert_eq!(text(&home.run(&["user", "list"]).stdout).lines().count(), 1);
}

#[tokio::test]
async fn an_account_that_is_there_is_not_made_an_administrator() {
    let home = Home::new().await;
    let arguments = ["user", "create", "--email", EMAIL.1, "--password-stdin"];
    assert!(home.run_with(&arguments, "the owner's pass phrase\n").status.success());
    let server = home.serve(&[EMAIL, PASSWORD]);
    assert_eq!((log_in(&server, PASSWORD.1).0, log_in(&server, "the owner's pass phrase").0), (401, 200));
    let (_, log) = server.stop("TERM");
    assert!(log.contains("KEYWARD_ADMIN_EMAIL has an account that is no administrator's"), "{log}");
}

#[tokio::test]
async fn faulty_settings_of_it_stop_the_start() {
    let home = Home::new().await;
    for (variables, words) in [
        (&[EMAIL][..], "go together"),
        (&[PASSWORD], "go together"),
        (&[("KEYWARD_ADMIN_EMAIL", "root"), PASSWORD], "KEYWARD_ADMIN_EMAIL"),
        (&[EMAIL, ("KEYWARD_ADMIN_PASSWORD", "sh0rt")], "KEYWARD_ADMIN_PASSWORD is refused"),
    ] {
        let mut command = home.command(&["--listen", "127.0.0.1:0"]);
        command.envs(variables.iter().copied());
        let err = text(&crate::process::finish(command, "").stderr);
        assert!(err.contains(words) && !err.contains("sh0rt") && err.lines().count() == 1, "{err}");
    }
    assert!(home.content().is_empty(), "{:?}", home.content());
}

#[tokio::test]
async fn its_address_needs_no_mail() {
    let home = Home::new().await;
    let server = home.serve(&[EMAIL, PASSWORD, ("KEYWARD_REQUIRE_VERIFIED_EMAIL", "on")]);
    assert_eq!(log_in(&server, PASSWORD.1).0, 200);
}

#[tokio::test]
async fn settings_that_are_faulty_have_no_effect_once_there_is_an_administrator() {
    let home = Home::new().await;
    let created = home.run_with(
        &["user", "create", "--email", EMAIL.1, "--role", "admin", "--password-stdin"],
        "the owner's pass phrase\n",
    );
    assert!(created.status.success(), "{created:?}");
    for variables in [
        &[EMAIL, ("KEYWARD_ADMIN_PASSWORD", "sh0rt")][..],
        &[EMAIL, PASSWORD, ("KEYWARD_PASSWORD_MIN_LENGTH", "40")],
        &[EMAIL],
        &[("KEYWARD_ADMIN_EMAIL", "root"), PASSWORD],
    ] {
        let server = home.serve(variables);
        assert_eq!(log_in(&server, "the owner's pass phrase").0, 200, "{variables:?}");
        let (_, log) = server.stop("TERM");
        assert!(log.contains("there is an administrator, so this has no effect: KEYWARD_ADMIN_"), "{log}");
        assert!(!log.contains("sh0rt"), "{log}");
    }
}
