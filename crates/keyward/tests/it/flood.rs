//! The real program under a flood: what it costs, and what goes on meanwhile.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};

use keyward::server::limits::Limits;
use keyward_api::testing::app::{PASSWORD, TestApp};
use serde_json::{Value, json};

use crate::app::Starts;
use crate::process::{Home, Served};
use crate::wire::{Server, status};

/// What docs/SECURITY.md states, for two hashing threads; each further one has 19 MiB of its own.
const PEAK_MIB: u64 = 192;

#[cfg(target_os = "linux")]
#[tokio::test]
async fn beside_2000_idle_connections_64_logins_at_once_cost_bounded_memory_and_reads_go_on() {
    const LOGINS: usize = 64;
    keyward::server::open_files::allow_files();
    let home = Home::new().await;
    let mut command = home.command(&[]);
    // Passwords cost what they cost in earnest.
    command.env_remove("KEYWARD_ARGON2_MEMORY").env_remove("KEYWARD_ARGON2_ITERATIONS");
    command.env("KEYWARD_LISTEN", "127.0.0.1:0").env("KEYWARD_LOG", "warn");
    let server = Served::start(command);
    let account = json!({ "email": "ana@example.com", "password": PASSWORD });
    assert_eq!(server.call("POST", "/users", "", &account).0, 201);

    let idle: Vec<TcpStream> = (0..2000).map(|_| TcpStream::connect(server.address).unwrap()).collect();
    let login = json!({ "username": "ana@example.com", "password": PASSWORD });
    let (done, mut reads) = (AtomicUsize::new(0), 0);
    std::thread::scope(|scope| {
        for _ in 0..LOGINS {
            scope.spawn(|| {
                let answer = server.call("POST", "/login", "", &login);
                done.fetch_add(1, Ordering::SeqCst);
                assert_eq!(answer.0, 200, "{answer:?}");
            });
        }
        while done.load(Ordering::SeqCst) < LOGINS {
            assert_eq!(server.call("GET", "/blog", "", &Value::Null).0, 200);
            reads += 1;
        }
    });
    assert!(reads > 20, "only {reads} reads while {LOGINS} logins were hashed");
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let bound = PEAK_MIB + 19 * u64::try_from(threads.saturating_sub(2)).unwrap();
    let peak = server.peak_memory_mib();
    assert!(peak < bound, "{peak} MiB with {} idle connections", idle.len());
    println!("{peak} MiB at its peak, {reads} reads meanwhile");
}

/// A server, and the token of ana, who has signed up there.
#[cfg(target_os = "linux")]
fn with_ana(home: &Home) -> (Served, String) {
    let mut command = home.command(&[]);
    command.env("KEYWARD_LISTEN", "127.0.0.1:0").env("KEYWARD_LOG", "warn");
    let server = Served::start(command);
    let account = json!({ "email": "ana@example.com", "password": PASSWORD });
    let (status, token) = server.call("POST", "/signup", "", &account);
    assert_eq!(status, 201, "{token}");
    let token = token["access_token"].as_str().unwrap().to_owned();
    (server, token)
}

