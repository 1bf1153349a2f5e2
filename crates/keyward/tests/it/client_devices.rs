//! `keyward-client` on devices without a browser (RFC 8628), against answers that a test chooses: what Keyward says at which time is not up to
//! a client.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_client::{Error, Keyward, Session};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The codes that the token endpoint answers, one after the other; then tokens.
struct Script {
    url: String,
    device: Value,
    codes: Mutex<VecDeque<&'static str>>,
    asked_at: Mutex<Vec<Instant>>,
    forms: Mutex<Vec<String>>,
    audience: &'static str,
    ended: AtomicBool,
}

async fn device(State(script): State<Arc<Script>>, form: String) -> Json<Value> {
    script.forms.lock().unwrap().push(form);
    Json(script.device.clone())
}

async fn token(State(script): State<Arc<Script>>, form: String) -> (StatusCode, Json<Value>) {
    script.asked_at.lock().unwrap().push(Instant::now());
    script.forms.lock().unwrap().push(form);
    match script.codes.lock().unwrap().pop_front() {
        Some("away") => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({}))),
        Some("gateway") => (StatusCode::BAD_GATEWAY, Json(json!({}))),
        Some("error") => (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({}))),
        Some(code) => (StatusCode::BAD_REQUEST, Json(json!({ "error": code }))),
        None => {
            let claims = json!({ "iss": script.url, "aud": script.audience, "exp": i64::MAX });
            let id_token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()));
            let tokens = json!({ "access_token": "access", "refresh_token": "refresh", "token_type": "bearer",
                "expires_in": 900, "scope": "openid", "id_token": id_token });
            (StatusCode::OK, Json(tokens))
        }
    }
}

async fn revoke(State(script): State<Arc<Script>>, form: String) {
    assert!(form.contains("token=refresh&"), "{form}");
    script.ended.store(true, Ordering::SeqCst);
}

/// A login that meets these answers, and the codes that it showed.
async fn login(
    device_answer: Value,
    codes: &[&'static str],
    audience: &'static str,
) -> (Arc<Script>, JoinHandle<Result<Session, Error>>, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let script = Arc::new(Script {
        url: url.clone(),
        device: device_answer,
        codes: Mutex::new(codes.iter().copied().collect()),
        asked_at: Mutex::default(),
        forms: Mutex::default(),
        audience,
        ended: AtomicBool::new(false),
    });
    let metadata = json!({ "issuer": url, "device_authorization_endpoint": format!("{url}/oauth/device") });
    let router = Router::new()
        .route("/.well-known/openid-configuration", get(|| async { Json(metadata) }))
        .route("/oauth/device", post(device))
        .route("/oauth/token", post(token))
        .route("/oauth/revoke", post(revoke))
        .with_state(Arc::clone(&script));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let shown = Arc::<Mutex<String>>::default();
    let show = Arc::clone(&shown);
    let application = Keyward::at(&url).unwrap().application("tv").scope("openid");
    let login = tokio::spawn(async move {
        application
            .log_in_on_device(|prompt| *show.lock().unwrap() = format!("{} {prompt:?}", prompt.user_code))
            .await
    });
    (script, login, shown)
}

fn codes(interval: u64, expires_in: u64) -> Value {
    json!({ "device_code": "the device code", "user_code": "BCDF-GHJK", "verification_uri": "http://127.0.0.1/device",
        "expires_in": expires_in, "interval": interval })
}

#[tokio::test]
async fn a_device_waits_as_it_is_asked_to_until_it_has_its_tokens() {
    let (script, login, shown) = login(codes(1, 600), &["authorization_pending", "slow_down"], "tv").await;
    let session = login.await.unwrap().unwrap();
    assert_eq!(session.token().await.unwrap(), "access");
    let asked_at = script.asked_at.lock().unwrap().clone();
    let waits: Vec<_> = asked_at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(waits.len(), 2);
    assert!(waits[0] >= Duration::from_millis(990), "{waits:?}");
    assert!(waits[1] >= Duration::from_millis(5990), "slow_down adds five seconds: {waits:?}");
    let forms = script.forms.lock().unwrap().clone();
    assert_eq!(forms[0], "client_id=tv&scope=openid");
    let form = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=the+device+code&client_id=tv";
    assert_eq!(forms[1], form);
    let shown = shown.lock().unwrap().clone();
    assert!(shown.starts_with("BCDF-GHJK DevicePrompt") && !shown[9..].contains("BCDF"), "{shown}");
}

#[tokio::test]
async fn an_outage_ends_no_login_on_a_device() {
    let script = ["away", "gateway", "error", "authorization_pending"];
    let (script, login, _) = login(codes(1, 600), &script, "tv").await;
    login.await.unwrap().unwrap();
    let asked_at = script.asked_at.lock().unwrap().clone();
    let waits: Vec<_> = asked_at.windows(2).map(|pair| (pair[1] - pair[0]).as_millis()).collect();
    for (wait, expected) in waits.iter().zip([2_000, 4_000, 8_000, 1_000]) {
        assert!(
            (expected - 10..expected + 900).contains(wait),
            "more and more seldom, and then as before: {waits:?}"
        );
    }
}

#[tokio::test]
async fn a_device_asks_once_more_when_its_code_expires() {
    let (script, login, _) = login(codes(60, 2), &[], "tv").await;
    login.await.unwrap().unwrap();
    assert_eq!(script.asked_at.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_login_on_a_device_that_fails_says_why() {
    type Check = fn(&Error) -> bool;
    let cases: [(&'static str, Check); 4] = [
        ("access_denied", |error| matches!(error, Error::Denied)),
        ("expired_token", |error| matches!(error, Error::LoginOver)),
        ("invalid_grant", |error| matches!(error, Error::LoginOver)),
        ("unauthorized_client", |error| matches!(error, Error::InvalidClient)),
    ];
    let logins = cases.map(|(code, is_right)| async move {
        let (_, login, _) = login(codes(1, 600), &[code], "tv").await;
        let error = login.await.unwrap().unwrap_err();
        assert!(is_right(&error), "{code}: {error:?}");
    });
    for login in logins {
        login.await;
    }
    let (script, login, _) = login(codes(1, 600), &[], "another").await;
    assert!(matches!(login.await.unwrap(), Err(Error::IdToken)));
    assert!(script.ended.load(Ordering::SeqCst), "its session does not stand");
}

#[tokio::test]
async fn a_device_stops_by_itself_when_its_code_has_expired() {
    let (script, login, _) = login(codes(1, 2), &["authorization_pending"; 9], "tv").await;
    assert!(matches!(login.await.unwrap(), Err(Error::LoginOver)));
    assert!(script.asked_at.lock().unwrap().len() <= 2);
    // One that would have to wait longer asks at the end.
    let (script, login, _) = self::login(codes(u64::MAX, 2), &["authorization_pending"; 9], "tv").await;
    assert!(matches!(login.await.unwrap(), Err(Error::LoginOver)));
    assert_eq!(script.asked_at.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_login_on_a_device_that_is_given_up_asks_no_more() {
    let (script, login, _) = login(codes(1, 600), &["authorization_pending"; 9], "tv").await;
    while script.asked_at.lock().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    login.abort();
    assert!(login.await.unwrap_err().is_cancelled());
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(script.asked_at.lock().unwrap().len(), 1);
}
