//! Authorization requests: who asks, where the answer goes, and what is wrong with them.

use keyward_api::testing::app::TestApp;
use keyward_domain::model::clients::ClientSettings;
use keyward_domain::values::uris::RedirectUri;

use crate::app::Starts;
use crate::browser::Browser;
use crate::relying_party::{CALLBACK, CHALLENGE, RelyingParty, SCOPE, error, one, returned, settings};

#[tokio::test]
async fn unless_client_and_redirect_uri_are_sure_a_page_says_so_and_the_client_hears_nothing() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let rp = RelyingParty::public(&app, "album").await;
    let browser = Browser::logged_in(&app, "ana").await;
    for (parameters, words) in [
        (&[("client_id", "")][..], "did not say which one"),
        (&[("client_id", "other")], "not registered here"),
        (&[("client_id", "42")], "not registered here"),
        (&[("client_id", "album"), ("client_id", "album")], "`client_id` twice"),
        (&[("redirect_uri", "")], "where to return to"),
        (&[("redirect_uri", CALLBACK), ("redirect_uri", CALLBACK)], "`redirect_uri` twice"),
        (&[("redirect_uri", "https://app.example.com/callback/")], "not registered for it"),
        (&[("redirect_uri", "https://app.example.com/callbac")], "not registered for it"),
        (&[("redirect_uri", "https://app.example.com/Callback")], "not registered for it"),
        (&[("redirect_uri", "https://app.example.com/callback?x=1")], "not registered for it"),
        (&[("redirect_uri", "https://app.example.com:443/callback")], "not registered for it"),
        (&[("redirect_uri", "http://app.example.com/callback")], "not registered for it"),
        (&[("redirect_uri", "https://app.example.com.evil.example/callback")], "not registered for it"),
        (&[("redirect_uri", "https://app.example.com@evil.example/callback")], "not registered for it"),
        (&[("redirect_uri", "javascript:alert(1)")], "not registered for it"),
    ] {
        let page = browser.get(&rp.request(parameters)).await.assert_status(400);
        assert!(page.header("content-type").starts_with("text/html"));
        assert!(page.text().contains(words), "{parameters:?}: {}", page.text());
        assert!(page.headers.get("location").is_none());
    }
    let long = "x".repeat(4_100);
    let page = browser.get(&rp.request(&[("state", &long)])).await.assert_status(400);
    assert!(page.text().contains("too long"), "{}", page.text());
    browser.get("/oauth/authorize").await.assert_status(400);
    browser.get("/oauth/authorize?client_id=%ZZ").await.assert_status(400);
    browser.get("/oauth/authorize?resume=kwq_AAAA").await.assert_status(400);
}

#[tokio::test]
async fn what_is_wrong_otherwise_goes_to_the_client_with_state_and_issuer() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let rp = RelyingParty::public(&app, "album").await;
    // Before anyone logs in, too.
    for browser in [Browser::new(&app), Browser::logged_in(&app, "ana").await] {
        let nonce = "x".repeat(513);
        for (parameters, expected) in [
            (&[("response_type", "")][..], "invalid_request"),
            (&[("response_type", "token")], "unsupported_response_type"),
            (&[("response_type", "code id_token")], "unsupported_response_type"),
            (&[("response_mode", "fragment")], "invalid_request"),
            (&[("code_challenge", "")], "invalid_request"),
            (&[("code_challenge", "short")], "invalid_request"),
            (&[("code_challenge_method", "")], "invalid_request"),
            (&[("code_challenge_method", "plain")], "invalid_request"),
            (&[("scope", "a\"b")], "invalid_scope"),
            (&[("scope", "nonsense")], "invalid_scope"),
            (&[("scope", "openid"), ("scope", "profile")], "invalid_request"),
            (&[("nonce", &nonce)], "invalid_request"),
            (&[("nonce", "a"), ("nonce", "b")], "invalid_request"),
            (&[("max_age", "x")], "invalid_request"),
            (&[("max_age", "-1")], "invalid_request"),
            (&[("prompt", "nonsense")], "invalid_request"),
            (&[("prompt", "none login")], "invalid_request"),
            (&[("id_token_hint", "a.b.c")], "invalid_request"),
            (&[("request", "a.b.c")], "request_not_supported"),
            (&[("request_uri", "https://app.example.com/r")], "request_uri_not_supported"),
            (&[("registration", "{}")], "registration_not_supported"),
            (&[("resource", "https://api.example.com")], "invalid_target"),
        ] {
            if expected == "invalid_request"
                && parameters[0].0 == "id_token_hint"
                && browser.cookie("__Host-keyward").is_none()
            {
                continue;
            }
            let answer = browser.get(&rp.request(parameters)).await;
            let parameters_back = returned(&answer, CALLBACK);
            assert_eq!(one(&parameters_back, "error").as_deref(), Some(expected), "{parameters:?}");
            assert_eq!(one(&parameters_back, "state").as_deref(), Some("the state"), "{parameters:?}");
            assert_eq!(
                one(&parameters_back, "iss").as_deref(),
                Some("http://127.0.0.1:8000"),
                "{parameters:?}"
            );
            assert_eq!(answer.header("referrer-policy"), "no-referrer");
        }
        let twice = browser.get(&rp.request(&[("state", "a"), ("state", "b")])).await;
        assert_eq!(one(&returned(&twice, CALLBACK), "state"), None);
        assert_eq!(error(&twice), "invalid_request");
    }
}