#[tokio::test]
async fn long_answers_beyond_the_budget_are_503_until_the_others_are_gone() {
    let limits = Limits { bytes: 2 * 1024 * 1024, ..Limits::default() };
    let server = Server::narrow(TestApp::start().await, limits);
    let body = |value: &Value| format!("Content-Length: {}\r\n\r\n{value}", value.to_string().len());
    let head = "HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n";
    let account = body(&json!({ "email": "ana@example.com", "password": PASSWORD }));
    let answer = server.exchange(format!("POST /signup {head}{account}")).await;
    let token: Value = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let bearer = format!("Authorization: Bearer {}\r\n", token["access_token"].as_str().unwrap());
    // Twice as long in JSON, and all the more as sent.
    let post = body(&json!({ "title": "Long", "content": "\"".repeat(95_000), "published": true }));
    for _ in 0..8 {
        assert_eq!(status(&server.exchange(format!("POST /posts {head}{bearer}{post}")).await), 201);
    }
    let page = format!("GET /blog?limit=8 {head}\r\n");
    let mut readers = Vec::new();
    for _ in 0..2 {
        let mut reader = server.connect_narrow().await;
        reader.send(&page).await;
        assert!(reader.some(9).await.is_some(), "the answer has begun");
        readers.push(reader);
    }
    let refused = server.exchange(&page).await;
    assert_eq!(status(&refused), 503, "{}", &refused[..300.min(refused.len())]);
    assert!(refused.contains("\r\nretry-after: 1\r\n") && refused.contains("x-request-id"), "{refused}");
    server.assert_alive().await;
    drop(readers);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let answer = server.exchange(&page).await;
    assert_eq!((status(&answer), answer.len() > 900_000), (200, true));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn bodies_that_never_end_cost_bounded_memory() {
    keyward::server::open_files::allow_files();
    let home = Home::new().await;
    let (server, token) = with_ana(&home);
    let head = format!(
        "POST /posts HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"
    );
    let body = [head.as_bytes(), &vec![b' '; 900_000][..]].concat();
    let (writers, refused) = std::thread::scope(|scope| {
        let open = |_| {
            scope.spawn(|| {
                let mut stream = TcpStream::connect(server.address).unwrap();
                drop(stream.write_all(&body));
                stream
            })
        };
        let threads: Vec<_> = (0..600).map(open).collect();
        let mut writers: Vec<TcpStream> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        let busy = |stream: &mut TcpStream| {
            stream.set_nonblocking(true).unwrap();
            let mut answer = [0; 64];
            matches!(stream.read(&mut answer), Ok(12..)) && answer.starts_with(b"HTTP/1.1 503")
        };
        let (begun, mut refused) = (std::time::Instant::now(), 0);
        while refused <= 300 && begun.elapsed().as_secs() < 20 {
            refused += writers.iter_mut().filter_map(|stream| busy(stream).then_some(())).count();
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        (writers, refused)
    });
    let peak = server.peak_memory_mib();
    assert!(peak < PEAK_MIB, "{peak} MiB for {} writers", writers.len());
    assert!(refused > 300, "{refused} were answered 503");
    drop(writers);
    let post = json!({ "title": "Long", "content": "x".repeat(95_000) });
    let begun = std::time::Instant::now();
    while server.call("POST", "/posts", &token, &post).0 != 201 {
        assert!(begun.elapsed().as_secs() < 30, "the budget does not come back");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn readers_who_take_nothing_beside_writers_who_never_end_cost_bounded_memory() {
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpSocket;
    use tokio::task::JoinSet;

    const EACH: usize = 600;
    keyward::server::open_files::allow_files();
    let home = Home::new().await;
    let (server, token) = with_ana(&home);
    // The longest a page gets: twice as many bytes in JSON as in the database.
    let post = json!({ "title": "Long", "content": "\"".repeat(95_000) });
    for _ in 0..11 {
        assert_eq!(server.call("POST", "/posts", &token, &post).0, 201);
    }
    let read = "GET /blog?limit=11 HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned().into_bytes();
    let head = format!(
        "POST /posts HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"
    );
    let write = [head.as_bytes(), &vec![b' '; 900_000][..]].concat();
    let mut floods = JoinSet::new();
    for flood in [read, write] {
        let flood: std::sync::Arc<[u8]> = flood.into();
        for _ in 0..EACH {
            let (flood, address) = (std::sync::Arc::clone(&flood), server.address);
            floods.spawn(async move {
                let socket = TcpSocket::new_v4().unwrap();
                socket.set_recv_buffer_size(2048).unwrap();
                let mut stream = socket.connect(address).await.unwrap();
                drop(stream.write_all(&flood).await);
                stream
            });
        }
    }
    let open = tokio::time::timeout(std::time::Duration::from_secs(30), floods.join_all()).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert_eq!(server.call("GET", "/notsecret", "", &Value::Null).0, 200, "short answers go on");
    let peak = server.peak_memory_mib();
    println!("{peak} MiB at its peak, {} connections", open.len());
    assert!(peak < PEAK_MIB, "{peak} MiB with {} connections", open.len());
    drop(open);
    let begun = std::time::Instant::now();
    while server.call("POST", "/posts", &token, &post).0 != 201 {
        assert!(begun.elapsed().as_secs() < 30, "the budget does not come back");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn http_2_is_not_spoken() {
    let server = Server::start().await;
    let answer = server.exchange("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await;
    assert!(answer.is_empty() || status(&answer) >= 400, "{answer}");
    let upgrade = "GET /notsecret HTTP/1.1\r\nHost: localhost\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\
        Connection: Upgrade, HTTP2-Settings, close\r\n\r\n";
    assert_eq!(status(&server.exchange(upgrade).await), 200, "an offer that is not taken up");
    server.assert_alive().await;
}
