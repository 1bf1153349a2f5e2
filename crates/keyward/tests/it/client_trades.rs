//! `keyward-client` where an answer gets lost on its way: logins through the browser, and the end of a kept session.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use keyward_client::{Error, Keyward, Session, SessionFile};
use serde_json::{Value, json};
use tokio::net::TcpListener;

fn tokens(name: &str) -> Value {
    json!({ "access_token": name, "refresh_token": format!("refresh {name}"), "expires_in": 0 })
}

/// Serves these routes. Returns the address.
fn serve(listener: TcpListener, router: Router) -> String {
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

/// A login through the browser at a server that takes no pushed requests, although it says so, and whose token endpoint gives these
/// answers. Returns the address that the browser opened, the result, and how often a token was asked for.
async fn log_in(par: u16, answers: [(u16, &'static str); 2]) -> (String, Result<Session, Error>, usize) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let metadata = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/oauth/authorize"),
        "pushed_authorization_request_endpoint": format!("{issuer}/oauth/par"),
    });
    let asked = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&asked);
    let token = async move || -> Response {
        let (status, body) = answers[count.fetch_add(1, Ordering::SeqCst).min(1)];
        (StatusCode::from_u16(status).unwrap(), body).into_response()
    };
    let par = async move || (StatusCode::from_u16(par).unwrap(), "<html>");
    let router = Router::new()
        .route("/.well-known/openid-configuration", get(async move || Json(metadata)))
        .route("/oauth/par", post(par))
        .route("/oauth/token", post(token));
    let url = serve(listener, router);
    let (send, opened) = tokio::sync::oneshot::channel();
    let application = Keyward::at(&url).unwrap().application("cli").pushed();
    let login =
        tokio::spawn(async move { application.log_in(|url| send.send(url.to_owned()).unwrap()).await });
    let opened = opened.await.unwrap();
    let url = reqwest::Url::parse(&opened).unwrap();
    let parameter = |name: &str| url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    let mut back = reqwest::Url::parse(&parameter("redirect_uri")).unwrap();
    let state = parameter("state");
    back.query_pairs_mut().extend_pairs([("code", "code"), ("state", &state), ("iss", &issuer)]);
    reqwest::Client::builder().no_proxy().build().unwrap().get(back).send().await.unwrap();
    (opened, login.await.unwrap(), asked.load(Ordering::SeqCst))
}

const GOOD: (u16, &str) =
    (200, r#"{"access_token": "access", "refresh_token": "refresh", "expires_in": 900}"#);
const USED: (u16, &str) = (400, r#"{"error": "invalid_grant"}"#);

#[tokio::test]
async fn a_code_whose_answer_was_lost_is_sent_once_more_so_that_no_session_is_left() {
    for lost in [(502, "<html>"), (200, "<html>")] {
        let (_, session, asked) = log_in(404, [lost, USED]).await;
        let error = session.unwrap_err();
        let expected = if lost.0 == 200 {
            matches!(error, Error::Unexpected { status: 200 })
        } else {
            matches!(error, Error::Unavailable { .. })
        };
        assert!(expected, "{error:?}");
        assert_eq!(asked, 2);
        // Where the first one did not arrive, the second one is the first.
        let (_, session, asked) = log_in(404, [lost, GOOD]).await;
        assert_eq!(session.unwrap().token().await.unwrap(), "access");
        assert_eq!(asked, 2);
    }
    let (_, session, asked) = log_in(404, [USED, GOOD]).await;
    assert!(matches!(session, Err(Error::LoginOver)));
    assert_eq!(asked, 1);
}

#[tokio::test]
async fn a_login_goes_on_where_a_proxy_takes_no_pushed_requests() {
    for par in [200, 403, 404, 405, 500, 502] {
        let (opened, session, _) = log_in(par, [GOOD, GOOD]).await;
        assert!(opened.contains("code_challenge="), "{par}: {opened}");
        session.unwrap();
    }
}

#[tokio::test]
async fn a_kept_session_that_could_not_be_ended_is_kept_with_the_refresh_token_that_is_good() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let router = Router::new()
        .route("/login", post(async || Json(tokens("first"))))
        .route("/refresh_token", post(async || Json(tokens("second"))))
        .route("/logout", post(async || StatusCode::SERVICE_UNAVAILABLE));
    let keyward = Keyward::at(&serve(listener, router)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.json");
    let session = keyward.log_in("ana@example.com", "a password").await.unwrap();
    session.keep_in(SessionFile::at(&path)).await.unwrap();
    let kept = || serde_json::from_slice::<Value>(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(kept()["refresh_token"], "refresh first");
    let ended = keyward.end_kept(SessionFile::at(&path)).await;
    assert!(matches!(ended, Err(Error::Unavailable { .. })), "{ended:?}");
    assert_eq!(kept()["refresh_token"], "refresh second");
}
