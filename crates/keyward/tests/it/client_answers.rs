//! `keyward-client` against what is no Keyward: answers without end, and none at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use keyward_client::{Error, Keyward};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A server that answers every request with this head, and then sends without end. Returns its address and how much it has sent.
async fn endless(head: &'static str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (url, sent) = (format!("http://{}", listener.local_addr().unwrap()), Arc::<AtomicUsize>::default());
    let count = Arc::clone(&sent);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let count = Arc::clone(&count);
            tokio::spawn(async move {
                let mut request = [0; 4096];
                drop(stream.read(&mut request).await);
                drop(stream.write_all(head.as_bytes()).await);
                while stream.write_all(&[b' '; 16 * 1024]).await.is_ok() {
                    count.fetch_add(16 * 1024, Ordering::SeqCst);
                }
            });
        }
    });
    (url, sent)
}

#[tokio::test]
async fn an_answer_without_end_is_given_up_after_a_bound() {
    let begun = Instant::now();
    for (head, status) in [
        ("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n", 200),
        ("HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\n\r\n", 400),
    ] {
        let (url, sent) = endless(head).await;
        let keyward = Keyward::at(&url).unwrap();
        let application = keyward.application("cli");
        let unexpected =
            |error: &Error| matches!(error, Error::Unexpected { status: found } if *found == status);
        for error in [
            application.log_in(|_| {}).await.unwrap_err(),
            application.log_in_on_device(|_| {}).await.unwrap_err(),
            keyward.log_in("ana@example.com", "a password").await.unwrap_err(),
            keyward.log_in_client("id", "secret").await.unwrap_err(),
            keyward.passkey_options().await.unwrap_err(),
        ] {
            assert!(unexpected(&error), "{error:?}");
        }
        // What the sockets of the system hold comes on top of 256 KiB.
        let each = sent.load(Ordering::SeqCst) / 5;
        assert!(each < 16 * 1024 * 1024, "{each} bytes");
    }
    let (url, _) = endless("HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\n\r\n").await;
    let refused = Keyward::at(&url).unwrap().log_in("ana@example.com", "a password").await;
    assert!(matches!(refused, Err(Error::InvalidCredentials)), "{refused:?}");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_in_time_also_with_a_client_of_ones_own() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let keyward = Keyward::with_http(&url, http).unwrap();
    let application = keyward.application("cli");
    let begun = Instant::now();
    let (browser, device) = tokio::join!(application.log_in(|_| {}), application.log_in_on_device(|_| {}));
    for answer in [browser, device] {
        assert!(matches!(answer, Err(Error::Unavailable { .. })), "{answer:?}");
    }
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
    drop(listener);
}

#[tokio::test]
async fn a_refresh_that_a_proxy_or_an_error_of_keywards_answers_is_asked_for_once_more() {
    for status in [408, 500, 501, 502, 504, 520] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let tokens = |name: &str| {
            Json(
                json!({ "access_token": name, "refresh_token": "refresh", "expires_in": u8::from(name == "second") }),
            )
        };
        let asked = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&asked);
        let refresh = async move || {
            let answer = if count.fetch_add(1, Ordering::SeqCst) == 0 { status } else { 200 };
            (StatusCode::from_u16(answer).unwrap(), tokens("second"))
        };
        let login = async move || tokens("first");
        let router = Router::new().route("/login", post(login)).route("/refresh_token", post(refresh));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let session = Keyward::at(&url).unwrap().log_in("ana@example.com", "a password").await.unwrap();
        assert_eq!(session.token().await.unwrap(), "second", "{status}");
        assert_eq!(asked.load(Ordering::SeqCst), 2);
    }
}
