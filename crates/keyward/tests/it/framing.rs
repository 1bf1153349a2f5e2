//! Requests that are no proper HTTP/1.1, byte by byte.

use crate::wire::{Server, status};

fn answers(text: &str) -> usize {
    text.matches("HTTP/1.1 ").count()
}

#[tokio::test]
async fn a_body_of_two_lengths_is_refused_and_nothing_is_smuggled_behind_it() {
    let server = Server::start().await;
    let smuggled = "GET /notsecret HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for framing in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5, 6",
        "Content-Length: +5",
        "Content-Length: -1",
        "Content-Length: 0x5",
        "Content-Length: 5 5",
        "Content-Length: 99999999999999999999999",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked",
        "Content-Length : 5",
    ] {
        let head = format!(
            "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{framing}\r\n\r\n"
        );
        let answer = server.exchange(format!("{head}0\r\n\r\n{smuggled}")).await;
        assert!(!answer.contains("Not secret data"), "{framing}: {answer}");
        assert!(answers(&answer) == 1 && (400..500).contains(&status(&answer)), "{framing}: {answer}");
    }
    server.assert_alive().await;
}

#[tokio::test]
async fn a_body_in_another_transfer_coding_than_chunks_is_not_unpacked() {
    let server = Server::start().await;
    let login = r#"{"username":"ana@example.com","password":"seven wild horses"}"#;
    for (codings, expected) in [
        ("Transfer-Encoding: chunked", 401),
        ("Transfer-Encoding: Chunked", 401),
        ("Transfer-Encoding: gzip, chunked", 415),
        ("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", 415),
        ("Transfer-Encoding: identity, chunked", 415),
    ] {
        let head = format!(
            "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{codings}\r\n\r\n"
        );
        let answer = server.exchange(format!("{head}{:x}\r\n{login}\r\n0\r\n\r\n", login.len())).await;
        assert_eq!((answers(&answer), status(&answer)), (1, expected), "{codings}: {answer}");
    }
    server.assert_alive().await;
}

#[tokio::test]
async fn a_broken_chunk_ends_the_connection() {
    let server = Server::start().await;
    let head = "POST /users HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    for body in [
        "zz\r\n{}\r\n0\r\n\r\n",
        "-1\r\n{}\r\n0\r\n\r\n",
        "ffffffffffffffffff\r\n{}\r\n",
        "2\r\n{}x\r\n0\r\n\r\n",
    ] {
        let answer =
            server.exchange(format!("{head}{body}GET /notsecret HTTP/1.1\r\nHost: localhost\r\n\r\n")).await;
        assert!(!answer.contains("Not secret data"), "{body:?}: {answer}");
        assert!(answer.is_empty() || status(&answer) == 400, "{body:?}: {answer}");
    }
    server.assert_alive().await;
}

#[tokio::test]
async fn chunks_are_counted_and_cut_off_at_the_limit() {
    let server = Server::start().await;
    let mut wire = server.connect().await;
    wire.send("POST /users HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n").await;
    for _ in 0..20 {
        wire.send(format!("1000\r\n{}\r\n", " ".repeat(0x1000))).await;
    }
    assert_eq!(status(&wire.until("accepted here").await), 413);
    server.assert_alive().await;
}

