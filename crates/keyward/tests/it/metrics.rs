//! The metrics that a Prometheus server scrapes, and what log lines say of the caller.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use keyward_api::testing::app::{PASSWORD, TestApp, address};
use serde_json::{Value, json};

use crate::app::Starts;
use crate::process::{Home, Served, free_port};

/// The value of a series, as in `keyward_logins_total{outcome="ok"}`.
fn value(text: &str, series: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.rsplit_once(' ').is_some_and(|(name, _)| name == series));
    line.and_then(|line| line.rsplit_once(' ')?.1.parse().ok())
}

#[track_caller]
fn assert_value(app: &TestApp, series: &str, expected: u64) {
    let text = app.metrics.text();
    assert_eq!(value(&text, series), Some(expected), "{series} in {text}");
}

/// What the listener of its own says.
pub(crate) fn scrape(server: &Served) -> String {
    let output = server.output();
    let line = output.lines().find_map(|line| line.trim().strip_prefix("metrics")).unwrap();
    let address = line.trim().strip_prefix("http://").unwrap().strip_suffix("/metrics").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.to_lowercase().contains("content-type: application/openmetrics-text"), "{answer}");
    answer
}

#[tokio::test]
async fn requests_are_told_by_route_and_never_by_path() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    for id in 771..774 {
        ana.get(&format!("/posts/{id}")).await.assert_status(404);
        ana.get(&format!("/no-such-path-{id}")).await.assert_status(404);
    }
    app.anonymous().call("BREW", "/nowhere").send_unchecked().await;
    let count = "keyward_http_request_duration_seconds_count";
    let text = app.metrics.text();
    let of = |method: &str, route: &str| {
        value(&text, &format!("{count}{{method=\"{method}\",route=\"{route}\",status=\"4xx\"}}"))
    };
    assert_eq!(of("GET", "/posts/{id}"), Some(3), "{text}");
    assert_eq!((of("GET", "none"), of("other", "none")), (Some(3), Some(1)), "{text}");
    for chosen in ["posts/77", "no-such-path", "BREW", "nowhere"] {
        assert!(!text.contains(chosen), "{chosen} in {text}");
    }
    assert_eq!(value(&text, "keyward_http_requests_in_flight"), Some(0));
}

#[tokio::test]
async fn logins_and_refreshes_are_told_by_how_they_ended() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let wrong = json!({ "username": address("ana"), "password": "not seven wild horses" });
    for _ in 0..6 {
        app.anonymous().post("/login", wrong.clone()).await;
    }
    app.anonymous().post("/login", wrong).await.assert_status(429);
    let mut token = ana.refresh.clone();
    for _ in 0..2 {
        let answer = app.anonymous().post("/refresh_token", json!({ "refresh_token": token })).await;
        token = answer.assert_status(200).json()["refresh_token"].as_str().unwrap().to_owned();
    }
    let reused = json!({ "refresh_token": ana.refresh });
    let answer = app.anonymous().post("/refresh_token", reused.clone()).await.assert_status(401);
    assert_eq!(&*answer.code(), "session_ended_by_reuse");
    let unknown = json!({ "refresh_token": "kwr_unknown" });
    app.anonymous().post("/refresh_token", unknown).await.assert_status(401);
    for (series, expected) in [
        ("keyward_logins_total{outcome=\"ok\"}", 1),
        ("keyward_refreshes_total{outcome=\"ok\"}", 2),
        ("keyward_refreshes_total{outcome=\"reused\"}", 1),
        ("keyward_refreshes_total{outcome=\"refused\"}", 1),
        ("keyward_refreshes_total{outcome=\"failed\"}", 0),
    ] {
        assert_value(&app, series, expected);
    }
    let text = app.metrics.text();
    let of = |outcome: &str| value(&text, &format!("keyward_logins_total{{outcome=\"{outcome}\"}}")).unwrap();
    assert!(of("throttled") >= 1 && of("refused") >= 1 && of("refused") + of("throttled") == 7, "{text}");
    assert_eq!(value(&text, "keyward_http_throttled_total"), Some(of("throttled")));
}

