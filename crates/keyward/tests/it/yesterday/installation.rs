//! The program on a copy of the fixture, as an operator has it, and people who have accounts there.

use std::process::{Command, Output};

use serde_json::{Value, json};

use super::fixture::{Yesterday, write_private};
use crate::process::{Home, Served, finish, text};

/// A data folder with a database of yesterday and its master secret.
pub(super) struct Installation {
    pub(super) home: Home,
    pub(super) facts: Yesterday,
}

impl Installation {
    pub(super) async fn new() -> Self {
        let home = Home::new().await;
        let data = home.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let facts = Yesterday::copy_to(&home.database_url()).await;
        write_private(&data.join("master.key"), facts.master);
        Self { home, facts }
    }

    pub(super) fn is_postgres(&self) -> bool {
        self.home.url().is_some()
    }

    /// The program with these resources. Nothing in the database is too old for it, however long ago it was made.
    fn command(&self, resources: &str, arguments: &[&str]) -> Command {
        let mut command = self.home.command(arguments);
        command.env_remove("KEYWARD_ARGON2_MEMORY").env_remove("KEYWARD_ARGON2_ITERATIONS");
        command.env("KEYWARD_RESOURCES", resources).env("KEYWARD_LISTEN", "127.0.0.1:0");
        command.env("KEYWARD_SESSION_IDLE", "36500d").env("KEYWARD_SESSION_ABSOLUTE", "36500d");
        command.env("KEYWARD_EVENT_RETENTION", "0");
        command
    }

    pub(super) fn serve(&self, resources: &str) -> Server<'_> {
        Server { served: Served::start(self.command(resources, &[])), facts: &self.facts }
    }

    pub(super) fn run(&self, resources: &str, arguments: &[&str]) -> Output {
        finish(self.command(resources, arguments), "")
    }

    /// What a command prints that has to succeed.
    pub(super) fn printed(&self, resources: &str, arguments: &[&str]) -> String {
        let output = self.run(resources, arguments);
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{resources}: {arguments:?}: {out}{err}");
        out
    }
}

/// A running server, asked by people of yesterday.
pub(super) struct Server<'a> {
    served: Served,
    facts: &'a Yesterday,
}

impl Server<'_> {
    /// Stops it in good order.
    pub(super) fn stop(self) {
        let (code, output) = self.served.stop("TERM");
        assert_eq!(code, Some(0), "{output}");
    }

    /// The status and body of an answer.
    pub(super) fn call(&self, line: &str, token: &str, body: &Value) -> (u16, Value) {
        let (method, path) = line.split_once(' ').unwrap();
        self.served.call(method, path, token, body)
    }

    /// The body of an answer that has to have this status.
    #[track_caller]
    pub(super) fn answered(&self, status: u16, line: &str, token: &str, body: &Value) -> Value {
        let (was, answer) = self.call(line, token, body);
        assert_eq!(was, status, "{line}: {answer}");
        answer
    }

    /// The body of the answer to an open `GET`.
    #[track_caller]
    pub(super) fn get(&self, path: &str) -> Value {
        self.answered(200, &format!("GET {path}"), "", &Value::Null)
    }

    /// Logs in with yesterday's password: an access token and its scope.
    #[track_caller]
    pub(super) fn log_in(&self, name: &str) -> (String, String) {
        let fact = |field: &str| self.facts.text(&format!("/users/{name}/{field}"));
        let login = json!({ "username": fact("email"), "password": fact("password") });
        let tokens = self.answered(200, "POST /login", "", &login);
        (member(&tokens, "access_token"), member(&tokens, "scope"))
    }

    /// Sends an order with an `Idempotency-Key`.
    pub(super) fn order(&self, token: &str, key: &str, address: &str) -> (u16, Value) {
        let headers = format!(
            "Authorization: Bearer {token}\r\nIdempotency-Key: {key}\r\nContent-Type: application/json"
        );
        let body = json!({ "shipping_address": address });
        self.served.exchange("POST /orders", &headers, &body.to_string())
    }

    /// Sends a form of the registered client, which must be answered.
    #[track_caller]
    pub(super) fn as_client(&self, form: &str) -> Value {
        let (id, secret) = (self.facts.text("/client/id"), self.facts.text("/client/secret"));
        let form = format!("{form}&client_id={id}&client_secret={secret}");
        let (status, answer) = self.served.form("/oauth/token", &form);
        assert_eq!(status, 200, "{answer}");
        answer
    }
}

/// A text of an answer.
#[track_caller]
pub(super) fn member(answer: &Value, name: &str) -> String {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name}: {answer}")).to_owned()
}
