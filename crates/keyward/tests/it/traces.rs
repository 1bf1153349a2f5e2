//! Traces: what a collector gets, in a build with the feature `otlp`.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use crate::process::Home;

/// A collector that hands on all it receives.
fn collector() -> (String, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1/traces", listener.local_addr().unwrap());
    let (sender, taken) = channel();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let mut heard = Vec::new();
            let mut piece = [0; 4096];
            while !complete(&heard) {
                match stream.read(&mut piece) {
                    Ok(read @ 1..) => heard.extend_from_slice(&piece[..read]),
                    _ => break,
                }
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
            if sender.send(heard).is_err() {
                return;
            }
        }
    });
    (url, taken)
}

fn complete(heard: &[u8]) -> bool {
    let text = String::from_utf8_lossy(heard);
    let Some((head, _)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    heard.len() >= head.len() + 4 + length.map_or(0, |length| length.parse().unwrap())
}

#[tokio::test]
async fn a_collector_gets_a_span_for_each_request_and_nothing_secret() {
    let (url, taken) = collector();
    let home = Home::new().await;
    let server = home.serve(&[("KEYWARD_OTLP_ENDPOINT", &url)]);
    let token = "eyJhbGciOiJub25lIn0.e30.c2lnbmF0dXJl";
    assert_eq!(server.call("GET", "/posts/77123?access_token=in-the-query", token, &Value::Null).0, 401);
    assert_eq!(server.stop("TERM").0, Some(0)); // which sends what is left
    let sent = taken.recv_timeout(Duration::from_mins(1)).unwrap();
    let text = String::from_utf8_lossy(&sent);
    assert!(text.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{text}");
    for told in ["application/x-protobuf", "keyward", "GET /posts/{id}", "http.response.status_code"] {
        assert!(text.contains(told), "{told} is not in {text}");
    }
    for hidden in ["in-the-query", "c2lnbmF0dXJl"] {
        assert!(!text.contains(hidden), "{hidden} is in {text}");
    }
}

#[tokio::test]
async fn an_address_that_is_no_collectors_stops_the_start_in_one_line() {
    let home = Home::new().await;
    for url in ["https://collector.example/v1/traces", "nonsense", ""] {
        let output = home.run(&["serve", "--otlp-endpoint", url]);
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(words.starts_with("keyward: KEYWARD_OTLP_ENDPOINT"), "{words}");
        assert_eq!((output.status.code(), words.lines().count()), (Some(1), 1), "{words}");
    }
    assert!(home.content().is_empty(), "{:?}", home.content());
}
