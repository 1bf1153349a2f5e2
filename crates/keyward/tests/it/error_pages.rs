//! Errors on the paths of pages: a browser reads each as a page, whichever part of the service answers it; a program reads JSON.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use keyward_api::resources::pages::Pages;
use keyward_api::state::AppState;
use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::TestApp;
use keyward_api::testing::call::Call;

use crate::app::Starts;

const PATHS: [&str; 7] = [
    "/account",
    "/account/login",
    "/account/nothing",
    "/oauth/authorize",
    "/oauth/logout",
    "/reset-password",
    "/verify-email",
];

#[track_caller]
fn is_page(answer: &Answer, status: u16) {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{}", answer.text());
    assert!(answer.text().contains("<h1>") && answer.text().contains("</html>"), "{}", answer.text());
    let policy = answer.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'self'"), "{policy}");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("x-frame-options"), "DENY");
    assert_eq!(answer.header("x-request-id").len(), 36);
    for inside in ["panic", "sql", ".rs", "stack"] {
        assert!(!answer.text().to_lowercase().contains(inside), "{inside}: {}", answer.text());
    }
}

fn by_browser(call: Call) -> Call {
    call.header("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")
}

#[tokio::test]
async fn a_malformed_host_is_answered_with_a_page() {
    let app = TestApp::start().await;
    for path in PATHS {
        let call = || app.anonymous().call("GET", path).without("host").header("host", "a b");
        is_page(&by_browser(call()).send_unchecked().await, 400);
        assert_eq!(call().send_unchecked().await.json()["code"], "invalid_host", "{path}");
    }
    let elsewhere =
        by_browser(app.anonymous().call("GET", "/users/me")).without("host").header("host", "a b");
    assert_eq!(elsewhere.send_unchecked().await.json()["code"], "invalid_host");
}

#[tokio::test]
async fn a_wrong_method_and_an_unknown_page_are_answered_with_a_page() {
    let app = TestApp::start().await;
    for path in PATHS.into_iter().filter(|path| path.starts_with("/account") || path.starts_with("/oauth")) {
        let call = || app.anonymous().call("DELETE", path);
        let page = by_browser(call()).send_unchecked().await;
        is_page(&page, 405);
        assert!(page.header("allow").contains("GET"), "{path}: {}", page.header("allow"));
        assert_eq!(call().send_unchecked().await.json()["code"], "method_not_allowed", "{path}");
    }
    for path in ["/account/nothing", "/account/a/b/c", "/oauth/authorize/x", "/reset-password/x"] {
        is_page(&by_browser(app.anonymous().call("GET", path)).send_unchecked().await, 404);
        let plain = app.anonymous().call("GET", path).send_unchecked().await.assert_status(404);
        assert_eq!(plain.json()["code"], "not_found", "{path}");
    }
    // Not a page's path, however much it looks like one.
    for path in ["/accounts", "/reset-passwords", "/oauth/authorized"] {
        let answer = by_browser(app.anonymous().call("GET", path)).send_unchecked().await.assert_status(404);
        assert_eq!(answer.json()["code"], "not_found", "{path}");
    }
}

#[tokio::test]
async fn a_form_that_is_too_large_or_unreadable_is_answered_with_a_page() {
    let app = TestApp::start().await;
    let large = format!("username={}", "a".repeat(80_000));
    for path in ["/account/login", "/oauth/authorize", "/oauth/logout", "/account/reset-password"] {
        let call = || by_browser(app.anonymous().call("POST", path));
        is_page(&call().form(&large).send_unchecked().await, 413);
        let kind = call().body("text/plain", "x").send_unchecked().await;
        is_page(&kind, kind.status.as_u16());
        assert!([415, 422].contains(&kind.status.as_u16()), "{path}: {}", kind.status);
    }
    // Programs alone send forms there; what they accept does not matter.
    let call = by_browser(app.anonymous().call("POST", "/reset-password"));
    let answer = call.form("token=x&new_password=eight+tame+horses").send().await.assert_status(400);
    assert_eq!(answer.json()["code"], "invalid_proof");
}

/// Pages of which one fails and one does not end, shown as ours are.
fn faulty() -> Pages {
    fn routes(_: &AppState) -> Router<AppState> {
        async fn fails() -> &'static str {
            panic!("a secret of the inside")
        }
        Router::new()
            .route("/account/fails", get(fails).post(fails))
            .route("/account/hangs", get(std::future::pending::<&'static str>))
    }
    Pages { paths: &[], routes, ..keyward_pages::pages() }
}

#[tokio::test]
async fn a_page_that_fails_is_answered_with_a_page_without_a_word_of_the_inside() {
    let app = TestApp::with_resources(Vec::new(), &[]).await.with_pages(faulty());
    for method in ["GET", "POST"] {
        let call = || app.anonymous().call(method, "/account/fails");
        let page = by_browser(call()).send_unchecked().await;
        is_page(&page, 500);
        assert!(page.text().contains("Something went wrong") && !page.text().contains("secret"));
        assert_eq!(call().send_unchecked().await.assert_status(500).json()["code"], "internal");
    }
}

#[tokio::test]
async fn a_page_that_does_not_end_is_answered_with_a_page_at_the_deadline() {
    let app = TestApp::with_resources(Vec::new(), &[]).await.with_pages(faulty());
    let call = by_browser(app.anonymous().call("GET", "/account/hangs"));
    let answer = tokio::time::timeout(Duration::from_secs(45), call.send_unchecked()).await.unwrap();
    is_page(&answer, 503);
    assert_ne!(answer.header("retry-after"), "");
}

#[tokio::test]
async fn behind_a_path_errors_are_pages_with_and_without_the_proxy() {
    let app = TestApp::with_flags(&["--issuer", "https://host.example/auth"]).await;
    for path in ["/account/nothing", "/auth/account/nothing"] {
        let page = by_browser(app.anonymous().call("GET", path)).send_unchecked().await;
        is_page(&page, 404);
        assert!(page.text().contains("href=\"&#x2f;auth/docs/pages.css\""), "{}", page.text());
    }
}
