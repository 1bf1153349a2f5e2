//! Sessions that are over by age: their access tokens are worth nothing from then on, nor are those of the sessions that end with them.

use keyward_api::testing::app::TestApp;
use serde_json::json;
use time::Duration;

use crate::app::Starts;
use crate::browser::Browser;
use crate::relying_party::RelyingParty;

const FLAGS: [&str; 6] = ["--session-idle", "1h", "--session-absolute", "3h", "--access-token-ttl", "6h"];

#[tokio::test]
async fn an_access_token_is_refused_once_the_browser_session_is_over_by_age() {
    let app = TestApp::with_flags(&FLAGS).await;
    app.user("ana").await;
    let rp = RelyingParty::public(&app, "album").await;
    let api = RelyingParty::confidential(&app, "api").await;
    let browser = Browser::logged_in(&app, "ana").await;
    let mut tokens = rp.tokens(&browser, &[("scope", "openid posts:read")]).await;
    let mut offline = rp.tokens(&browser, &[("scope", "openid posts:read offline_access")]).await;
    for _ in 0..2 {
        app.clock.advance(Duration::minutes(29));
        tokens = rp.refresh(&tokens).await.assert_status(200).json();
        offline = rp.refresh(&offline).await.assert_status(200).json();
    }
    let token = tokens["access_token"].as_str().unwrap();
    let reader = app.bearer(token);
    let active = async |token: &str| {
        api.ask("/oauth/introspect", &[("token", token)]).await.assert_status(200).json()["active"].clone()
    };
    for path in ["/posts", "/oauth/userinfo"] {
        reader.get(path).await.assert_status(200);
    }
    assert_eq!(active(token).await, true);
    // The application was busy; the person was not.
    app.clock.advance(Duration::minutes(3));
    for path in ["/posts", "/oauth/userinfo"] {
        reader.get(path).await.assert_status(401);
    }
    assert_eq!(active(token).await, false);
    let beyond = offline["access_token"].as_str().unwrap();
    app.bearer(beyond).get("/posts").await.assert_status(200);
    assert_eq!(active(beyond).await, true);
}

#[tokio::test]
async fn a_visit_of_the_person_keeps_the_applications_tokens_good() {
    let app = TestApp::with_flags(&FLAGS).await;
    app.user("ana").await;
    let rp = RelyingParty::public(&app, "album").await;
    let browser = Browser::logged_in(&app, "ana").await;
    let tokens = rp.tokens(&browser, &[("scope", "openid posts:read")]).await;
    let reader = app.bearer(tokens["access_token"].as_str().unwrap());
    reader.get("/posts").await.assert_status(200);
    app.clock.advance(Duration::minutes(50));
    browser.get("/account").await.assert_status(200);
    rp.refresh(&tokens).await.assert_status(200);
    reader.get("/posts").await.assert_status(200);
    app.clock.advance(Duration::minutes(50));
    // What was remembered of the browser session says that it is over; it was used since.
    reader.get("/posts").await.assert_status(200);
}

#[tokio::test]
async fn an_access_token_does_not_outlive_its_own_session() {
    let app = TestApp::with_flags(&FLAGS).await;
    let ana = app.user("ana").await;
    let api = RelyingParty::confidential(&app, "api").await;
    ana.get("/users/me").await.assert_status(200);
    app.clock.advance(Duration::minutes(59));
    ana.get("/users/me").await.assert_status(200);
    app.clock.advance(Duration::minutes(1));
    ana.get("/users/me").await.assert_invalid_token("of a session that is over");
    let state = api.ask("/oauth/introspect", &[("token", ana.token())]).await.assert_status(200);
    assert_eq!(state.json(), json!({ "active": false }));
}
