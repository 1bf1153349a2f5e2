//! Who has to have a second factor and has none: a token that is good for enrolling one.

use keyward_api::testing::app::{PASSWORD, TestApp, address};
use keyward_api::testing::document::Operation;
use keyward_api::testing::person::Person;
use serde_json::json;

use super::phone::{credentials, enrol};
use crate::app::{Starts, operations};
use crate::forge::claims_of;

/// Logs in with the password alone.
async fn enter(app: &TestApp, name: &str) -> Person {
    let tokens = app.anonymous().post("/login", credentials(name)).await.assert_status(200).json();
    let mut person = app.bearer(tokens["access_token"].as_str().unwrap());
    tokens["refresh_token"].as_str().unwrap().clone_into(&mut person.refresh);
    assert_eq!(claims_of(person.token())["scope"], tokens["scope"]);
    person
}

fn scope(person: &Person) -> String {
    claims_of(person.token())["scope"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_for_enrolling_opens_no_other_lock() {
    let app = TestApp::with_flags(&["--second-factor", "required"]).await;
    let account = json!({ "email": address("ana"), "password": PASSWORD });
    let signed_up = app.anonymous().post("/signup", account).await.assert_status(201).json();
    assert_eq!(signed_up["scope"], "enrol");
    let ana = enter(&app, "ana").await;
    assert_eq!(scope(&ana), "enrol");
    let open = [
        "GET /users/me/factors",
        "POST /users/me/totp",
        "POST /users/me/totp/confirm",
        "POST /users/me/passkeys/options",
        "POST /users/me/passkeys",
        "POST /users/me/proof",
        "POST /logout",
        "POST /logout/all",
    ];
    // The lock of userinfo is for tokens of another audience.
    let others = |operation: &&Operation| operation.for_users() && operation.path != "/oauth/userinfo";
    for operation in operations().iter().filter(others) {
        let name = format!("{} {}", operation.method, operation.path);
        if open.contains(&&*name) {
            continue;
        }
        let path = operation.path.split('/').map(|step| if step.starts_with('{') { "1" } else { step });
        let path = path.collect::<Vec<_>>().join("/");
        let refused = ana.call(&operation.method, &path).send().await.assert_status(403);
        // Where a scope is asked for, that is what the token lacks.
        let examples = operation.spec["responses"]["403"].to_string();
        let alone = examples.contains("enrolment_only");
        let expected = if alone { "enrolment_only" } else { "insufficient_scope" };
        assert_eq!(refused.code(), expected, "{name}");
    }
    ana.get("/users/me/factors").await.assert_status(200);
    ana.get("/oauth/userinfo").await.assert_invalid_token("for enrolling");
}

#[tokio::test]
async fn after_enrolling_the_account_is_whole() {
    let app = TestApp::with_flags(&["--second-factor", "required"]).await;
    let account = json!({ "email": address("ana"), "password": PASSWORD });
    app.anonymous().post("/users", account).await.assert_status(201);
    let ana = enter(&app, "ana").await;
    let narrow = app.anonymous().post("/refresh_token", json!({ "refresh_token": ana.refresh })).await;
    let narrow = narrow.assert_status(200).json();
    assert_eq!(narrow["scope"], "enrol", "a refresh gives no more");
    let ana = Person { refresh: narrow["refresh_token"].as_str().unwrap().to_owned(), ..ana };
    let (phone, _) = enrol(&app, &ana).await;
    ana.get("/users/me").await.assert_status(403);
    let whole = app.anonymous().post("/refresh_token", json!({ "refresh_token": ana.refresh })).await;
    let whole = whole.assert_status(200).json();
    let scopes = whole["scope"].as_str().unwrap().to_owned();
    assert!(scopes.contains("posts:write") && !scopes.contains("enrol"), "{scopes}");
    app.bearer(whole["access_token"].as_str().unwrap()).get("/users/me").await.assert_status(200);
    let proof = json!({ "otp": phone.fresh_code(&app) });
    let proven = ana.post("/users/me/proof", proof).await.assert_status(200).json();
    assert_eq!(proven["scope"], scopes.as_str());
    ana.post("/logout", json!({})).await.assert_status(204);
}

#[tokio::test]
async fn administrators_alone_have_to_where_they_have_to() {
    let app = TestApp::with_flags(&["--second-factor", "administrators"]).await;
    let account = json!({ "email": address("ana"), "password": PASSWORD });
    app.anonymous().post("/users", account).await.assert_status(201);
    assert_ne!(scope(&enter(&app, "ana").await), "enrol");
    // An account that an operator makes is an account like any other.
    let names = keyward_domain::values::names::Names::from(
        keyward_domain::values::email::Email::parse(&address("root")).unwrap(),
    );
    let policy = keyward_auth::PasswordPolicy::default();
    let password =
        keyward_domain::values::new_password::NewPassword::parse(PASSWORD, &policy, Some(&names)).unwrap();
    let role = keyward_domain::values::scopes::Role::Admin;
    let registration =
        keyward_domain::identity::registration::Registration { names, password, name: None, role };
    let register = keyward_domain::identity::registration::Register::new(app.ports.clone());
    register.register(registration).await.unwrap();
    let root = enter(&app, "root").await;
    assert_eq!(scope(&root), "enrol");
    root.get("/users").await.assert_status(403);
    enrol(&app, &root).await;
    let whole = app.anonymous().post("/refresh_token", json!({ "refresh_token": root.refresh })).await;
    let whole = whole.assert_status(200).json();
    app.bearer(whole["access_token"].as_str().unwrap()).get("/users").await.assert_status(200);
}

#[tokio::test]
async fn nobody_can_ask_for_the_scope() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let mut login = credentials("ana");
    login["scope"] = json!("enrol");
    let refused = app.anonymous().post("/login", login).await.assert_status(400);
    assert_eq!(refused.code(), "invalid_scope");
}
