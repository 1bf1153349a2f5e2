//! The program, started in a folder of its own: its own route is locked, and all of Keyward is there beside it.
#![expect(clippy::unwrap_used, reason = "clippy's exemption for tests does not know their helpers")]

#[expect(dead_code, reason = "no Keyward stands beside this program: only `Running` is used")]
#[path = "../../keyward.rs"]
mod keyward;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use keyward::{EMAIL, PASSWORD, PATIENCE, Running};
use reqwest::{Client, Response};
use serde_json::{Value, json};

fn start(folder: &Path) -> Running {
    let mut command = Command::new(env!("CARGO_BIN_EXE_embedded"));
    command.env_clear().env("EMBEDDED_LISTEN", "127.0.0.1:0").arg(folder.join("data"));
    Running::start(command, &folder.join("embedded.log"))
}

fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

async fn post(program: &Running, path: &str, body: Value) -> Response {
    client().post(format!("{}{path}", program.url)).json(&body).send().await.unwrap()
}

/// `GET /hello` with this token, or without any.
async fn hello(program: &Running, token: Option<&str>) -> (u16, String) {
    let request = client().get(format!("{}/hello", program.url));
    let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

async fn log_in(program: &Running) -> String {
    let login = post(program, "/login", json!({ "username": EMAIL, "password": PASSWORD })).await;
    assert_eq!(login.status(), 200);
    login.json::<Value>().await.unwrap()["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn its_own_route_is_open_to_who_signed_up_and_logged_in() {
    let folder = tempfile::tempdir().unwrap();
    let program = start(folder.path());
    assert_eq!(hello(&program, None).await.0, 401);
    assert_eq!(hello(&program, Some("no.token.atall")).await.0, 401);
    let account = json!({ "email": EMAIL, "password": PASSWORD });
    assert_eq!(post(&program, "/users", account).await.status(), 201);
    let token = log_in(&program).await;
    assert_eq!(hello(&program, Some(&token)).await, (200, "Hello, user 1\n".to_owned()));
    let logout = client().post(format!("{}/logout", program.url)).bearer_auth(&token).send().await.unwrap();
    assert_eq!(logout.status(), 204);
    assert_eq!(hello(&program, Some(&token)).await.0, 401, "a logout counts here at once");

    drop(program);
    let program = start(folder.path());
    let token = log_in(&program).await;
    assert_eq!(hello(&program, Some(&token)).await.0, 200, "the account outlives a restart");
    for file in ["keyward.db", "master.key"] {
        assert!(folder.path().join("data").join(file).is_file(), "{file}");
    }
}

#[tokio::test]
async fn unknown_paths_are_the_programs_and_known_ones_answer_as_keywards() {
    let folder = tempfile::tempdir().unwrap();
    let program = start(folder.path());
    let get = |path: &str| client().get(format!("{}{path}", program.url)).send();
    let unknown = get("/nothing").await.unwrap();
    assert_eq!(unknown.status(), 404);
    assert_eq!(unknown.headers().get("x-request-id"), None, "not Keyward's to answer");
    assert_eq!(unknown.text().await.unwrap(), "This program has no such page.\n");
    assert!(get("/docs").await.unwrap().text().await.unwrap().contains("swagger-ui"));
    assert_eq!(get("/health/ready").await.unwrap().status(), 200);
    let log = std::fs::read_to_string(folder.path().join("embedded.log")).unwrap();
    assert!(log.contains(&format!("mails link to {}/reset-password and", program.url)), "{log}");
    let refused = get("/logout").await.unwrap();
    assert_eq!(refused.status(), 405);
    assert!(refused.headers().contains_key("x-request-id"));
    assert_eq!(
        refused.json::<Value>().await.unwrap(),
        json!({ "detail": "Method Not Allowed", "code": "method_not_allowed" })
    );
}

#[tokio::test]
async fn its_jobs_deliver_mail() {
    let folder = tempfile::tempdir().unwrap();
    let program = start(folder.path());
    let account = json!({ "email": EMAIL, "password": PASSWORD });
    assert_eq!(post(&program, "/users", account).await.status(), 201);
    assert_eq!(post(&program, "/password-recovery", json!({ "email": EMAIL })).await.status(), 202);
    let mails = folder.path().join("data/mail");
    let begun = Instant::now();
    while mails.read_dir().map_or(0, Iterator::count) == 0 {
        assert!(begun.elapsed() < PATIENCE, "no mail");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
