//! Connections: what they may cost, how they are kept and how they end.

use std::time::{Duration, Instant};

use keyward::server::limits::Limits;
use keyward_api::testing::app::{PASSWORD, TestApp};
use serde_json::{Value, json};

use crate::app::Starts;
use crate::hashing::GatedHasher;
use crate::wire::{PATIENCE, Server, post, status};

const HURRIED: Duration = Duration::from_millis(300);

async fn hurried() -> Server {
    Server::with(TestApp::start().await, Limits { head: HURRIED, ..Limits::default() }).await
}

#[tokio::test]
async fn a_head_that_does_not_end_is_cut_off() {
    let server = hurried().await;
    for half in ["", "G", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "] {
        let (mut wire, begun) = (server.connect().await, Instant::now());
        wire.send(half).await;
        let answer = wire.rest().await;
        assert!(answer.is_empty() || status(&answer) == 408, "{half:?}: {answer}");
        assert!(begun.elapsed() >= HURRIED, "{half:?} was cut off before its time");
    }
    server.assert_alive().await;
}

#[tokio::test]
async fn a_head_that_trickles_in_is_cut_off_all_the_same() {
    let server = hurried().await;
    let (mut wire, begun) = (server.connect().await, Instant::now());
    let trickle = async {
        for byte in b"GET /notsecret HTTP/1.1\r\nHost: localhost\r\nX-Slow: very, very slow\r\n\r\n" {
            wire.send([*byte]).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    trickle.await;
    let answer = wire.rest().await;
    assert!(!answer.contains("Not secret data"), "after {:?}: {answer}", begun.elapsed());
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let server = hurried().await;
    let mut wire = server.connect().await;
    wire.send("GET /notsecret HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let answer = wire.rest().await;
    assert_eq!(status(&answer), 200);
    assert!(answer.contains("Not secret data"));
}

#[tokio::test]
async fn whoever_does_not_take_an_answer_is_cut_off() {
    let app = TestApp::start().await;
    let limits = Limits { connections: 1, stall: HURRIED, ..Limits::default() };
    let server = Server::with(app, limits).await;
    let mut deaf = server.connect().await;
    // More than the system's buffers hold, on a connection that never reads.
    deaf.send("GET /redoc/redoc.standalone.js HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(100)).await;
    server.assert_alive().await;
    let taken = deaf.rest().await;
    assert!(taken.len() < 100 * 500_000, "{} bytes came", taken.len());
}

/// Whether a reader of two kilobytes a second loses the only connection within eight seconds, where that many
/// bytes a second have to be taken after two seconds.
async fn is_cut_off(rate: u32) -> bool {
    let limits = Limits { connections: 1, stall: Duration::from_secs(2), rate, ..Limits::default() };
    let server = Server::narrow(TestApp::start().await, limits);
    let mut slow = server.connect_narrow().await;
    slow.send("GET /redoc/redoc.standalone.js HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let reading = tokio::spawn(async move {
        while slow.some(600).await.is_some() {
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    });
    let freed = tokio::time::timeout(Duration::from_secs(8), server.assert_alive()).await.is_ok();
    reading.abort();
    freed
}

#[tokio::test]
async fn whoever_takes_an_answer_too_slowly_is_cut_off() {
    let (slow, never) = tokio::join!(is_cut_off(4096), is_cut_off(1));
    assert!(slow, "two kilobytes a second are too few");
    assert!(!never, "the reader takes something all the time");
}

#[tokio::test]
async fn a_slow_reader_gets_the_whole_answer() {
    let limits = Limits { stall: Duration::from_secs(1), ..Limits::default() };
    let server = Server::with(TestApp::start().await, limits).await;
    let mut slow = server.connect().await;
    slow.send("GET /redoc/redoc.standalone.js HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await;
    let mut taken = 0;
    while let Some(bytes) = slow.some(40_000).await {
        taken += bytes;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert!(taken > 500_000, "{taken} bytes");
}

#[tokio::test]
async fn connections_that_say_nothing_starve_nobody() {
    let server = Server::start().await;
    let mut idle = Vec::new();
    for _ in 0..300 {
        let mut wire = server.connect().await;
        wire.send("GET / HTTP/1.1\r\nHost: local").await;
        idle.push(wire);
    }
    let begun = Instant::now();
    server.assert_alive().await;
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn beyond_the_most_connections_the_next_one_waits_its_turn() {
    let limits = Limits { connections: 2, head: Duration::from_millis(500), ..Limits::default() };
    let server = Server::with(TestApp::start().await, limits).await;
    let _idle = [server.connect().await, server.connect().await];
    tokio::time::sleep(Duration::from_millis(100)).await;
    let begun = Instant::now();
    server.assert_alive().await;
    assert!(begun.elapsed() > Duration::from_millis(100), "three connections at once");
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let server = Server::start().await;
    let long = "x".repeat(200_000);
    let answer = server.ask(&format!("GET /notsecret HTTP/1.1\r\nHost: localhost\r\nX-Long: {long}")).await;
    assert_eq!(status(&answer), 431, "{answer}");
    let fields = (0..200).map(|n| format!("\r\nX-{n}: y")).collect::<Vec<_>>().concat();
    let answer = server.ask(&format!("GET /notsecret HTTP/1.1\r\nHost: localhost{fields}")).await;
    assert_eq!(status(&answer), 431, "{answer}");
    let token = "a".repeat(1024 * 1024);
    let head = format!("GET /users/me HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}");
    assert_eq!(status(&server.ask(&head).await), 431);
    let answer = server.ask(&format!("GET /posts?{long} HTTP/1.1\r\nHost: localhost")).await;
    assert!([414, 431].contains(&status(&answer)), "{answer}");
    server.assert_alive().await;
}

#[tokio::test]
async fn requests_in_a_row_are_answered_in_that_row() {
    let server = Server::start().await;
    let answer = server
        .exchange(
            "GET /notsecret HTTP/1.1\r\nHost: localhost\r\n\r\nGET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n\
             POST /secret HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc\
             GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        )
        .await;
    let statuses: Vec<u16> = answer.match_indices("HTTP/1.1 ").map(|(at, _)| status(&answer[at..])).collect();
    assert_eq!(statuses, [200, 404, 401, 200], "{answer}");
}

#[tokio::test]
async fn whoever_asks_before_sending_the_body_is_told_to_go_on_or_not_to() {
    let server = Server::start().await;
    let body = json!({ "email": "ana@example.com", "password": PASSWORD }).to_string();
    let head = |length: usize| {
        format!(
            "POST /users HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n\
             Expect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    let mut wire = server.connect().await;
    wire.send(head(body.len())).await;
    assert_eq!(status(&wire.until("\r\n\r\n").await), 100);
    wire.send(&body).await;
    assert_eq!(status(&wire.rest().await), 201);
    let mut wire = server.connect().await;
    wire.send(head(50_000_000)).await;
    assert_eq!(status(&wire.until("accepted here").await), 413, "without a byte of the body");
}

#[tokio::test]
async fn a_stop_finishes_what_is_under_way_and_takes_nothing_new() {
    let hasher = GatedHasher::new();
    let mut server = Server::with(TestApp::hashing_with(hasher.clone(), 1).await, Limits::default()).await;
    server.app.user("ana").await;
    let (mut idle, mut busy) = (server.connect().await, server.connect().await);
    hasher.set_open(false);
    let login = json!({ "username": "ana@example.com", "password": PASSWORD });
    busy.send(post("/login", &login.to_string())).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.stop();
    assert_eq!(idle.rest().await, "", "an idle connection is closed at once");
    assert!(tokio::net::TcpStream::connect(server.address).await.is_err(), "still listening");
    assert!(!server.task.is_finished(), "a request under way was given up");
    hasher.set_open(true);
    let answer = busy.rest().await;
    assert_eq!(status(&answer), 200, "{answer}");
    assert!(answer.contains("access_token"));
    tokio::time::timeout(PATIENCE, server.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let hasher = GatedHasher::new();
    let limits = Limits { drain: Duration::from_millis(300), ..Limits::default() };
    let mut server = Server::with(TestApp::hashing_with(hasher.clone(), 1).await, limits).await;
    hasher.set_open(false);
    let mut busy = server.connect().await;
    busy.send(post("/login", &json!({ "username": "a@example.com", "password": PASSWORD }).to_string()))
        .await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.stop();
    tokio::time::timeout(PATIENCE, server.task).await.unwrap().unwrap();
    hasher.set_open(true);
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_stop_what_it_began() {
    let hasher = GatedHasher::new();
    let server = Server::with(TestApp::hashing_with(hasher.clone(), 1).await, Limits::default()).await;
    hasher.set_open(false);
    let account = json!({ "email": "ana@example.com", "password": PASSWORD }).to_string();
    let mut wire = server.connect().await;
    wire.send(post("/users", &account)).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    drop(wire);
    tokio::time::sleep(Duration::from_millis(100)).await;
    hasher.set_open(true);
    let begun = Instant::now();
    loop {
        let answer = server.exchange(post("/login", &account)).await;
        if status(&answer) == 200 {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "the sign-up was dropped half-way: {answer}");
        server.app.clock.advance(time::Duration::hours(1));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_session_remembers_where_it_was_begun() {
    assert_eq!(remembered(TestApp::start().await).await, "127.0.0.1", "not what the client says of itself");
}

#[tokio::test]
async fn behind_a_trusted_proxy_a_session_remembers_the_client_that_the_proxy_noted() {
    let trusting = async |network| TestApp::with_flags(&["--trusted-proxies", network]).await;
    assert_eq!(remembered(trusting("127.0.0.0/8,::1").await).await, "198.51.100.7");
    assert_eq!(remembered(trusting("10.0.0.0/8").await).await, "127.0.0.1", "another proxy");
}

/// The address that `/sessions` shows of a login that came with a forwarding header.
async fn remembered(app: TestApp) -> Value {
    let server = Server::with(app, Limits::default()).await;
    let ana = server.app.user("ana").await;
    let login = json!({ "username": "ana@example.com", "password": PASSWORD }).to_string();
    let headers = "\r\nUser-Agent: wire/1\r\nX-Forwarded-For: 6.6.6.6, 198.51.100.7\r\n";
    let named = post("/login", &login).replacen("\r\n", headers, 1);
    assert_eq!(status(&server.exchange(named).await), 200);
    let sessions = ana.get("/sessions").await.assert_status(200).json();
    let there = sessions.as_array().unwrap().iter().find(|session| session["user_agent"] == "wire/1");
    let there = there.unwrap_or_else(|| panic!("{sessions}"));
    assert_eq!(there["current"], Value::from(false));
    there["ip"].clone()
}
