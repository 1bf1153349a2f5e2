//! Removing second factors.

use keyward_api::testing::app::{PASSWORD, TestApp};
use keyward_domain::model::events::EventKind;
use keyward_domain::upkeep::deleted_accounts::DeletedAccounts;
use keyward_domain::values::clock::Clock;
use keyward_infra::clock::SystemClock;
use serde_json::json;
use time::Duration;

use super::phone::{Phone, back, credentials, enrolled, log_in};
use crate::app::Starts;
use crate::events::events;
use crate::process::{Home, text};

#[tokio::test]
async fn an_app_is_removed_with_the_recovery_codes_by_whoever_shows_it() {
    let app = TestApp::start().await;
    let ana = enrolled(&app, "ana").await;
    app.letters().await;
    // A stolen token of a recent login with the password alone takes no factor away.
    let weak = ana.person.call("DELETE", "/users/me/totp").send().await.assert_status(401);
    assert_eq!(weak.code(), "insufficient_user_authentication");
    let weak = ana.person.post("/users/me/recovery-codes", json!({})).await.assert_status(401);
    assert_eq!(weak.code(), "insufficient_user_authentication");
    let strong = back(&app, "ana", &ana.phone).await;
    strong.delete("/users/me/totp").await.assert_status(204);
    ana.person.get("/users/me").await.assert_gone("another session of the account");
    assert_eq!(strong.delete("/users/me/totp").await.assert_status(409).code(), "no_second_factor");
    let renew = strong.post("/users/me/recovery-codes", json!({})).await.assert_status(409);
    assert_eq!(renew.code(), "no_second_factor");
    let none = json!({ "totp": false, "passkeys": [], "recovery_codes_left": 0 });
    assert_eq!(strong.get("/users/me/factors").await.json(), none);
    app.anonymous().post("/login", credentials("ana")).await.assert_status(200);
    let letter = app.letter().await;
    assert!(letter.letter.text.contains("an authenticator app was removed"), "{}", letter.letter.text);
    let removed = events(&app).await.into_iter().filter(|event| event.kind == EventKind::FactorRemoved);
    assert_eq!(removed.count(), 1);
}

#[tokio::test]
async fn a_stale_login_changes_no_factor() {
    let app = TestApp::start().await;
    let ana = enrolled(&app, "ana").await;
    let root = app.admin("root").await;
    let strong = back(&app, "ana", &ana.phone).await;
    app.clock.advance(Duration::seconds(301));
    let of_ana = format!("/users/{}/factors", ana.person.id);
    for (person, method, path) in [
        (&strong, "POST", "/users/me/totp"),
        (&strong, "POST", "/users/me/totp/confirm"),
        (&strong, "DELETE", "/users/me/totp"),
        (&strong, "POST", "/users/me/recovery-codes"),
        (&strong, "POST", "/users/me/passkeys/options"),
        (&strong, "POST", "/users/me/passkeys"),
        (&strong, "PATCH", "/users/me/passkeys/1"),
        (&strong, "DELETE", "/users/me/passkeys/1"),
        (&root, "DELETE", &of_ana),
    ] {
        let stale =
            person.call(method, path).json(&json!({ "otp": "123456" })).send().await.assert_status(401);
        assert_eq!(stale.code(), "insufficient_user_authentication", "{method} {path}");
    }
}

#[tokio::test]
async fn an_administrator_takes_the_factors_of_somebody_away_who_has_lost_them() {
    let app = TestApp::start().await;
    let (ana, eve) = (enrolled(&app, "ana").await, app.user("eve").await);
    app.letters().await;
    let path = format!("/users/{}/factors", ana.person.id);
    eve.delete(&path).await.assert_status(403);
    let root = app.admin("root").await;
    root.delete("/users/999999/factors").await.assert_status(404);
    root.delete(&path).await.assert_status(204);
    ana.person.get("/users/me").await.assert_gone("its sessions");
    root.delete(&path).await.assert_status(204);
    app.anonymous().post("/login", credentials("ana")).await.assert_status(200);
    let letter = app.letter().await;
    assert_eq!(letter.recipient.as_str(), "ana@example.com");
    assert!(letter.letter.text.contains("every second factor was removed"), "{}", letter.letter.text);
}

#[tokio::test]
async fn a_deleted_account_leaves_no_factor_behind() {
    let app = TestApp::start().await;
    let ana = enrolled(&app, "ana").await;
    let password = json!({ "password": PASSWORD });
    let strong = back(&app, "ana", &ana.phone).await;
    strong.call("DELETE", "/users/me").json(&password).send().await.assert_status(204);
    DeletedAccounts::new(app.ports.clone()).remove().await.unwrap();
    let tables = ["totp_factors".to_owned(), "totp_offers".to_owned(), "recovery_codes".to_owned()];
    let rows = keyward_infra::testing::rows::read(app.database.connection(), &tables).await;
    assert!(rows.values().all(Vec::is_empty), "{rows:?}");
    app.user("ana").await;
    log_in(&app, "ana", "000000").await.assert_status(200);
}

#[tokio::test]
async fn an_operator_takes_the_factors_of_an_account_away() {
    let home = Home::new().await;
    let account = json!({ "email": "ana@example.com", "password": PASSWORD });
    let server = home.serve(&[]);
    let tokens = server.call("POST", "/signup", "", &account).1;
    let token = tokens["access_token"].as_str().unwrap();
    let offered = server.call("POST", "/users/me/totp", token, &json!({})).1;
    let phone = Phone::reading(offered["secret"].as_str().unwrap());
    let now = SystemClock.now().unix_timestamp();
    let confirmed =
        server.call("POST", "/users/me/totp/confirm", token, &json!({ "otp": phone.code_at(now) }));
    assert_eq!(confirmed.0, 200, "{}", confirmed.1);
    let login = json!({ "username": "ana@example.com", "password": PASSWORD });
    assert_eq!(server.call("POST", "/login", "", &login).1["code"], "mfa_required");
    let unknown = home.run(&["user", "remove-factors", "--email", "nobody@example.com"]);
    assert!(!unknown.status.success());
    let done = home.run(&["user", "remove-factors", "--email", "ana@example.com"]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    let refresh = json!({ "refresh_token": tokens["refresh_token"] });
    assert_eq!(server.call("POST", "/refresh_token", "", &refresh).1["code"], "session_ended");
    assert_eq!(server.call("POST", "/login", "", &login).0, 200);
    assert!(text(&home.run(&["events", "tail"]).stdout).contains("factor_removed"));
}
