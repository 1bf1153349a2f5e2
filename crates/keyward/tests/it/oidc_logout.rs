//! The modules of the OpenID Foundation's conformance plan for RP-Initiated Logout, each as a test of its name.

use keyward_api::testing::app::TestApp;
use serde_json::Value;
use time::Duration;

use crate::app::Starts;
use crate::browser::{Browser, forms};
use crate::relying_party::{LOGGED_OUT, RelyingParty, escape, one, returned};

const SESSION: &str = "__Host-keyward";

async fn start() -> (TestApp, RelyingParty, Browser, Value) {
    let app = TestApp::start().await;
    app.user("ana").await;
    let rp = RelyingParty::confidential(&app, "rp").await;
    let browser = Browser::logged_in(&app, "ana").await;
    let tokens = rp.tokens(&browser, &[]).await;
    (app, rp, browser, tokens)
}

fn request(parameters: &[(&str, &str)]) -> String {
    let pairs: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
    format!("/oauth/logout?{}", pairs.join("&"))
}

fn hint(tokens: &Value) -> &str {
    tokens["id_token"].as_str().unwrap()
}

#[tokio::test]
async fn oidcc_rp_initiated_logout() {
    let (app, _, browser, tokens) = start().await;
    let asked = request(&[
        ("id_token_hint", hint(&tokens)),
        ("post_logout_redirect_uri", LOGGED_OUT),
        ("state", "the state"),
    ]);
    let answer = browser.get(&asked).await;
    assert_eq!(one(&returned(&answer, LOGGED_OUT), "state").as_deref(), Some("the state"));
    assert_eq!(browser.cookie(SESSION), None);
    let used = app.bearer(tokens["access_token"].as_str().unwrap());
    used.get("/oauth/userinfo").await.assert_status(401);
    // Again, where there is no session any more.
    assert_eq!(
        browser.get(&asked).await.assert_status(303).header("location").split('?').next(),
        Some(LOGGED_OUT)
    );
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_state_and_an_expired_hint() {
    let (app, _, browser, tokens) = start().await;
    app.clock.advance(Duration::hours(3));
    let answer = browser
        .get(&request(&[("id_token_hint", hint(&tokens)), ("post_logout_redirect_uri", LOGGED_OUT)]))
        .await
        .assert_status(303);
    assert_eq!(answer.header("location"), LOGGED_OUT);
    assert_eq!(browser.cookie(SESSION), None);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_params_and_no_id_token_hint_ask_first() {
    for parameters in
        [&[][..], &[("client_id", "rp"), ("post_logout_redirect_uri", LOGGED_OUT), ("state", "s")]]
    {
        let (_, _, browser, _) = start().await;
        let page = browser.get(&request(parameters)).await.assert_status(200);
        assert!(browser.cookie(SESSION).is_some(), "a GET ends nothing");
        let form = forms(&page.text()).remove(0);
        let answer = browser.submit(&form).await;
        assert_eq!(browser.cookie(SESSION), None);
        if parameters.is_empty() {
            answer.assert_status(200);
        } else {
            assert_eq!(one(&returned(&answer, LOGGED_OUT), "state").as_deref(), Some("s"));
        }
    }
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_post_logout_redirect_uri() {
    let (_, _, browser, tokens) = start().await;
    for uri in
        ["https://app.example.com/logged-out/", "https://evil.example/", "https://app.example.com/callback"]
    {
        for first in [("id_token_hint", hint(&tokens)), ("client_id", "rp")] {
            let page = browser.get(&request(&[first, ("post_logout_redirect_uri", uri)])).await;
            let page = page.assert_status(400);
            assert!(page.headers.get("location").is_none());
        }
    }
    browser.get(&request(&[("post_logout_redirect_uri", LOGGED_OUT)])).await.assert_status(400);
    assert!(browser.cookie(SESSION).is_some());
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_or_modified_id_token_hint_asks_first() {
    let (app, _, browser, tokens) = start().await;
    let modified = format!("{}x", hint(&tokens));
    let access = tokens["access_token"].as_str().unwrap();
    for bad in ["x", "a.b.c", &modified, access] {
        browser.get(&request(&[("id_token_hint", bad)])).await.assert_status(200);
        assert!(browser.cookie(SESSION).is_some(), "{bad}");
    }
    // Of another person than the one who is logged in here.
    app.user("bob").await;
    let bob = Browser::logged_in(&app, "bob").await;
    bob.get(&request(&[("id_token_hint", hint(&tokens))])).await.assert_status(200);
    assert!(bob.cookie(SESSION).is_some());
    let two = browser.get(&request(&[("id_token_hint", hint(&tokens)), ("client_id", "other")])).await;
    two.assert_status(400);
    browser.get(&request(&[("client_id", "other")])).await.assert_status(400);
    browser.get(&request(&[("state", "a"), ("state", "b")])).await.assert_status(400);
    assert!(browser.cookie(SESSION).is_some());
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_by_post() {
    let (_, rp, browser, tokens) = start().await;
    let body = format!("id_token_hint={}&post_logout_redirect_uri={}", hint(&tokens), escape(LOGGED_OUT));
    let post = rp.app.anonymous().call("POST", "/oauth/logout").header("origin", "https://app.example.com");
    let post = post.header("sec-fetch-site", "cross-site").form(&body).send().await.assert_status(303);
    let answer = browser.get(post.header("location")).await.assert_status(303);
    assert_eq!(answer.header("location"), LOGGED_OUT);
}

#[tokio::test]
async fn a_confirmation_of_another_origin_ends_nothing() {
    let (_, _, browser, _) = start().await;
    let page = browser.get("/oauth/logout").await.assert_status(200);
    let form = forms(&page.text()).remove(0);
    let body = format!("form_token={}", form.value("form_token"));
    let call = browser.call("POST", &form.action).header("origin", "https://evil.example").form(&body);
    browser.send(call).await.assert_status(403);
    let call = browser.call("POST", &form.action).header("origin", crate::browser::ORIGIN).form("x=y");
    browser.send(call).await.assert_status(403);
    assert!(browser.cookie(SESSION).is_some());
}
