//! Hostile requests: each is refused in the shape of any other error, and the service lives on.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::Frame;
use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::{PASSWORD, TestApp};
use keyward_api::testing::person::Person;
use serde_json::json;

use crate::app::{Starts, Writes};

async fn ana() -> Person {
    TestApp::start().await.user("ana").await
}

async fn post_json(ana: &Person, path: &str, body: impl Into<Body>) -> Answer {
    ana.call("POST", path).body("application/json", body).send().await
}

#[tokio::test]
async fn an_id_is_a_number_or_nothing() {
    let app = TestApp::start().await;
    let root = app.admin("root").await;
    let ids = [
        "9223372036854775808",
        "99999999999999999999999999",
        "-9223372036854775809",
        "+1",
        "1%00",
        "%00",
        "%0A1",
        "1%2F2",
        "%FF",
        "%C0%AF",
        "1e3",
        "0b1",
        "1;DROP%20TABLE%20users",
        "'",
        "%F0%9F%90%8E",
        "NaN",
        "null",
        "..%2F1",
    ];
    for id in ids {
        for (method, path) in [
            ("GET", "/posts"),
            ("DELETE", "/posts"),
            ("GET", "/users"),
            ("DELETE", "/users"),
            ("GET", "/blog"),
        ] {
            let answer = root.call(method, &format!("{path}/{id}")).send().await;
            assert_eq!(answer.fault()["loc"], json!(["path", "id"]), "{method} {path}/{id}");
        }
        let answer = root.put(&format!("/posts/{id}"), json!({ "title": "t", "content": "c" })).await;
        assert_eq!(answer.status, 422, "{id}");
    }
    root.get("/users/me").await.assert_status(200);
}

#[tokio::test]
async fn broken_utf_8_is_refused_wherever_it_stands() {
    let ana = ana().await;
    for query in [
        "search=%FF",
        "search=%C3%28",
        "search=%ED%A0%80",
        "%FF=1",
        "search=%4",
        "search=%zz",
        "search=\u{ff}%FF",
    ] {
        let Ok(uri) = format!("/posts?{query}").parse::<axum::http::Uri>() else { continue };
        ana.get(&uri.to_string()).await.assert_refused(query);
    }
    for form in [
        &b"username=\xff&password=x"[..],
        b"username=%FF&password=x",
        b"username=%4&password=x",
        b"\xc3\x28=1",
    ] {
        let call = ana.app.anonymous().call("POST", "/login").body("application/x-www-form-urlencoded", form);
        let answer = call.send().await;
        assert_eq!(answer.fault()["type"], "form_invalid");
    }
    for body in
        [&b"{\"title\":\"\xff\",\"content\":\"c\"}"[..], b"\xff\xfe{\0}\0", b"\xef\xbb\xbf{}", b"\xff"]
    {
        assert_eq!(post_json(&ana, "/posts", body).await.fault()["type"], "json_invalid");
    }
    for field in [&b"Bearer \xff\xfe"[..], b"\xff\xfe", b"Bearer \xe2\x82"] {
        let answer = ana.app.anonymous().call("GET", "/users/me").header("authorization", field).send().await;
        assert_eq!(answer.status, 401);
    }
    let call = ana.call("GET", "/users/me").header("user-agent", b"\xff\xfe").header("x-request-id", b"\xff");
    call.send().await.assert_status(200);
}

#[tokio::test]
async fn half_a_character_is_none() {
    let ana = ana().await;
    for title in [r"\ud800", r"\udc00", r"\ud800\u0041", r"\udc00\ud800", r"x\ud83dx"] {
        let body = format!("{{\"title\":\"{title}\",\"content\":\"c\"}}");
        assert_eq!(post_json(&ana, "/posts", body).await.fault()["type"], "json_invalid", "{title}");
    }
    let whole = r#"{"title":"\ud83d\udc0e","content":"c"}"#;
    assert_eq!(post_json(&ana, "/posts", whole).await.assert_status(201).json()["title"], "\u{1f40e}");
}

#[tokio::test]
async fn deep_wide_and_huge_json_is_refused_quickly() {
    let ana = ana().await;
    let started = Instant::now();
    let wide = format!(
        "{{{}\"title\":\"t\"}}",
        (0..60_000).map(|n| format!("\"k{n}\":0,")).collect::<Vec<_>>().concat()
    );
    let bodies = [
        "[".repeat(100_000),
        "{\"a\":".repeat(100_000),
        format!("{{\"title\":{}}}", "[".repeat(100_000)),
        format!("{{\"title\":{}1{},\"content\":\"c\"}}", "[".repeat(200), "]".repeat(200)),
        wide,
        format!("{{\"title\":{},\"content\":\"c\"}}", "9".repeat(100_000)),
        "{\"title\":1e999999999,\"content\":\"c\"}".to_owned(),
        "{\"title\":\"t\",\"content\":\"c\"} {}".to_owned(),
        "{\"title\":\"t\",\"content\":\"c\",}".to_owned(),
        "{'title':'t'}".to_owned(),
        "{\"title\":\"\t\",\"content\":\"c\"}".to_owned(),
        "\0".to_owned(),
    ];
    for body in bodies {
        let answer = post_json(&ana, "/posts", body.clone()).await;
        assert_eq!(answer.status, 422, "{body:.60}");
        assert!(answer.body.len() < 200_000, "an answer as long as the attack");
    }
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    let utf16: Vec<u8> = "{\"title\":\"t\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(post_json(&ana, "/posts", utf16).await.fault()["type"], "json_invalid");
}

