//! Bare axum that answers the JSON of `GET /users/me` from memory and does nothing else: the limit that
//! `cargo xtask bench` measures the service against. Listens on `KEYWARD_LISTEN`.

use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use tokio::signal::unix::{SignalKind, signal};

const ACCOUNT: &str = r#"{"id":1,"email":"person0@example.com","name":"Somebody","role":"user","created_at":"2026-11-22T08:00:00.123456Z","email_verified":false}"#;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::var("KEYWARD_LISTEN").unwrap_or_else(|_| "127.0.0.1:8000".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    let router = axum::Router::new()
        .route("/users/me", get(async || ([(CONTENT_TYPE, "application/json")], ACCOUNT)))
        .route("/health/ready", get(async || "ok"));
    // An instrumented build writes its raw profile at a normal exit.
    let mut stop = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        stop.recv().await;
        std::process::exit(0)
    });
    axum::serve(listener, router).await
}
