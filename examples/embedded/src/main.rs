//! A program with one route of its own, locked by a Keyward that runs inside it.
#![forbid(unsafe_code)]

use std::net::SocketAddr;
use std::path::PathBuf;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use keyward_api::access::current_user::CurrentUser;
use keyward_api::service::Service;
use keyward_api::settings::Settings;
use tokio::net::TcpListener;

/// The lock is the argument: without a good access token the answer is 401.
async fn hello(user: CurrentUser) -> String {
    format!("Hello, user {}\n", user.who)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_writer(std::io::stderr).init();
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| std::env::temp_dir().join("keyward-embedded"));
    let listen = std::env::var("EMBEDDED_LISTEN").unwrap_or_else(|_| "127.0.0.1:8000".to_owned());
    let listener = TcpListener::bind(listen).await?;
    let address = listener.local_addr()?;

    let mut settings = Settings::defaults();
    settings.storage.data_dir = folder;
    settings.tokens.issuer = Some(format!("http://{address}"));
    let service = Service::open(settings).await?;

    let router = Router::new()
        .route("/hello", get(hello))
        .with_state(service.state().authenticator.clone())
        .fallback(async || (StatusCode::NOT_FOUND, "This program has no such page.\n"))
        .merge(service.router());

    let jobs = tokio::spawn(service.run_jobs());
    println!("http://{address}/docs");
    let abort = jobs.abort_handle();
    let stop = async {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            ended = jobs => eprintln!("what runs beside the server ended: {ended:?}"),
        }
    };
    // With the caller's address, so that failed logins are counted by address, too.
    let router = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, router).with_graceful_shutdown(stop).await?;

    abort.abort();
    service.close().await?;
    Ok(())
}