#[tokio::test]
async fn caches_pools_and_the_hashing_queue_are_told() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    for _ in 0..3 {
        ana.get("/users/me").await.assert_status(200);
    }
    let text = app.metrics.text();
    assert_eq!(value(&text, "keyward_cache_misses_total{cache=\"sessions\"}"), Some(1), "{text}");
    assert!(value(&text, "keyward_cache_hits_total{cache=\"sessions\"}") >= Some(3), "{text}");
    assert_eq!(value(&text, "keyward_hashing_threads"), Some(2));
    assert_eq!(value(&text, "keyward_hashing_waiting"), Some(0));
    assert_eq!(value(&text, "keyward_hashing_busy"), Some(0));
    let pools = text.lines().filter(|line| line.starts_with("keyward_database_connections_max{"));
    assert!(pools.count() >= 1, "{text}");
}

#[tokio::test]
async fn the_numbers_have_a_listener_of_their_own_and_mails_that_wait_are_among_them() {
    let home = Home::new().await;
    let nobody = format!("smtp://127.0.0.1:{}", free_port());
    let server = home.serve(&[
        ("KEYWARD_METRICS_LISTEN", "127.0.0.1:0"),
        ("KEYWARD_SMTP_URL", &nobody),
        ("KEYWARD_REVOCATION_BOUND", "1s"),
    ]);
    assert_eq!(server.call("GET", "/metrics", "", &Value::Null).0, 404, "not for everybody");
    let account = json!({ "email": "ana@example.com", "password": PASSWORD });
    assert_eq!(server.call("POST", "/users", "", &account).0, 201);
    let asked = server.call("POST", "/password-recovery", "", &json!({ "email": "ana@example.com" }));
    assert_eq!(asked.0, 202, "{}", asked.1);
    let begun = Instant::now();
    while value(&scrape(&server), "keyward_mails{state=\"waiting\"}") != Some(1) {
        assert!(begun.elapsed() < Duration::from_mins(1), "{}", scrape(&server));
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(scrape(&server).contains("keyward_build_info{version=\""));
}

#[tokio::test]
async fn without_a_listener_of_their_own_nobody_is_told_numbers() {
    let home = Home::new().await;
    let server = home.serve(&[]);
    assert!(!server.output().contains("metrics"), "{}", server.output());
    assert_eq!(server.call("GET", "/metrics", "", &Value::Null).0, 404);
}

#[tokio::test]
async fn a_log_line_names_the_request_the_user_and_the_session() {
    let home = Home::new().await;
    let server = home.serve(&[]);
    let account = json!({ "email": "ana@example.com", "password": PASSWORD });
    let (_, token) = server.call("POST", "/signup", "", &account);
    let access = token["access_token"].as_str().unwrap();
    let (_, me) = server.call("GET", "/users/me", access, &Value::Null);
    let (_, output) = server.stop("TERM");
    let line = output.lines().find(|line| line.contains("/users/me")).unwrap_or_else(|| panic!("{output}"));
    let line: Value = serde_json::from_str(line).unwrap();
    let claims = crate::forge::claims_of(access);
    assert_eq!((&line["span"]["user"], &line["span"]["session"]), (&me["id"], &claims["sid"]));
    assert!(line["span"]["id"].is_string(), "{line}");
}

#[tokio::test]
async fn every_number_that_dashboard_and_alerts_name_is_told() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let told = app.metrics.text();
    let told: Vec<&str> = told.lines().filter_map(|line| line.split(['{', ' ']).next()).collect();
    let deploy = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy");
    let mut named = std::collections::BTreeSet::new();
    for file in ["grafana/keyward.json", "prometheus/alerts.yaml"] {
        let text = std::fs::read_to_string(deploy.join(file)).unwrap();
        let inside = |char: char| char.is_ascii_alphanumeric() || char == '_';
        let words = text.split(|char| !inside(char)).filter(|word| word.starts_with("keyward_"));
        named.extend(words.map(str::to_owned));
    }
    assert!(named.len() > 15, "{named:?}");
    for name in named {
        assert!(told.contains(&name.as_str()), "{name} is never reported");
    }
}
