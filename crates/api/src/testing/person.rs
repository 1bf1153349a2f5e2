//! People who call the service: without an account, with one, or as an administrator.

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use keyward_auth::PasswordPolicy;
use keyward_domain::identity::registration::{Register, Registration};
use keyward_domain::values::email::Email;
use keyward_domain::values::new_password::NewPassword;
use keyward_domain::values::scopes::Role;
use serde_json::{Value, json};

use super::answer::Answer;
use super::app::{PASSWORD, TestApp, address};
use super::call::Call;

/// A caller of the service.
#[derive(Clone)]
pub struct Person {
    /// The service they call.
    pub app: TestApp,
    pub token: Option<String>,
    pub refresh: String,
    pub id: i64,
    /// The address of their account.
    pub email: String,
}

impl Person {
    /// A request of theirs, to be completed.
    pub fn call(&self, method: &str, path: &str) -> Call {
        let request = Request::builder().method(method).uri(path).body(Body::empty());
        let request = request.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let call = Call::new(self.app.router.clone(), Arc::clone(&self.app.document), request)
            .header("host", "localhost:8000");
        match &self.token {
            Some(token) => call.header("authorization", format!("Bearer {token}")),
            None => call,
        }
    }

    /// Sends a `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path).send().await
    }

    /// Sends a `DELETE`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path).send().await
    }

    /// Sends a `POST`.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path).json(&body).send().await
    }

    /// Sends a `PUT`.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.call("PUT", path).json(&body).send().await
    }

    /// Sends a `PATCH`.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call("PATCH", path).json(&body).send().await
    }

    /// The token they use.
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap()
    }
}

impl TestApp {
    /// A caller without a token.
    pub fn anonymous(&self) -> Person {
        Person { app: self.clone(), token: None, refresh: String::new(), id: 0, email: String::new() }
    }

    /// A caller with this token.
    pub fn bearer(&self, token: &str) -> Person {
        Person { token: Some(token.to_owned()), ..self.anonymous() }
    }

    /// A user of that name, who is signed up if need be, logged in anew.
    pub async fn user(&self, name: &str) -> Person {
        let account = json!({ "email": address(name), "password": PASSWORD, "name": name });
        let answer = self.anonymous().post("/users", account).await;
        assert!([201, 400].contains(&answer.status.as_u16()), "{answer:?}");
        self.log_in(name).await
    }

    /// An administrator of that name, logged in.
    pub async fn admin(&self, name: &str) -> Person {
        let email = Email::parse(&address(name)).unwrap();
        let password = NewPassword::parse(PASSWORD, &PasswordPolicy::default(), Some(&email)).unwrap();
        let registration = Registration { email, password, name: None, role: Role::Admin };
        Register::new(self.ports.clone()).register(registration).await.unwrap();
        self.log_in(name).await
    }

    /// Another session of an existing account.
    pub async fn log_in(&self, name: &str) -> Person {
        let credentials = json!({ "username": address(name), "password": PASSWORD });
        let tokens = self.anonymous().post("/login", credentials).await.assert_status(200).json();
        let text = |member: &str| tokens[member].as_str().unwrap().to_owned();
        let mut person = self.bearer(&text("access_token"));
        let me = person.get("/users/me").await.assert_status(200).json();
        person.refresh = text("refresh_token");
        person.id = me["id"].as_i64().unwrap();
        person.email = address(name);
        person
    }
}