#[tokio::test]
async fn a_client_with_one_redirect_uri_need_not_name_it_and_its_query_is_kept() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let only = "https://app.example.com/other?x=1";
    let one_uri = vec![RedirectUri::parse(only).unwrap()];
    let settings = ClientSettings { redirect_uris: one_uri, first_party: true, ..settings(SCOPE) };
    let rp = RelyingParty::with(&app, "album", true, settings).await;
    let browser = Browser::logged_in(&app, "ana").await;
    let answer = browser.get(&rp.request(&[("redirect_uri", "")])).await;
    let code = one(&returned(&answer, only), "code").unwrap();
    rp.redeem_with(&[("code", &code), ("redirect_uri", "")]).await.assert_status(200);
    // Named there, it has to be named at the token endpoint.
    let answer = browser.get(&rp.request(&[("redirect_uri", only)])).await;
    let code = one(&returned(&answer, only), "code").unwrap();
    rp.redeem_with(&[("code", &code), ("redirect_uri", "")]).await.assert_status(400);
    rp.redeem_with(&[("code", &code), ("redirect_uri", only)]).await.assert_status(200);
}

#[tokio::test]
async fn a_program_on_the_device_may_listen_on_any_port_and_always_asks() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let uris = ["http://127.0.0.1/cb", "http://localhost:3000/cb", "com.example.app:/cb"];
    let redirect_uris = uris.iter().map(|uri| RedirectUri::parse(uri).unwrap()).collect();
    let settings = ClientSettings { redirect_uris, first_party: true, ..settings(SCOPE) };
    let rp = RelyingParty::with(&app, "cli", true, settings).await;
    let browser = Browser::logged_in(&app, "ana").await;
    for port in ["", ":51004"] {
        let uri = format!("http://127.0.0.1{port}/cb");
        let request = rp.request(&[("redirect_uri", &uri)]);
        for _ in 0..2 {
            let page = browser.get(&request).await.assert_status(200);
            let origin = format!("form-action 'self' http://127.0.0.1{port};");
            assert!(page.header("content-security-policy").contains(&origin), "{page:?}");
            let answer = crate::relying_party::decide(&browser, &page, "allow").await;
            assert!(one(&returned(&answer, &uri), "code").is_some());
        }
        let silent = browser.get(&rp.request(&[("redirect_uri", &uri), ("prompt", "none")])).await;
        assert_eq!(one(&returned(&silent, &uri), "error").as_deref(), Some("interaction_required"));
    }
    for foreign in ["http://localhost:3001/cb", "http://127.0.0.1.evil.example/cb", "http://127.0.0.1:x/cb"] {
        browser.get(&rp.request(&[("redirect_uri", foreign)])).await.assert_status(400);
    }
    // A browser follows no form to a scheme: a link does.
    let page = browser.get(&rp.request(&[("redirect_uri", "com.example.app:/cb")])).await.assert_status(200);
    let onward = crate::relying_party::decide(&browser, &page, "allow").await.assert_status(200);
    assert!(onward.text().contains("href=\"com.example.app:"), "{}", onward.text());
    let silent =
        browser.get(&rp.request(&[("redirect_uri", "com.example.app:/cb"), ("prompt", "none")])).await;
    assert_eq!(
        one(&returned(&silent, "com.example.app:/cb"), "error").as_deref(),
        Some("interaction_required")
    );
}

#[tokio::test]
async fn no_row_is_written_before_the_person_agrees() {
    use keyward_infra::testing::rows;
    let app = TestApp::start().await;
    app.user("ana").await;
    let rp = RelyingParty::public(&app, "album").await;
    let browser = Browser::logged_in(&app, "ana").await;
    // The keys that sign ID tokens are made at the first need of them.
    app.anonymous().get("/.well-known/jwks.json").await.assert_status(200);
    let connection = app.database.connection();
    let tables = rows::tables(connection).await;
    let before = rows::read(connection, &tables).await;
    let page = browser.get(&rp.request(&[])).await.assert_status(200);
    Browser::new(&app).get(&rp.request(&[])).await.assert_status(303);
    assert_eq!(rows::read(connection, &tables).await, before);
    crate::relying_party::decide(&browser, &page, "deny").await.assert_status(303);
    assert_eq!(rows::read(connection, &tables).await, before);
    assert_eq!(CHALLENGE.len(), 43);
}
