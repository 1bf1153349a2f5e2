//! `GET /oauth/check`, as a proxy asks before it passes a request on.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use keyward_api::testing::app::TestApp;
use serde_json::{Value, json};

use crate::app::Starts;
use crate::caller::Caller;
use crate::nginx::{Nginx, free_port};
use crate::process::Home;

#[tokio::test]
async fn a_good_token_is_answered_without_a_body_by_whose_it_is_and_what_it_may() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let answer = ana.get("/oauth/check").await.assert_status(204);
    assert!(answer.body.is_empty());
    assert_eq!(answer.header("x-keyward-user"), ana.id.to_string());
    assert_eq!(answer.header("x-keyward-scope"), "posts:read posts:write shop");
    for scope in ["posts:read", "posts:read%20shop", "%20posts:read%20", ""] {
        ana.get(&format!("/oauth/check?scope={scope}")).await.assert_status(204);
    }
    assert_eq!(ana.call("HEAD", "/oauth/check").send_unchecked().await.status, 204);
}

#[tokio::test]
async fn a_token_that_lacks_a_scope_is_403_and_anything_else_401() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    for scope in ["admin", "posts:read%20admin", "nonsense", "%22%5c", "%c3%a4"] {
        let answer = ana.get(&format!("/oauth/check?scope={scope}")).await.assert_status(403);
        assert_eq!((&*answer.code(), answer.header("x-keyward-user")), ("insufficient_scope", ""));
        assert!(answer.header("www-authenticate").starts_with("Bearer error=\"insufficient_scope\""));
    }
    let lacking = ana.get("/oauth/check?scope=posts:read%20admin").await;
    assert!(lacking.header("www-authenticate").ends_with("scope=\"posts:read admin\""));
    app.anonymous().get("/oauth/check?scope=admin").await.assert_status(401);
    app.bearer("nonsense").get("/oauth/check").await.assert_invalid_token("no token of ours");
    ana.post("/logout", json!({})).await.assert_status(204);
    ana.get("/oauth/check").await.assert_gone("a session that ended");
}

/// The blocks of the example in `docs/OPERATIONS.md`.
fn example() -> &'static str {
    let text = include_str!("../../../../docs/OPERATIONS.md");
    let blocks = text.split("```nginx\n").skip(1).filter_map(|rest| rest.split_once("```"));
    blocks.map(|(block, _)| block).find(|block| block.contains("auth_request")).unwrap()
}

/// A service that knows nothing of tokens: it answers with the user and the scope that its proxy names.
fn simple_service() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            let of = |name: &str| {
                let line = head.iter().find(|line| line.to_ascii_lowercase().starts_with(name));
                line.and_then(|line| line.split_once(": ")).map_or("none", |(_, value)| value).to_owned()
            };
            let body = json!({ "user": of("x-keyward-user:"), "scope": of("x-keyward-scope:") }).to_string();
            let length = body.len();
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
                .ok();
        }
    });
    port
}

#[tokio::test]
async fn the_documented_nginx_example_lets_users_through_and_nobody_else() {
    let (port, keyward, service) = (free_port(), free_port(), simple_service());
    let blocks = example().replace("127.0.0.1:8000", &format!("127.0.0.1:{keyward}"));
    let blocks = blocks.replace("127.0.0.1:3000", &format!("127.0.0.1:{service}"));
    let Some(_nginx) = Nginx::start(port, &blocks) else { return };
    let home = Home::new().await;
    let server = home.serve(&[("KEYWARD_LISTEN", &format!("127.0.0.1:{keyward}"))]);
    let account = json!({ "email": "ana@example.com", "password": "seven wild horses" });
    let (_, tokens) = server.call("POST", "/signup", "", &account);
    let token = tokens["access_token"].as_str().unwrap();
    let front = Caller::at(port);
    let (status, seen) = front.call("GET", "/reports?month=7", token, &Value::Null);
    assert_eq!((status, &seen["user"], &seen["scope"]), (200, &json!("1"), &tokens["scope"]));
    let forged = format!("Authorization: Bearer {token}\r\nX-Keyward-User: 7\r\nX-Keyward-Scope: admin");
    let (_, seen) = front.exchange("POST /reports", &forged, "a body");
    assert_eq!((&seen["user"], &seen["scope"]), (&json!("1"), &tokens["scope"]), "a client names no user");
    let (head, _) = front.raw("GET /reports", "X-Keyward-User: 7", "");
    let head = head.to_ascii_lowercase();
    assert!(head.starts_with("http/1.1 401 ") && head.contains("www-authenticate: bearer"), "{head}");
    let narrow = "username=ana%40example.com&password=seven+wild+horses&scope=shop";
    let (_, narrow) = server.form("/login", narrow);
    let (status, _) = front.call("GET", "/reports", narrow["access_token"].as_str().unwrap(), &Value::Null);
    assert_eq!(status, 403, "the example asks for posts:read");
}
