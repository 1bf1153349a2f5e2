//! An administrator who has a second factor administers with it.

use keyward_api::testing::app::TestApp;
use serde_json::json;

use super::phone::{back, enrol};
use super::weak_sessions::by_password;
use crate::app::Starts;

#[tokio::test]
async fn an_administrator_who_did_not_show_their_factor_changes_and_deletes_no_account() {
    let app = TestApp::start().await;
    let (root, ana) = (app.admin("root").await, app.user("ana").await);
    let weak = by_password(&app, "root").await;
    let (phone, _) = enrol(&app, &root).await;
    let of_ana = format!("/users/{}", ana.id);
    for (method, path) in [
        ("PATCH", of_ana.clone()),
        ("DELETE", of_ana.clone()),
        ("DELETE", format!("{of_ana}/factors")),
        ("DELETE", format!("{of_ana}/api-keys")),
        ("DELETE", format!("{of_ana}/api-keys/1")),
    ] {
        let refused = weak.call(method, &path).json(&json!({ "disabled": true })).send().await;
        assert_eq!(refused.status, 401, "{method} {path}: {}", refused.text());
        assert_eq!(refused.code(), "insufficient_user_authentication", "{method} {path}");
        assert!(refused.header("www-authenticate").contains("acr_values=\"aal2\""), "{method} {path}");
    }
    ana.get("/users/me").await.assert_status(200);
    // By reading nothing is lost.
    weak.get("/users").await.assert_status(200);
    let strong = back(&app, "root", &phone).await;
    strong.patch(&of_ana, json!({ "disabled": true })).await.assert_status(200);
    strong.delete(&of_ana).await.assert_status(204);
}
