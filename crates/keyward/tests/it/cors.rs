//! Pages of other origins: none may call, unless its origin is named.

use crate::app::{Starts, operations};
use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::{PASSWORD, TestApp, address};
use serde_json::json;

use crate::process::{Home, text};

const APP: &str = "https://app.example";
const DEV: &str = "http://localhost:5173";

async fn opened() -> TestApp {
    TestApp::with_flags(&["--cors-origins", &format!("{APP},{DEV}")]).await
}

async fn preflight(app: &TestApp, origin: &str, method: &str, path: &str) -> Answer {
    let call = app.anonymous().call("OPTIONS", path).header("origin", origin);
    let call = call.header("access-control-request-method", method);
    call.header("access-control-request-headers", "authorization,content-type").send_unchecked().await
}

fn names(list: &str) -> Vec<String> {
    list.split(',').map(|name| name.trim().to_ascii_lowercase()).collect()
}

/// That no page may read this answer.
#[track_caller]
fn assert_closed(answer: &Answer) {
    let opening = answer.headers.keys().find(|name| name.as_str().starts_with("access-control"));
    assert!(opening.is_none(), "{opening:?}");
}

#[tokio::test]
async fn without_a_named_origin_no_page_may_call() {
    let app = TestApp::start().await;
    let answer = app.anonymous().call("GET", "/blog").header("origin", APP).send().await.assert_status(200);
    assert_closed(&answer);
    assert_eq!(answer.header("vary"), "");
    assert_closed(&preflight(&app, APP, "POST", "/posts").await.assert_status(405));
}

