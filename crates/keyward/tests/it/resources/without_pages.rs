//! A service that another program opens, without pages for people.

use std::io::{Result, Write};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use keyward_api::service::Service;
use keyward_infra::testing::empty_database;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::service::{call, settings};

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

/// What the start of its jobs logs.
fn logged(service: &Service) -> String {
    let log = Log::default();
    let writer = log.clone();
    let format = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
    tracing::subscriber::with_default(format, || drop(service.run_jobs()));
    String::from_utf8(log.0.lock().unwrap().clone()).unwrap()
}

#[tokio::test]
async fn it_merges_and_what_leads_to_pages_is_not_there() {
    let (folder, home) = (TempDir::with_prefix("keyward-").unwrap(), empty_database().await);
    let service = Service::open(settings(folder.path(), &home.url)).await.unwrap();
    let own = Router::new()
        .route("/", get(async || "mine"))
        .route("/account/forgot", get(async || "mine, too"))
        .fallback(async || (StatusCode::NOT_FOUND, "not of this program"));
    let router = own.merge(service.router());
    let ask = async |line: &str| call(&router, line, "", &Value::Null).await;
    assert_eq!(ask("GET /").await.assert_status(200).text(), "mine");
    assert_eq!(ask("GET /account/forgot").await.assert_status(200).text(), "mine, too");
    // The operations are for programs; what a person sees at their addresses is for the program to say, at others.
    for path in ["/reset-password", "/verify-email"] {
        let refused = ask(&format!("GET {path}?token=x")).await.assert_status(405);
        assert_eq!(refused.header("allow"), "POST", "{path}");
        ask(&format!("POST {path}")).await.assert_status(422);
    }
    for path in ["/account", "/account/login", "/oauth/authorize", "/oauth/par", "/oauth/device"] {
        for method in ["GET", "POST"] {
            let unknown = ask(&format!("{method} {path}")).await.assert_status(404);
            assert_eq!(unknown.text(), "not of this program", "{method} {path}");
        }
    }
    let document = ask("GET /openapi.json").await.assert_status(200).json();
    let metadata = ask("GET /.well-known/oauth-authorization-server").await.assert_status(200).json();
    for (path, name) in [
        ("/oauth/par", "pushed_authorization_request_endpoint"),
        ("/oauth/device", "device_authorization_endpoint"),
    ] {
        assert_eq!((&document["paths"][path], &metadata[name]), (&Value::Null, &Value::Null), "{path}");
    }
    let grants = json!(["password", "refresh_token", "client_credentials"]);
    assert_eq!(metadata["grant_types_supported"], grants);
    assert!(document["paths"]["/oauth/token"].is_object() && metadata["token_endpoint"].is_string());
    service.close().await.unwrap();
}

#[tokio::test]
async fn its_start_says_which_links_of_mails_lead_nowhere_and_what_to_do() {
    let (folder, home) = (TempDir::with_prefix("keyward-").unwrap(), empty_database().await);
    let mut settings = settings(folder.path(), &home.url);
    settings.tokens.issuer = Some("https://id.example/".to_owned());
    let service = Service::open(settings.clone()).await.unwrap();
    let log = logged(&service);
    assert!(
        log.contains("WARN")
            && log.contains("https://id.example/reset-password and https://id.example/verify-email,")
            && log.contains("Service::with_pages")
            && log.contains("KEYWARD_RESET_URL (mail.reset_url) and KEYWARD_VERIFY_URL"),
        "{log}"
    );
    let service = service.with_pages(keyward_pages::pages());
    assert!(!logged(&service).contains("mails link to"), "there are pages");
    service.close().await.unwrap();

    settings.mail.reset_url = Some("https://app.example/reset?token={token}".to_owned());
    let service = Service::open(settings.clone()).await.unwrap();
    let log = logged(&service);
    assert!(
        log.contains("/verify-email,") && !log.contains("reset-password") && !log.contains("RESET_URL"),
        "{log}"
    );
    service.close().await.unwrap();

    settings.mail.verify_url = Some("https://app.example/verify?token={token}".to_owned());
    let service = Service::open(settings).await.unwrap();
    assert!(!logged(&service).contains("mails link to"), "the program has pages of its own");
    service.close().await.unwrap();
}

#[tokio::test]
async fn people_log_in_by_the_api_all_the_same() {
    let (folder, home) = (TempDir::with_prefix("keyward-").unwrap(), empty_database().await);
    let service = Service::open(settings(folder.path(), &home.url)).await.unwrap();
    let account = json!({ "email": "ana@example.com", "password": "seven wild horses" });
    call(&service.router(), "POST /signup", "", &account).await.assert_status(201);
    service.close().await.unwrap();
}
