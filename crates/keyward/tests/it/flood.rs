//! The real program under a flood: what it costs, and what goes on meanwhile.

use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};

use keyward_api::testing::app::PASSWORD;
use serde_json::{Value, json};

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
