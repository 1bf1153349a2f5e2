//! What a restored database lets in.

use keyward_api::testing::app::PASSWORD;
use serde_json::{Value, json};

use crate::process::{Home, text};

/// Signs up, backs up, and restores with these arguments: what a read and a refresh with the tokens of then
/// answer.
async fn after_a_restore(arguments: &[&str]) -> Option<(u16, u16)> {
    let home = Home::new().await;
    if home.url().is_some() {
        return None;
    }
    let issuer = ("KEYWARD_ISSUER", "http://keyward.example");
    let server = home.serve(&[issuer]);
    let account = json!({ "email": "ana@example.com", "password": PASSWORD });
    let (status, token) = server.call("POST", "/signup", "", &account);
    assert_eq!(status, 201, "{token}");
    assert!(home.run(&["backup", "copy.db"]).status.success());
    assert_eq!(server.stop("TERM").0, Some(0));
    let restored = home.run(&[&["restore", "copy.db"], arguments].concat());
    assert!(restored.status.success(), "{}", text(&restored.stderr));
    let server = home.serve(&[issuer]);
    let me = server.call("GET", "/users/me", token["access_token"].as_str().unwrap(), &Value::Null);
    let refresh = json!({ "refresh_token": token["refresh_token"] });
    let refreshed = server.call("POST", "/refresh_token", "", &refresh);
    let login = json!({ "username": "ana@example.com", "password": PASSWORD });
    assert_eq!(server.call("POST", "/login", "", &login).0, 200, "the account is there");
    Some((me.0, refreshed.0))
}

#[tokio::test]
async fn a_restore_ends_every_session() {
    let found = after_a_restore(&[]).await;
    assert!(found.is_none_or(|found| found == (401, 401)), "{found:?}");
}

#[tokio::test]
async fn a_restore_keeps_the_sessions_where_it_is_asked_to() {
    let found = after_a_restore(&["--keep-sessions"]).await;
    assert!(found.is_none_or(|found| found == (200, 200)), "{found:?}");
}
