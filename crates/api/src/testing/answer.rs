//! What came back.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// Reads an answer to its end.
    pub async fn read(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self { status: parts.status, headers: parts.headers, body }
    }

    /// That it has this status.
    #[expect(clippy::return_self_not_must_use, reason = "often the last thing that a test asks")]
    #[track_caller]
    pub fn assert_status(self, expected: u16) -> Self {
        assert_eq!(self.status.as_u16(), expected, "{}", self.text());
        self
    }

    /// Its body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Its body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// What went wrong, in words.
    #[track_caller]
    pub fn detail(&self) -> String {
        self.json()["detail"].as_str().unwrap_or_else(|| panic!("no words: {}", self.text())).to_owned()
    }

    /// What went wrong, for programs.
    #[track_caller]
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_else(|| panic!("no code: {}", self.text())).to_owned()
    }

    /// The faulty fields of a 422.
    #[track_caller]
    pub fn faults(&self) -> Vec<Value> {
        assert_eq!(self.status, 422, "{}", self.text());
        self.json()["detail"].as_array().unwrap_or_else(|| panic!("no faults: {}", self.text())).clone()
    }

    /// The only faulty field of a 422.
    #[track_caller]
    pub fn fault(&self) -> Value {
        let faults = self.faults();
        assert_eq!(faults.len(), 1, "{}", self.text());
        faults[0].clone()
    }

    /// A header field, or nothing. Of several challenges the first.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let once = self.headers.get_all(name).iter().count() <= 1;
        assert!(once || name == "www-authenticate", "{name} stands there twice: {self:?}");
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The ids of a list.
    #[track_caller]
    pub fn ids(&self) -> Vec<i64> {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json().as_array().unwrap().iter().map(|item| item["id"].as_i64().unwrap()).collect()
    }

    /// Where the next page is, if there is one.
    #[track_caller]
    pub fn next(&self) -> Option<String> {
        let link = self.header("link").to_owned();
        let (target, rest) = link.strip_prefix('<')?.split_once('>').unwrap();
        assert_eq!(rest, "; rel=\"next\"");
        Some(target.to_owned())
    }

    /// That a lock stayed shut for a token that is not good.
    #[track_caller]
    pub fn assert_invalid_token(&self, what: &str) {
        assert_eq!(self.status, 401, "{what}: {}", self.text());
        assert_eq!(
            self.json(),
            serde_json::json!({ "detail": "Could not validate credentials", "code": "invalid_token" }),
            "{what}"
        );
        let challenge = self.header("www-authenticate");
        assert!(challenge.starts_with("Bearer error=\"invalid_token\""), "{what}: {challenge}");
    }

    /// Asserts a 401 for an account that no longer exists.
    #[track_caller]
    pub fn assert_gone(&self, what: &str) {
        assert_eq!(self.status, 401, "{what}: {}", self.text());
        assert_eq!(
            self.json(),
            serde_json::json!({ "detail": "Could not validate credentials", "code": "invalid_token" }),
            "{what}"
        );
        assert!(self.header("www-authenticate").starts_with("Bearer"), "{what}");
    }

    /// That the service refused a request of the caller's making, and lived.
    #[track_caller]
    pub fn assert_refused(&self, what: &str) {
        assert!(self.status.is_client_error(), "{what}: {} {}", self.status, self.text());
        assert!(!self.json()["detail"].is_null(), "{what}: {}", self.text());
        assert!(self.json()["code"].is_string(), "{what}: {}", self.text());
    }
}