#[tokio::test]
async fn a_page_of_a_named_origin_may_call_every_operation() {
    let app = opened().await;
    for operation in operations() {
        let path = operation.path.replace("{id}", "1");
        let answer = preflight(&app, APP, &operation.method, &path).await.assert_status(204);
        assert_eq!(answer.header("access-control-allow-origin"), APP, "{path}");
        let methods = names(answer.header("access-control-allow-methods"));
        assert!(methods.contains(&operation.method.to_ascii_lowercase()), "{} {path}", operation.method);
        let headers = names(answer.header("access-control-allow-headers"));
        for wanted in
            ["authorization", "content-type", "idempotency-key", "x-requested-with", "cache-control", "dpop"]
                .into_iter()
                .chain(["traceparent", "tracestate", "baggage", "sentry-trace"])
        {
            assert!(headers.iter().any(|name| name == wanted), "{wanted}");
        }
        assert!(answer.header("vary").contains("Origin"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(answer.body.is_empty());
    }
}

#[tokio::test]
async fn such_a_page_reads_answers_and_refusals_and_what_it_needs_of_their_headers() {
    let app = opened().await;
    app.user("ana").await;
    let wrong = json!({ "username": address("ana"), "password": "a wrong pass phrase" });
    let right = json!({ "username": address("ana"), "password": PASSWORD });
    for (status, origin, login) in [(401, APP, &wrong), (200, APP, &right), (200, DEV, &right)] {
        let call = app.anonymous().call("POST", "/login").header("origin", origin).json(login);
        let answer = call.send().await.assert_status(status);
        assert_eq!(answer.header("access-control-allow-origin"), origin);
        let readable = names(answer.header("access-control-expose-headers"));
        for wanted in ["link", "retry-after", "x-request-id", "www-authenticate", "dpop-nonce"] {
            assert!(readable.iter().any(|name| name == wanted), "{wanted}");
        }
    }
    for (status, path) in [(404, "/nothing"), (401, "/users/me"), (307, "/posts/"), (200, "/docs/start.js")] {
        let answer = app.anonymous().call("GET", path).header("origin", APP).send().await;
        assert_eq!(answer.assert_status(status).header("access-control-allow-origin"), APP, "{path}");
    }
    let unsound = app.anonymous().call("GET", "/blog").without("host").header("origin", APP);
    assert_eq!(unsound.send().await.assert_status(400).header("access-control-allow-origin"), APP);
}

#[tokio::test]
async fn an_origin_that_only_looks_like_a_named_one_is_refused() {
    let app = opened().await;
    for origin in [
        "https://evil.example",
        "https://app.example.evil.example",
        "https://evil-app.example",
        "https://sub.app.example",
        "http://app.example",
        "https://app.example:8443",
        "https://APP.example",
        "https://app.example/",
        "http://localhost:51730",
        "null",
        "*",
        "",
    ] {
        assert_closed(&preflight(&app, origin, "POST", "/posts").await.assert_status(405));
        let answer = app.anonymous().call("GET", "/blog").header("origin", origin).send().await;
        let answer = answer.assert_status(200);
        assert_closed(&answer);
        assert!(answer.header("vary").contains("Origin"), "a cache would hand it to a page that may");
    }
    let twice = app.anonymous().call("GET", "/blog").header("origin", APP).header("origin", DEV);
    assert_closed(&twice.send().await);
    assert!(app.anonymous().get("/blog").await.header("vary").contains("Origin"));
}

#[tokio::test]
async fn no_page_may_ever_send_credentials_of_the_browsers_own() {
    let app = opened().await;
    let answers = [
        preflight(&app, APP, "GET", "/users/me").await,
        app.anonymous().call("GET", "/users/me").header("origin", APP).send().await,
    ];
    for answer in answers {
        assert_eq!(answer.header("access-control-allow-credentials"), "");
        assert_eq!(answer.header("access-control-allow-origin"), APP, "never a wildcard");
    }
}

#[tokio::test]
async fn an_options_that_is_no_preflight_is_a_method_like_any_other() {
    let app = opened().await;
    let call = app.anonymous().call("OPTIONS", "/posts").header("origin", APP);
    assert_eq!(call.send_unchecked().await.assert_status(405).header("access-control-allow-origin"), APP);
}

#[tokio::test]
async fn what_is_no_exact_origin_stops_the_start_with_one_sentence() {
    let home = Home::new().await;
    for origins in
        ["*", "https://app.example/", "https://*.app.example", "https://app.example,*", "app.example"]
    {
        let mut command = home.command(&[]);
        command.env("KEYWARD_LISTEN", "127.0.0.1:0").env("KEYWARD_CORS_ORIGINS", origins);
        let output = crate::process::finish(command, "");
        let words = text(&output.stderr);
        assert!(!output.status.success(), "{origins}");
        assert_eq!(words.trim().lines().count(), 1, "{words}");
        assert!(words.contains("KEYWARD_CORS_ORIGINS"), "{words}");
    }
    assert!(home.content().is_empty());
}

#[tokio::test]
async fn further_headers_are_a_setting() {
    let app = TestApp::with_flags(&["--cors-origins", APP, "--cors-headers", "X-App-Version,x-trace"]).await;
    let answer = preflight(&app, APP, "GET", "/users/me").await.assert_status(204);
    let headers = names(answer.header("access-control-allow-headers"));
    for wanted in ["x-app-version", "x-trace", "authorization"] {
        assert!(headers.iter().any(|name| name == wanted), "{wanted}");
    }
    let home = Home::new().await;
    for headers in ["*", "a header", "x:y", "x-a,*"] {
        let mut command = home.command(&[]);
        command.env("KEYWARD_LISTEN", "127.0.0.1:0").env("KEYWARD_CORS_HEADERS", headers);
        let output = crate::process::finish(command, "");
        assert!(!output.status.success(), "{headers}");
        assert!(text(&output.stderr).contains("KEYWARD_CORS_HEADERS"), "{}", text(&output.stderr));
    }
}

/// The developer of a page sees only that a browser refused: the log says what and why, once each.
#[tokio::test]
async fn the_log_says_which_origin_or_header_was_refused_and_the_setting_that_lets_it() {
    let home = Home::new().await;
    let server = home.serve(&[("KEYWARD_CORS_ORIGINS", APP)]);
    let ask = |origin: &str, headers: &str| {
        let fields = format!(
            "Origin: {origin}\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: {headers}"
        );
        server.exchange("OPTIONS /login", &fields, "")
    };
    for _ in 0..3 {
        ask(DEV, "content-type");
        ask("null", "content-type");
        ask(APP, "content-type,x-app-version,accept");
        let simple = "Origin: https://simple.example\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Site: cross-site";
        server.exchange("GET /blog", simple, "");
        let own = "Origin: https://own.example\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-origin";
        server.exchange("GET /blog", own, "");
    }
    let (_, log) = server.stop("TERM");
    for said in [
        "KEYWARD_CORS_ORIGINS=http://localhost:5173",
        "KEYWARD_CORS_ORIGINS=https://simple.example",
        "KEYWARD_CORS_HEADERS=x-app-version",
        "a page without an origin",
    ] {
        assert_eq!(log.matches(said).count(), 1, "{said}: {log}");
    }
    assert!(!log.contains("own.example") && !log.contains("HEADERS=accept"), "{log}");
}
