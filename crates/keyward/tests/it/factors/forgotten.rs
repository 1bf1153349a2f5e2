//! Everywhere a second factor could be forgotten: accounts that commands make, an import over an account that has one, accounts that
//! were locked out, and clients.

use keyward_api::testing::app::{PASSWORD, TestApp};
use keyward_domain::values::clock::Clock;
use keyward_infra::clock::SystemClock;
use serde_json::json;

use super::phone::{Phone, credentials, enrolled};
use crate::app::Starts;
use crate::oauth::{register_for, token};
use crate::process::{Home, Served, text};

/// What a login with a name and a password comes to: the scope of its token, or the code of its refusal.
fn log_in(server: &Served, name: &str, password: &str) -> String {
    let answer = server.call("POST", "/login", "", &json!({ "username": name, "password": password })).1;
    let word = answer.get("scope").or_else(|| answer.get("code"));
    word.and_then(|word| word.as_str()).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn accounts_that_commands_make_may_only_enrol_where_everybody_has_to_have_a_factor() {
    let home = Home::new().await;
    let seeded = home.run(&["seed"]);
    let seeded = text(&seeded.stdout);
    let seeded: Vec<Vec<&str>> = seeded.lines().map(|line| line.split('\t').collect()).collect();
    let made = home.run_with(&["user", "create", "--email", "ana@example.com", "--password-stdin"], PASSWORD);
    assert!(made.status.success(), "{}", text(&made.stderr));
    // `secret`, as passlib's bcrypt keeps it.
    let row = "email,hash\nbob@example.com,$2b$05$CCCCCCCCCCCCCCCCCCCCC.pIKrLVkBX9/OvQMSygY1pWEVn72t6na\n";
    std::fs::write(home.path().join("users.csv"), row).unwrap();
    let imported = home.run(&["user", "import", "users.csv"]);
    assert!(imported.status.success(), "{}", text(&imported.stderr));
    let server = home.serve(&[("KEYWARD_SECOND_FACTOR", "required")]);
    for (name, password) in [
        ("ana@example.com", PASSWORD),
        ("bob@example.com", "secret"),
        (seeded[0][0], seeded[0][2]),
        (seeded[1][0], seeded[1][2]),
    ] {
        assert_eq!(log_in(&server, name, password), "enrol", "{name}");
    }
}

#[tokio::test]
async fn an_import_over_an_account_leaves_its_factor_and_so_does_locking_it_out_and_letting_it_in() {
    let home = Home::new().await;
    let server = home.serve(&[]);
    let account = json!({ "email": "ana@example.com", "password": PASSWORD });
    let tokens = server.call("POST", "/signup", "", &account).1;
    let access = tokens["access_token"].as_str().unwrap();
    let offered = server.call("POST", "/users/me/totp", access, &json!({})).1;
    let code =
        Phone::reading(offered["secret"].as_str().unwrap()).code_at(SystemClock.now().unix_timestamp());
    assert_eq!(server.call("POST", "/users/me/totp/confirm", access, &json!({ "otp": code })).0, 200);
    let row = "email,hash\nana@example.com,$2b$05$CCCCCCCCCCCCCCCCCCCCC.pIKrLVkBX9/OvQMSygY1pWEVn72t6na\n";
    std::fs::write(home.path().join("users.csv"), row).unwrap();
    home.run(&["user", "import", "users.csv"]);
    assert_eq!(log_in(&server, "ana@example.com", PASSWORD), "mfa_required");
    assert_eq!(log_in(&server, "ana@example.com", "secret"), "invalid_credentials");
    for command in ["disable", "enable"] {
        let done = home.run(&["user", command, "--email", "ana@example.com"]);
        assert!(done.status.success(), "{}", text(&done.stderr));
    }
    assert_eq!(log_in(&server, "ana@example.com", PASSWORD), "mfa_required");
}

#[tokio::test]
async fn a_clients_password_grant_gives_no_more_than_leave_to_enrol_where_a_factor_is_missing() {
    let app = TestApp::with_flags(&["--second-factor", "required"]).await;
    register_for(&app, "web", "posts:read").await;
    app.anonymous()
        .post("/users", json!({ "email": "ana@example.com", "password": PASSWORD }))
        .await
        .assert_status(201);
    let login = [("grant_type", "password"), ("username", "ana@example.com"), ("password", PASSWORD)];
    for client in [None, Some("web")] {
        let tokens = token(&app, client, &login).await.assert_status(200).json();
        assert_eq!(tokens["scope"], "enrol", "{client:?}");
    }
    let ana = app.anonymous().post("/login", credentials("ana")).await.assert_status(200).json();
    let ana = crate::sessions::holder(&app, &ana);
    super::phone::enrol(&app, &ana).await;
    assert_eq!(token(&app, Some("web"), &login).await.assert_status(401).code(), "mfa_required");
}

#[tokio::test]
async fn a_locked_account_with_a_factor_answers_as_one_that_is_not_there() {
    let app = TestApp::start().await;
    let (root, ana) = (app.admin("root").await, enrolled(&app, "ana").await);
    let path = format!("/users/{}", ana.person.id);
    app.log_in("root").await.patch(&path, json!({ "disabled": true })).await.assert_status(200);
    let refused = app.anonymous().post("/login", credentials("ana")).await.assert_status(401);
    let unknown = app.anonymous().post("/login", credentials("nobody")).await.assert_status(401);
    assert_eq!(refused.json(), unknown.json());
    root.get("/users/me").await.assert_status(200);
}
