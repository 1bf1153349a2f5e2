//! Mails about logins from addresses that an account does not know.

use keyward_api::testing::app::TestApp;

use super::phone::{credentials, enrolled, finish, half};
use crate::app::Starts;

async fn log_in_from(app: &TestApp, address: &str) {
    let call = app.anonymous().call("POST", "/login").json(&credentials("ana")).from(address);
    call.header("user-agent", "Marked/1 <b>").send().await.assert_status(200);
}

#[tokio::test]
async fn a_login_from_an_address_that_the_account_does_not_know_is_reported_once() {
    let app = TestApp::with_flags(&["--mail-new-device", "on"]).await;
    let account =
        serde_json::json!({ "email": "ana@example.com", "password": keyward_api::testing::app::PASSWORD });
    app.anonymous().post("/users", account).await.assert_status(201);
    log_in_from(&app, "192.0.2.1").await;
    log_in_from(&app, "192.0.2.1").await;
    assert!(app.letters().await.is_empty(), "the first login of all is no news");
    log_in_from(&app, "198.51.100.7").await;
    let letter = app.letter().await;
    assert_eq!(letter.recipient.as_str(), "ana@example.com");
    assert!(letter.letter.text.contains("198.51.100.7") && letter.letter.text.contains("Marked/1"));
    let html = &letter.letter.html;
    assert!(html.contains("&lt;b&gt;") && !html.contains("<b>"), "{html}");
    // From now on it is known, and so is what shares its network.
    log_in_from(&app, "198.51.100.7").await;
    log_in_from(&app, "2001:db8:1:2::7").await;
    log_in_from(&app, "2001:db8:1:2::8").await;
    assert_eq!(app.letters().await.len(), 1);
}

#[tokio::test]
async fn nothing_is_reported_unless_that_is_on_nor_before_the_second_factor() {
    let app = TestApp::start().await;
    app.user("ana").await;
    log_in_from(&app, "192.0.2.1").await;
    log_in_from(&app, "198.51.100.7").await;
    assert!(app.letters().await.is_empty());

    let app = TestApp::with_flags(&["--mail-new-device", "on"]).await;
    app.user("ana").await;
    log_in_from(&app, "192.0.2.1").await;
    let ana = enrolled(&app, "ana").await;
    app.letters().await;
    let mfa_token = half(&app, "ana").await;
    assert!(app.letters().await.is_empty(), "half a login is not reported");
    finish(&app, &mfa_token, &ana.phone.fresh_code(&app)).await.assert_status(200);
}
