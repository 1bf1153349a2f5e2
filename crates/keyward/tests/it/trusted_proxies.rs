//! A server behind a proxy on its own machine.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::process::{Home, Served};

fn forwarded(server: &Served, header: &str) {
    let mut stream = TcpStream::connect(server.address).unwrap();
    let head = format!("GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{header}\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// How many lines of the log name the setting.
fn warnings(server: &Served) -> usize {
    std::thread::sleep(Duration::from_millis(100));
    server.output().lines().filter(|line| line.contains("KEYWARD_TRUSTED_PROXIES")).count()
}

#[tokio::test]
async fn a_proxy_on_this_machine_that_is_not_trusted_is_warned_about_once() {
    let home = Home::new().await;
    let server = home.serve(&[]);
    forwarded(&server, "");
    assert_eq!(warnings(&server), 0, "there is no proxy");
    for header in
        ["X-Forwarded-For: 192.0.2.1\r\n", "X-Forwarded-For: 192.0.2.2\r\n", "Forwarded: for=192.0.2.1\r\n"]
    {
        forwarded(&server, header);
    }
    assert_eq!(warnings(&server), 1, "{}", server.output());
}

#[tokio::test]
async fn a_proxy_on_this_machine_that_is_trusted_is_not_warned_about() {
    let home = Home::new().await;
    let server = home.serve(&[("KEYWARD_TRUSTED_PROXIES", "127.0.0.1")]);
    forwarded(&server, "X-Forwarded-For: 192.0.2.1\r\n");
    assert_eq!(warnings(&server), 0, "{}", server.output());
}
