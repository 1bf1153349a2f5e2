//! The service beside a real Keyward: two processes, two databases, and a client of both.
#![expect(clippy::unwrap_used, reason = "clippy's exemption for tests does not know their helpers")]

#[path = "../../keyward.rs"]
mod keyward;

use std::process::Command;
use std::time::Instant;

use keyward::{EMAIL, Keyward, PASSWORD, PATIENCE, Running};
use keyward_client::Session;
use reqwest::StatusCode;
use serde_json::{Value, json};

const SCOPES: (&str, &str) = ("KEYWARD_USER_SCOPES", "invoices:read invoices:write");

/// A Keyward, and the service that trusts it.
struct Pair {
    keyward: Keyward,
    invoices: Running,
}

impl Pair {
    fn start() -> Self {
        let keyward = Keyward::start(&[SCOPES]);
        let invoices = Self::beside(&keyward);
        Self { keyward, invoices }
    }

    fn beside(keyward: &Keyward) -> Running {
        let printed =
            keyward.run(&["client", "create", "--name", "Invoices", "--scope", "revocations:read"], "");
        let value = |name: &str| {
            let line = printed.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            line.unwrap().to_owned()
        };
        let mut command = Command::new(env!("CARGO_BIN_EXE_invoices"));
        command.current_dir(&keyward.folder).env_clear();
        command.env("INVOICES_LISTEN", "127.0.0.1:0").env("KEYWARD_URL", keyward.url());
        command.env("KEYWARD_CLIENT_ID", value("client_id"));
        command.env("KEYWARD_CLIENT_SECRET", value("client_secret"));
        Running::start(command, &keyward.folder.path().join("invoices.log"))
    }

    /// Ana, at the invoices.
    async fn ana(&self) -> Session {
        let keyward = keyward_client::Keyward::at(self.keyward.url()).unwrap();
        keyward.log_in(EMAIL, PASSWORD).await.unwrap().at(&self.invoices.url).unwrap()
    }

    /// What the token, and nothing that refreshes it, gets.
    async fn status(&self, token: &str) -> StatusCode {
        let url = format!("{}/invoices", self.invoices.url);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        client.get(url).bearer_auth(token).send().await.unwrap().status()
    }
}

async fn invoices(session: &Session) -> Vec<Value> {
    let answer = session.get("/invoices").send().await.unwrap().error_for_status().unwrap();
    answer.json().await.unwrap()
}

#[tokio::test]
async fn a_user_of_keyward_writes_invoices_and_reads_them() {
    let pair = Pair::start();
    let ana = pair.ana().await;
    assert_eq!(invoices(&ana).await, [json!(null); 0]);
    let answer =
        ana.post("/invoices").json(&json!({ "customer": "Bo", "cents": 1250 })).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert_eq!(invoices(&ana).await, [json!({ "id": 1, "customer": "Bo", "cents": 1250 })]);
}

#[tokio::test]
async fn each_route_asks_for_its_own_scope() {
    let pair = Pair::start();
    let keyward = keyward_client::Keyward::at(pair.keyward.url()).unwrap();
    let reader = keyward.log_in_for("invoices:read", EMAIL, PASSWORD).await.unwrap();
    let reader = reader.at(&pair.invoices.url).unwrap();
    assert_eq!(invoices(&reader).await.len(), 0);
    let refused =
        reader.post("/invoices").json(&json!({ "customer": "Bo", "cents": 1 })).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(pair.status("x.y.z").await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_body_that_does_not_fit_is_answered_as_fastapi_answers() {
    let pair = Pair::start();
    let ana = pair.ana().await;
    let refused = ana.post("/invoices").json(&json!({ "customer": "", "cents": "1" })).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let said: Value = refused.json().await.unwrap();
    let expected = json!({ "detail": [
        { "type": "string_too_short", "loc": ["body", "customer"], "msg": "String should have at least 1 character",
          "input": "", "ctx": { "min_length": 1 } },
        { "type": "int_type", "loc": ["body", "cents"], "msg": "Input should be a valid integer", "input": "1" },
    ], "code": "validation" });
    assert_eq!(said, expected);
    let large = json!({ "customer": "x".repeat(20_000), "cents": 1 });
    let refused = ana.post("/invoices").json(&large).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let refused = ana
        .post("/invoices")
        .with(|call| call.header("content-type", "text/plain").body("Bo"))
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let said: Value = refused.json().await.unwrap();
    assert_eq!(said["detail"], "The body must be sent with a Content-Type of application/json.");
}

#[tokio::test]
async fn who_logs_out_at_keyward_is_out_here_before_the_token_expires() {
    let pair = Pair::start();
    let ana = pair.ana().await;
    let token = ana.token().await.unwrap();
    assert_eq!(pair.status(&token).await, StatusCode::OK);
    ana.log_out().await.unwrap();
    let begun = Instant::now();
    while pair.status(&token).await == StatusCode::OK {
        assert!(begun.elapsed() < PATIENCE, "the token is good for ever");
    }
    assert_eq!(pair.status(&token).await, StatusCode::UNAUTHORIZED);
    println!("noticed after {:.1} s", begun.elapsed().as_secs_f64());
}

#[tokio::test]
async fn a_new_key_of_keyward_is_noticed_without_a_restart() {
    let pair = Pair::start();
    let old = pair.ana().await.token().await.unwrap();
    pair.keyward.run(&["keys", "rotate", "--now"], "");
    let begun = Instant::now();
    let new = loop {
        let token = pair.ana().await.token().await.unwrap();
        if header(&token) != header(&old) {
            break token;
        }
        assert!(begun.elapsed() < PATIENCE, "the old key still signs");
    };
    // Refused at worst until the service may ask for the keys again.
    while pair.status(&new).await != StatusCode::OK {
        assert!(begun.elapsed() < PATIENCE, "the new key is not noticed");
    }
    assert_eq!(pair.status(&old).await, StatusCode::OK);
}

/// Which key signed it, among other things.
fn header(token: &str) -> &str {
    token.split_once('.').unwrap().0
}

#[tokio::test]
async fn its_docs_have_padlocks_and_authorize_at_keyward() {
    let pair = Pair::start();
    let get = |path: &str| reqwest::get(format!("{}{path}", pair.invoices.url));
    assert!(get("/docs/").await.unwrap().text().await.unwrap().contains("swagger-ui"));
    let document: Value = get("/openapi.json").await.unwrap().json().await.unwrap();
    for (method, scope) in [("get", "invoices:read"), ("post", "invoices:write")] {
        let lock = &document["paths"]["/invoices"][method]["security"];
        assert_eq!(lock[0], json!({ "OAuth2PasswordBearer": [scope] }));
    }
    let responses = document["paths"]["/invoices"]["post"]["responses"].as_object().unwrap();
    assert!(["413", "415", "422"].iter().all(|status| responses.contains_key(*status)), "{responses:?}");
    let cents = &document["components"]["schemas"]["NewInvoice"]["properties"]["cents"];
    assert_eq!((&cents["minimum"], &cents["maximum"]), (&json!(1), &json!(100_000_000)));
    let flow = &document["components"]["securitySchemes"]["OAuth2PasswordBearer"]["flows"]["password"];
    assert_eq!(flow["tokenUrl"], format!("{}/login", pair.keyward.url()));
}
