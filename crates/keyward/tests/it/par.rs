//! Pushed authorization requests (RFC 9126).

use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::TestApp;
use keyward_domain::model::clients::ClientSettings;
use serde_json::json;
use time::Duration;

use crate::app::Starts;
use crate::browser::Browser;
use crate::relying_party::{CALLBACK, CHALLENGE, RelyingParty, SCOPE, escape, one, returned, settings};

/// A request that is fine, with these parameters in place of the usual ones; an empty one is left out.
async fn push(rp: &RelyingParty, parameters: &[(&str, &str)]) -> Answer {
    let usual = [
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid"),
        ("state", "the state"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let kept = usual.into_iter().filter(|(name, _)| parameters.iter().all(|(known, _)| known != name));
    let all: Vec<_> = kept.chain(parameters.iter().copied()).filter(|(_, value)| !value.is_empty()).collect();
    rp.ask("/oauth/par", &all).await
}

/// The address of the authorization endpoint for a reference.
fn address(client: &str, request_uri: &str, further: &str) -> String {
    format!("/oauth/authorize?client_id={client}&request_uri={}{further}", escape(request_uri))
}

async fn reference(rp: &RelyingParty, parameters: &[(&str, &str)]) -> String {
    let answer = push(rp, parameters).await.assert_status(201);
    answer.json()["request_uri"].as_str().unwrap().to_owned()
}

/// Follows redirects inside the service.
async fn open(browser: &Browser, path: &str) -> Answer {
    let mut answer = browser.get(path).await;
    while answer.status == 303 && answer.header("location").starts_with("/oauth/authorize?resume=") {
        answer = browser.get(answer.header("location")).await;
    }
    answer
}

async fn start() -> (TestApp, Browser) {
    let app = TestApp::start().await;
    app.user("ana").await;
    let browser = Browser::logged_in(&app, "ana").await;
    (app, browser)
}

fn own() -> ClientSettings {
    ClientSettings { first_party: true, ..settings(SCOPE) }
}

#[tokio::test]
async fn a_pushed_request_is_answered_as_one_in_the_address() {
    let (app, browser) = start().await;
    for public in [true, false] {
        let id = if public { "public" } else { "secret" };
        let rp = RelyingParty::with(&app, id, public, own()).await;
        let answer = push(&rp, &[("scope", "openid posts:read"), ("nonce", "n")]).await.assert_status(201);
        assert!(answer.header("cache-control").contains("no-store"));
        assert_eq!(answer.json()["expires_in"], 60);
        let uri = answer.json()["request_uri"].as_str().unwrap().to_owned();
        assert!(uri.starts_with("urn:ietf:params:oauth:request_uri:"), "{uri}");
        let back = returned(&open(&browser, &address(id, &uri, "")).await, CALLBACK);
        assert_eq!(one(&back, "state").as_deref(), Some("the state"));
        let tokens = rp.redeem(&one(&back, "code").unwrap()).await.assert_status(200).json();
        assert_eq!(tokens["scope"], "openid posts:read");
    }
}

#[tokio::test]
async fn the_metadata_name_the_endpoint() {
    let app = TestApp::start().await;
    let metadata = app.anonymous().get("/.well-known/openid-configuration").await.json();
    assert_eq!(metadata["pushed_authorization_request_endpoint"], "http://127.0.0.1:8000/oauth/par");
    assert_eq!(metadata["require_pushed_authorization_requests"], false);
}

#[tokio::test]
async fn parameters_beside_the_reference_change_nothing() {
    let (app, browser) = start().await;
    let rp = RelyingParty::with(&app, "album", true, own()).await;
    let uri = reference(&rp, &[]).await;
    let further =
        "&scope=account&state=other&redirect_uri=https%3A%2F%2Fevil.example&prompt=login&response_type=token";
    let back = returned(&open(&browser, &address("album", &uri, further)).await, CALLBACK);
    assert_eq!(one(&back, "state").as_deref(), Some("the state"));
    let tokens = rp.redeem(&one(&back, "code").unwrap()).await.assert_status(200).json();
    assert_eq!(tokens["scope"], "openid");
}

#[tokio::test]
async fn a_reference_is_good_for_its_client_and_for_a_minute() {
    let (app, browser) = start().await;
    let rp = RelyingParty::with(&app, "album", true, own()).await;
    let _other = RelyingParty::with(&app, "other", true, own()).await;
    let uri = reference(&rp, &[]).await;
    let path = address("album", &uri, "");
    // Of another client, without one, changed, twice in the address: the browser is sent to no client.
    let bare = format!("/oauth/authorize?request_uri={}", escape(&uri));
    let twice = format!("{path}&request_uri={}", escape(&uri));
    for path in [&address("other", &uri, ""), &bare, &twice, &address("album", &format!("{uri}A"), "")] {
        let answer = browser.get(path).await.assert_status(400);
        assert_eq!(answer.header("location"), "", "{path}");
    }
    // A look at it, as of a scanner of links, uses nothing up.
    browser.send(browser.call("HEAD", &path)).await;
    returned(&browser.get(&path).await, CALLBACK);
    app.clock.advance(Duration::minutes(1));
    browser.get(&path).await.assert_status(400);
}

#[tokio::test]
async fn of_a_request_that_is_opened_twice_one_code_is_traded_and_another_ends_what_it_gave() {
    let (app, browser) = start().await;
    let rp = RelyingParty::with(&app, "album", true, own()).await;
    let path = address("album", &reference(&rp, &[("scope", "openid posts:read")]).await, "");
    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(one(&returned(&browser.get(&path).await, CALLBACK), "code").unwrap());
    }
    let tokens = rp.redeem(&codes[1]).await.assert_status(200).json();
    let access = app.bearer(tokens["access_token"].as_str().unwrap());
    access.get("/posts").await.assert_status(200);
    assert_eq!(rp.redeem(&codes[0]).await.assert_status(400).json()["error"], "invalid_grant");
    access.get("/posts").await.assert_gone("the session of the first code");
    rp.redeem(&codes[2]).await.assert_status(400);
}

#[tokio::test]
async fn a_login_that_takes_longer_than_the_reference_is_good_goes_on() {
    let (app, _) = start().await;
    let rp = RelyingParty::with(&app, "album", true, ClientSettings { require_par: true, ..own() }).await;
    let browser = Browser::new(&app);
    let login = browser.get(&address("album", &reference(&rp, &[]).await, "")).await.assert_status(303);
    app.clock.advance(Duration::minutes(10));
    let fields = [("username", "ana@example.com"), ("password", keyward_api::testing::app::PASSWORD)];
    let next = browser.fill(login.header("location"), &fields).await.assert_status(303);
    let back = returned(&browser.get(next.header("location")).await, CALLBACK);
    rp.redeem(&one(&back, "code").unwrap()).await.assert_status(200);
}

#[tokio::test]
async fn what_a_pushed_request_asks_of_the_person_is_asked() {
    let (app, browser) = start().await;
    let rp = RelyingParty::with(&app, "album", true, own()).await;
    app.clock.advance(Duration::minutes(10));
    for (name, value) in [("prompt", "login"), ("max_age", "60"), ("prompt", "select_account")] {
        let answer = browser.get(&address("album", &reference(&rp, &[(name, value)]).await, "")).await;
        assert!(!answer.header("location").starts_with(CALLBACK), "{name}={value}");
    }
    let silent = reference(&rp, &[("prompt", "none")]).await;
    let stranger = Browser::new(&app);
    let back = returned(&stranger.get(&address("album", &silent, "")).await, CALLBACK);
    assert_eq!(one(&back, "error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn a_namesake_of_the_client_that_pushed_is_another_client() {
    let (app, browser) = start().await;
    let rp = RelyingParty::with(&app, "album", true, own()).await;
    let path = address("album", &reference(&rp, &[]).await, "");
    app.admin("root").await.delete("/clients/album").await.assert_status(204);
    browser.get(&path).await.assert_status(400);
    app.clock.advance(Duration::seconds(1));
    RelyingParty::with(&app, "album", true, ClientSettings { require_par: true, ..own() }).await;
    let back = returned(&browser.get(&path).await, CALLBACK);
    assert_eq!(one(&back, "error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn what_the_authorization_endpoint_would_refuse_is_refused_at_once() {
    let (app, _) = start().await;
    let rp = RelyingParty::public(&app, "album").await;
    let long = "x".repeat(4_001);
    for (parameters, error) in [
        (&[("redirect_uri", "https://evil.example")][..], "invalid_request"),
        (&[("redirect_uri", "")], "invalid_request"),
        (&[("response_type", "token")], "unsupported_response_type"),
        (&[("response_type", "")], "invalid_request"),
        (&[("code_challenge", "")], "invalid_request"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("scope", "nonsense")], "invalid_scope"),
        (&[("resource", "https://api.example.com")], "invalid_target"),
        (&[("prompt", "none login")], "invalid_request"),
        (&[("request", "a.b.c")], "request_not_supported"),
        (&[("request_uri", "https://app.example.com/r")], "request_uri_not_supported"),
        (&[("request_uri", "urn:ietf:params:oauth:request_uri:x")], "request_uri_not_supported"),
        (&[("state", &long)], "invalid_request"),
    ] {
        let answer = push(&rp, parameters).await.assert_status(400);
        assert_eq!(answer.json()["error"], error, "{parameters:?}: {}", answer.text());
        assert_eq!(&*answer.code(), "invalid_request", "{parameters:?}");
    }
    // What fits is taken to the end.
    let state = "s".repeat(3_000);
    let browser = Browser::logged_in(&app, "ana").await;
    let uri = reference(&rp, &[("state", &state)]).await;
    let consent = open(&browser, &address("album", &uri, "")).await.assert_status(200);
    let back = returned(&crate::relying_party::decide(&browser, &consent, "allow").await, CALLBACK);
    assert_eq!(one(&back, "state"), Some(state));
}

#[tokio::test]
async fn only_a_client_may_push() {
    let (app, _) = start().await;
    let secret = RelyingParty::confidential(&app, "secret").await;
    let form = [
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for client in [
        &[][..],
        &[("client_id", "secret")],
        &[("client_id", "unknown")],
        &[("client_id", "secret"), ("client_secret", "wrong")],
    ] {
        let answer = crate::oauth::form(&app, "/oauth/par", &[&form[..], client].concat())
            .send()
            .await
            .assert_status(401);
        assert_eq!(answer.json()["error"], "invalid_client", "{client:?}");
    }
    // One that authenticates itself cannot push for another.
    let answer =
        secret.ask("/oauth/par", &[&form[..], &[("client_id", "other")]].concat()).await.assert_status(400);
    assert_eq!(&*answer.code(), "ambiguous_client");
    let twice = secret.ask("/oauth/par", &[&form[..], &[("state", "a"), ("state", "b")]].concat()).await;
    assert_eq!(&*twice.assert_status(400).code(), "validation");
}

#[tokio::test]
async fn a_client_that_has_to_push_is_refused_in_the_address() {
    let (app, browser) = start().await;
    let rp = RelyingParty::with(&app, "album", true, ClientSettings { require_par: true, ..own() }).await;
    let direct = returned(&browser.get(&rp.request(&[])).await, CALLBACK);
    assert_eq!(one(&direct, "error").as_deref(), Some("invalid_request"));
    let uri = reference(&rp, &[]).await;
    assert!(one(&returned(&open(&browser, &address("album", &uri, "")).await, CALLBACK), "code").is_some());
    // Also across a login.
    let stranger = Browser::new(&app);
    let uri = reference(&rp, &[]).await;
    let login = open(&stranger, &address("album", &uri, "")).await.assert_status(303);
    let fields = [("username", "ana@example.com"), ("password", keyward_api::testing::app::PASSWORD)];
    let next = stranger.fill(login.header("location"), &fields).await.assert_status(303);
    let back = returned(&open(&stranger, next.header("location")).await, CALLBACK);
    assert!(one(&back, "code").is_some());
}

#[tokio::test]
async fn an_administrator_says_which_clients_have_to_push() {
    let app = TestApp::start().await;
    let root = app.admin("root").await;
    let client = json!({ "client_id": "web", "name": "Web", "redirect_uris": [CALLBACK], "require_pushed_authorization_requests": true });
    let made = root.post("/clients", client).await.assert_status(201).json();
    assert_eq!(made["require_pushed_authorization_requests"], true);
    let changed = root
        .patch("/clients/web", json!({ "require_pushed_authorization_requests": false }))
        .await
        .assert_status(200);
    assert_eq!(changed.json()["require_pushed_authorization_requests"], false);
}