#[tokio::test]
async fn nothing_may_be_said_twice() {
    let ana = ana().await;
    for body in [
        r#"{"title":"a","title":"b","content":"c"}"#,
        r#"{"title":"a","t\u0069tle":"b","content":"c"}"#,
        r#"{"x":{"y":1,"y":2},"title":"a","content":"c"}"#,
    ] {
        assert_eq!(post_json(&ana, "/posts", body).await.fault()["type"], "json_invalid", "{body}");
    }
    for form in [
        "username=a&username=b&password=c",
        "username=a&password=b&password=c",
        "username=a&%75sername=b&password=c",
        "scope=a&scope=b&username=a&password=b",
    ] {
        let answer = ana.app.anonymous().call("POST", "/login").form(form).send().await;
        assert_eq!(answer.fault()["msg"], "Value error, the field is given twice", "{form}");
    }
    for query in ["limit=1&limit=2", "limit=1&%6Cimit=2", "search=a&search="] {
        let fault = ana.get(&format!("/posts?{query}")).await.fault();
        assert_eq!(
            (&fault["loc"][0], &fault["msg"]),
            (&json!("query"), &json!("Value error, the field is given twice"))
        );
    }
    let part = "--x\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\na\r\n";
    let call = ana.app.anonymous().call("POST", "/login");
    let answer = call.body("multipart/form-data; boundary=x", format!("{part}{part}--x--\r\n")).send().await;
    assert_eq!(answer.fault()["loc"], json!(["body", "username"]));
}

#[tokio::test]
async fn a_broken_multipart_form_is_refused() {
    let app = TestApp::start().await;
    let whole = "--x\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\na\r\n--x--\r\n";
    for (content_type, body) in [
        ("multipart/form-data", whole),
        ("multipart/form-data; boundary=y", whole),
        (
            "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\na",
        ),
        ("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", "nonsense"),
    ] {
        let answer = app.anonymous().call("POST", "/login").body(content_type, body).send().await;
        answer.assert_refused(content_type);
    }
}

#[tokio::test]
async fn a_body_of_another_type_is_refused() {
    let ana = ana().await;
    let good = json!({ "title": "t", "content": "c" }).to_string();
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "application/jsonp",
        "application/",
        "json",
        "application/json, text/plain",
        "\u{ff}",
        "text/json",
    ] {
        let call = ana.call("POST", "/posts").body("text/plain", good.clone()).without("content-type");
        let answer = call.header("content-type", content_type).send().await.assert_status(415);
        assert_eq!(
            answer.detail(),
            "The body must be sent with a Content-Type of application/json.",
            "{content_type}"
        );
    }
    let answer = ana.call("POST", "/posts").body("x/y", good.clone()).without("content-type").send().await;
    answer.assert_status(415);
    for content_type in
        ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"]
    {
        ana.call("POST", "/posts").body(content_type, good.clone()).send().await.assert_status(201);
    }
    let call = ana.call("POST", "/posts").body("application/json", good).header("content-type", "text/plain");
    call.send().await.assert_status(415);
}

#[tokio::test]
async fn a_compressed_body_is_not_unpacked() {
    let ana = ana().await;
    for coding in ["gzip", "deflate", "br", "zstd", "x-gzip", "gzip, identity", "nonsense"] {
        let call = ana.call("POST", "/posts").body("application/json", vec![0x1f, 0x8b, 8, 0]);
        call.header("content-encoding", coding).send().await.assert_status(415);
    }
    let call = ana.call("POST", "/posts").json(&json!({ "title": "t", "content": "c" }));
    call.header("content-encoding", "identity").send().await.assert_status(201);
}

/// A body of `length` bytes that does not say how long it is.
struct Unannounced(usize);

impl HttpBody for Unannounced {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let step = self.0.min(16 * 1024);
        self.0 -= step;
        Poll::Ready((step > 0).then(|| Ok(Frame::data(Bytes::from(vec![b' '; step])))))
    }
}

