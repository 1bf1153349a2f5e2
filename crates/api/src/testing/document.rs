//! The OpenAPI document as a yardstick: every answer a test gets is held against it.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;

use axum::http::{Method, StatusCode};
use keyward_guard::ErrorCode;
use serde_json::Value;

use super::answer::Answer;
use super::schema;
use crate::resources::resource::Resource;
use crate::router;

pub struct Operation {
    /// Its method, in capitals.
    pub method: String,
    /// The template of its path.
    pub path: String,
    /// What the document says of it.
    pub spec: Value,
}

impl Operation {
    /// The schemes that open its lock, each by itself; none where there is no lock.
    pub fn schemes(&self) -> Vec<&str> {
        let alternatives = self.spec["security"].as_array().into_iter().flatten();
        alternatives.flat_map(|one| one.as_object().unwrap().keys()).map(String::as_str).collect()
    }

    /// Whether the document draws a padlock.
    pub fn locked(&self) -> bool {
        !self.schemes().is_empty()
    }

    /// Whether a user's access token opens it.
    pub fn for_users(&self) -> bool {
        self.schemes().contains(&"OAuth2PasswordBearer")
    }

    fn fits(&self, path: &str) -> bool {
        let (template, path): (Vec<_>, Vec<_>) = (self.path.split('/').collect(), path.split('/').collect());
        template.len() == path.len()
            && template.iter().zip(&path).all(|(a, b)| a == b || (a.starts_with('{') && !b.is_empty()))
    }
}

/// The document of a service.
pub struct Document {
    pub json: Value,
    pub operations: Vec<Operation>,
}

impl Document {
    /// The document of a service with these resources.
    pub fn of(resources: &[Resource]) -> Self {
        let json = serde_json::to_value(router::document(resources)).unwrap();
        let paths: BTreeMap<String, BTreeMap<String, Value>> =
            serde_json::from_value(json["paths"].clone()).unwrap();
        let flat = paths.into_iter().flat_map(|(path, methods)| {
            methods.into_iter().map(move |(method, spec)| (method.to_uppercase(), path.clone(), spec))
        });
        let operations = flat.map(|(method, path, spec)| Operation { method, path, spec }).collect();
        Self { json, operations }
    }

    /// The operation behind a request: the one with the fewest parameters, as the router chooses.
    fn operation(&self, method: &Method, path: &str) -> Option<&Operation> {
        let all = self.operations.iter().filter(|operation| operation.fits(path));
        let fewest = all.clone().map(|operation| operation.path.matches('{').count()).min()?;
        let mut chosen = all.filter(|operation| operation.path.matches('{').count() == fewest);
        chosen.find(|operation| operation.method == method.as_str())
    }
}

/// That an answer is what the document promises for the operation, and has what every answer has.
#[track_caller]
pub fn check(document: &Document, method: &Method, path: &str, answer: &Answer) {
    let place = format!("{method} {path} answered {}: {}", answer.status, answer.text());
    assert!(!answer.header("x-request-id").is_empty(), "no request id: {place}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{place}");
    assert_ne!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{place}");
    if answer.status.is_client_error() || answer.status.is_server_error() {
        let is_page = answer.header("content-type") == "text/html; charset=utf-8";
        // Pages for people are not in the document.
        let may_be_page = document.operation(method, path).is_none();
        let is_json = answer.header("content-type") == "application/json";
        assert!(is_json || is_page && may_be_page, "{place}");
    }
    let Some(operation) = document.operation(method, path) else {
        let is_page = answer.header("content-type") == "text/html; charset=utf-8";
        assert!(!answer.status.is_server_error() || is_page && answer.status == 503, "{place}");
        return;
    };
    let promised = &operation.spec["responses"][answer.status.as_str()];
    if promised.is_null() && is_the_boundarys(answer) {
        return;
    }
    assert!(promised.is_object(), "not documented: {place}");
    if answer.status == StatusCode::UNAUTHORIZED {
        assert!(!answer.header("www-authenticate").is_empty(), "no challenge: {place}");
    }
    let schema = &promised["content"]["application/json"]["schema"];
    if schema.is_object() {
        assert_eq!(answer.header("content-type"), "application/json", "{place}");
        let faults = schema::faults(&document.json, schema, &answer.json());
        assert!(faults.is_empty(), "{faults:?} are not as documented: {place}");
        let examples = &promised["content"]["application/json"]["examples"];
        let code = answer.json()["code"].as_str().map(str::to_owned);
        if answer.status.is_client_error() || answer.status.is_server_error() {
            let code = code.unwrap_or_else(|| panic!("no code: {place}"));
            if is_about_a_proof(answer, &code) {
                return;
            }
            assert!(examples[&code].is_object(), "the operation does not document {code}: {place}");
            record(operation, answer.status, &code);
        }
    } else {
        assert!(promised["content"].is_object() || answer.body.is_empty(), "an undocumented body: {place}");
    }
}

/// Appends the refusal to the file that `KEYWARD_TEST_REFUSALS` names, if it does: `cargo xtask test` compares what all tests
/// have seen with the document.
fn record(operation: &Operation, status: StatusCode, code: &str) {
    let Some(file) = std::env::var_os("KEYWARD_TEST_REFUSALS") else { return };
    let line = format!("{} {} {} {code}\n", operation.method, operation.path, status.as_u16());
    let mut file = OpenOptions::new().append(true).create(true).open(file).unwrap();
    // In one write, so that lines of several processes stay whole.
    file.write_all(line.as_bytes()).unwrap();
}

/// Refusals of DPoP proofs, which come from any lock; `docs/API.md` has them once for all.
fn is_about_a_proof(answer: &Answer, code: &str) -> bool {
    let known =
        [ErrorCode::INVALID_DPOP_PROOF, ErrorCode::USE_DPOP_NONCE].iter().any(|own| own.as_str() == code);
    known
        && answer.status == StatusCode::UNAUTHORIZED
        && answer.header("www-authenticate").starts_with("DPoP ")
}

/// Answers that come from before any operation, for requests that are no proper HTTP.
fn is_the_boundarys(answer: &Answer) -> bool {
    matches!(answer.status.as_u16(), 414 | 431)
        || (answer.status == 400 && answer.text().contains("The Host header"))
}