#[tokio::test]
async fn http_1_1_needs_exactly_one_sound_host() {
    let server = Server::start().await;
    for hosts in [
        "",
        "\r\nHost: a\r\nHost: a",
        "\r\nHost: a\r\nHost: b",
        "\r\nHost: a b",
        "\r\nHost: user@a",
        "\r\nHost:",
        "\r\nHost: a/b",
        "\r\nHost: a:x",
        "\r\nHost: a:80:80",
        "\r\nHost: 127.0.0.1:-1",
        "\r\nHost: :80",
        "\r\nHost: [zz]",
        "\r\nHost: []",
        "\r\nHost: [::1]x",
        "\r\nHost: [::1]:x",
        "\r\nHost: [127.0.0.1]",
        "\r\nHost: ::1",
    ] {
        let answer = server.ask(&format!("GET /notsecret HTTP/1.1{hosts}")).await;
        assert_eq!(status(&answer), 400, "{hosts:?}: {answer}");
        assert!(answer.contains("The Host header is missing, repeated or malformed."), "{answer}");
    }
    for host in [
        "localhost",
        "example.com:",
        "127.0.0.1:8000",
        "[::1]",
        "[::1]:8000",
        "[::1]:",
        "a_b.example",
        "a-b.example.",
    ] {
        let answer = server.ask(&format!("GET /notsecret HTTP/1.1\r\nHost: {host}")).await;
        assert_eq!(status(&answer), 200, "{host}: {answer}");
    }
    assert_eq!(status(&server.exchange("GET /notsecret HTTP/1.0\r\n\r\n").await), 200);
}

#[tokio::test]
async fn a_target_may_be_absolute_but_needs_its_host_all_the_same() {
    let server = Server::start().await;
    let target = "GET http://localhost/notsecret HTTP/1.1";
    assert_eq!(status(&server.ask(&format!("{target}\r\nHost: localhost")).await), 200);
    assert_eq!(status(&server.ask(target).await), 400);
    assert_eq!(status(&server.ask(&format!("{target}\r\nHost: a\r\nHost: b")).await), 400);
}

#[tokio::test]
async fn tunnels_and_asterisks_lead_nowhere() {
    let server = Server::start().await;
    for line in [
        "CONNECT example.com:443",
        "CONNECT localhost:80",
        "CONNECT /notsecret",
        "OPTIONS *",
        "GET *",
        "POST *",
        "TRACE /notsecret",
    ] {
        let answer = server.ask(&format!("{line} HTTP/1.1\r\nHost: localhost\r\nX-Marker: echo-me")).await;
        assert!((400..500).contains(&status(&answer)), "{line}: {answer}");
        assert!(!answer.contains("echo-me"), "{line}: {answer}");
    }
    server.assert_alive().await;
}

#[tokio::test]
async fn whatever_is_not_http_is_refused_or_cut_off() {
    let server = Server::start().await;
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let requests: [&[u8]; 13] = [
        preface,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\0\0\0\0\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /notsecret HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n",
        b"GET /notsecret HTTP/1.1\r\nHost: localhost\r\n folded: x\r\n\r\n",
        b"GET /notsecret HTTP/1.1\r\nHost: localhost\r\nNo colon\r\n\r\n",
        b"GET /notsecret HTTP/1.1\r\nHost: localhost\r\n: no name\r\n\r\n",
        b"G\xc3\x89T /notsecret HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /not\0secret HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ];
    for request in requests {
        let mut wire = server.connect().await;
        wire.send(request).await;
        let answer = wire.rest().await;
        let shown = String::from_utf8_lossy(request);
        assert!(answer.is_empty() || (400..506).contains(&status(&answer)), "{shown}: {answer}");
        assert!(!answer.contains("Not secret data"), "{shown}: {answer}");
    }
    server.assert_alive().await;
}

#[tokio::test]
async fn raw_bytes_in_a_target_are_refused_or_not_found() {
    let server = Server::start().await;
    for target in [
        &b"/posts/\xff"[..],
        b"/blog/\xf0\x9f\x90\x8e",
        b"/blog?limit=\xff",
        b"/\xc0\xaf",
        b"/blog/%",
        b"/blog/%zz",
        b"//",
        b"/./blog/../posts",
        b"/blog/1#x",
    ] {
        let request =
            [b"GET ", target, b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"].concat();
        let answer = server.exchange(request).await;
        let shown = String::from_utf8_lossy(target);
        assert!((400..500).contains(&status(&answer)), "{shown}: {answer}");
    }
    server.assert_alive().await;
}

#[tokio::test]
async fn a_head_request_gets_a_head_and_nothing_more() {
    let server = Server::start().await;
    let answer = server.ask("HEAD /notsecret HTTP/1.1\r\nHost: localhost").await;
    assert_eq!(status(&answer), 200);
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}