#[tokio::test]
async fn a_huge_body_is_refused_whether_it_says_its_length_or_not() {
    let ana = ana().await;
    for (path, limit) in [("/posts", 1024 * 1024), ("/users", 16 * 1024), ("/login", 16 * 1024)] {
        for body in [
            Body::from(vec![b' '; limit + 1]),
            Body::new(Unannounced(limit + 1)),
            Body::new(Unannounced(usize::MAX)),
        ] {
            let answer = post_json(&ana, path, body).await.assert_status(413);
            assert_eq!(answer.detail(), format!("The body is larger than the {limit} bytes accepted here."));
        }
        let lying =
            ana.call("POST", path).body("application/json", "{}").header("content-length", "99999999999");
        lying.send().await.assert_status(413);
        assert_eq!(
            post_json(&ana, path, Body::new(Unannounced(limit))).await.status,
            422,
            "just small enough"
        );
    }
    let long = json!({ "username": "ana@example.com", "password": "p".repeat(1024 * 1024) });
    let started = Instant::now();
    ana.app.anonymous().post("/login", long).await.assert_status(413);
    assert!(started.elapsed() < Duration::from_millis(1500));
}

#[tokio::test]
async fn a_request_without_exactly_one_sound_host_is_refused() {
    let app = TestApp::start().await;
    let call = || app.anonymous().call("GET", "/notsecret").without("host");
    let mut calls = vec![
        call(),
        call().header("host", "a").header("host", "a"),
        call().header("host", "a").header("host", "b"),
    ];
    for host in ["", "a b", "user@host", "a/b", "a:b:c", "host\u{ff}", "<script>", "a?b", "a#b"] {
        calls.push(call().header("host", host));
    }
    for call in calls {
        let answer = call.send().await.assert_status(400);
        assert_eq!(
            answer.json(),
            json!({ "detail": "The Host header is missing, repeated or malformed.", "code": "invalid_host" })
        );
    }
    for host in ["localhost", "127.0.0.1:8000", "[::1]:8000", "example.com"] {
        call().header("host", host).send().await.assert_status(200);
    }
}

#[tokio::test]
async fn unknown_methods_are_refused_and_trace_echoes_nothing() {
    let app = TestApp::start().await;
    for method in ["TRACE", "OPTIONS", "PROPFIND", "PURGE", "get", "X"] {
        for path in ["/notsecret", "/posts/1", "/docs"] {
            let call = app.anonymous().call(method, path).header("x-marker", "echo-me");
            let answer = call.send().await.assert_status(405);
            assert!(
                !answer.text().contains("echo-me") && answer.headers.values().all(|value| value != "echo-me")
            );
            assert!(!answer.header("allow").is_empty());
        }
    }
}

#[tokio::test]
async fn a_header_that_would_override_the_method_or_path_changes_nothing() {
    let app = TestApp::start().await;
    let (ana, eve) = (app.user("ana").await, app.user("eve").await);
    let path = format!("/posts/{}", ana.writes("Hello", true).await);
    for (name, value) in [
        ("x-http-method-override", "DELETE"),
        ("x-method-override", "DELETE"),
        ("x-http-method", "DELETE"),
        ("x-original-url", "/users"),
        ("x-rewrite-url", "/users"),
        ("x-forwarded-user", "root"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "host=evil.example"),
    ] {
        let answer = ana.call("GET", &path).header(name, value).send().await.assert_status(200);
        assert!(!answer.text().contains("evil.example"));
        eve.call("GET", "/users").header(name, value).send().await.assert_status(403);
        app.anonymous().call("GET", "/users/me").header(name, value).send().await.assert_status(401);
    }
    for query in ["?_method=DELETE", "?method=DELETE"] {
        ana.get(&format!("{path}{query}")).await.assert_status(200);
    }
}

#[tokio::test]
async fn a_long_or_crowded_query_is_read_or_refused() {
    let ana = ana().await;
    ana.get(&format!("/posts?ignored={}", "x".repeat(50_000))).await.assert_status(200);
    let crowd = (0..5_000).map(|n| format!("k{n}=&")).collect::<Vec<_>>().concat();
    ana.get(&format!("/posts?{crowd}")).await.assert_status(200);
    for query in ["&&&", "=", "=x", "?", "a", "%", "limit", "limit=", "search=", "owner="] {
        let answer = ana.get(&format!("/posts?{query}")).await;
        assert!([200, 422].contains(&answer.status.as_u16()), "{query}: {}", answer.text());
    }
}

#[tokio::test]
async fn no_error_tells_of_the_inside() {
    let ana = ana().await;
    let answers = [
        ana.get("/posts/99999999999999999999").await,
        ana.get("/nothing").await,
        post_json(&ana, "/posts", "{").await,
        ana.get("/posts?search=%00").await,
        ana.app.bearer("x.y.z").get("/users/me").await,
        ana.app.anonymous().post("/login", json!({ "username": "'", "password": PASSWORD })).await,
    ];
    for answer in answers {
        let words = answer.text().to_lowercase();
        for inside in ["sql", "sea_orm", "sqlx", ".rs", "panicked", "argon2", "postgres", "stack"] {
            assert!(!words.contains(inside), "{words}");
        }
    }
}
