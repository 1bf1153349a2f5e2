//! The document against the behaviour, operation by operation: a padlock is there if and only if there is a lock.

use std::collections::BTreeSet;
use std::path::Path;

use crate::app::{Starts, document, operations};
use keyward_api::testing::app::{PASSWORD, TestApp};
use serde_json::{Value, json};

/// The operations that anyone may call, one a line, as they were reviewed.
const PUBLIC: &str = include_str!("../public_operations.txt");

/// A path with something in place of its parameters.
fn filled(path: &str, with: &str) -> String {
    let steps: Vec<&str> =
        path.split('/').map(|step| if step.starts_with('{') { with } else { step }).collect();
    steps.join("/")
}

#[tokio::test]
async fn an_operation_is_locked_if_and_only_if_an_anonymous_call_answers_401() {
    let app = TestApp::start().await;
    for operation in operations() {
        for id in ["1", "999999999", "not-an-id", "99999999999999999999", "%00", "%FF"] {
            let path = filled(&operation.path, id);
            let nobody = app.anonymous();
            let answers = [
                nobody.call(&operation.method, &path).send().await,
                nobody.call(&operation.method, &path).json(&json!({ "nonsense": true })).send().await,
                nobody.call(&operation.method, &path).body("application/json", "{").send().await,
                nobody.call(&operation.method, &path).body("text/plain", "x").send().await,
                nobody.call(&operation.method, &format!("{path}?limit=x&after=%FF")).send().await,
            ];
            for answer in answers {
                let name = format!("{} {path}: {}", operation.method, answer.text());
                let shut = answer.status == 401 && answer.detail() != "Invalid Credentials";
                assert_eq!(shut, operation.locked(), "{name}");
                if operation.for_users() {
                    assert_eq!(
                        answer.json(),
                        json!({ "detail": "Not authenticated", "code": "not_authenticated" }),
                        "{name}"
                    );
                    let challenge = answer.header("www-authenticate");
                    let named = challenge.starts_with("Bearer resource_metadata=\"");
                    assert!(named || operation.path == "/oauth/check" && challenge == "Bearer", "{name}");
                } else if operation.locked() {
                    assert!(answer.header("www-authenticate").starts_with("Basic "), "{name}");
                }
            }
        }
    }
}

#[test]
fn the_unlocked_operations_are_the_reviewed_ones() {
    let reviewed: BTreeSet<String> = PUBLIC.lines().map(str::to_owned).collect();
    let unlocked: BTreeSet<String> = operations()
        .iter()
        .filter(|operation| !operation.locked())
        .map(|operation| format!("{} {}", operation.method, operation.path))
        .collect();
    assert_eq!(unlocked, reviewed, "left: not locked; right: crates/api/tests/public_operations.txt");
}

#[test]
fn the_reviewed_list_is_sorted_and_says_nothing_twice() {
    let lines: Vec<&str> = PUBLIC.lines().collect();
    assert!(lines.windows(2).all(|pair| pair[0] < pair[1]), "{lines:?}");
}

#[test]
fn every_operation_has_a_name_of_its_own_a_tag_and_a_summary() {
    let mut names = BTreeSet::new();
    for operation in operations() {
        let name = operation.spec["operationId"].as_str().unwrap();
        assert!(names.insert(name), "{name} stands there twice");
        assert!(operation.spec["tags"].as_array().is_some_and(|tags| tags.len() == 1), "{name}");
        assert!(operation.spec["summary"].is_string(), "{name}");
        for response in operation.spec["responses"].as_object().unwrap().values() {
            assert!(response["description"].as_str().is_some_and(|words| !words.is_empty()), "{name}");
        }
    }
}

#[test]
fn every_padlock_for_users_opens_with_either_scheme() {
    for operation in operations().iter().filter(|operation| operation.locked()) {
        let alternatives = operation.spec["security"].as_array().unwrap();
        assert_eq!(alternatives.len(), operation.schemes().len(), "two schemes at once: {}", operation.path);
        if operation.for_users() {
            assert_eq!(operation.schemes(), ["OAuth2PasswordBearer", "HTTPBearer"], "{}", operation.path);
        }
        assert!(operation.spec["responses"]["401"].is_object(), "{}", operation.path);
    }
}

#[test]
fn the_password_form_posts_to_login_and_titles_every_scope() {
    let schemes = &document()["components"]["securitySchemes"];
    let flow = &schemes["OAuth2PasswordBearer"]["flows"]["password"];
    assert_eq!(schemes["OAuth2PasswordBearer"]["type"], "oauth2");
    assert_eq!(flow["tokenUrl"], "/login");
    assert_eq!(schemes["HTTPBearer"]["type"], "http");
    assert_eq!(schemes["HTTPBearer"]["scheme"], "bearer");
    let titles = flow["scopes"].as_object().unwrap();
    assert!(titles.values().all(|title| title.as_str().is_some_and(|title| !title.is_empty())));
    let needed = operations().iter().flat_map(|operation| {
        operation.spec["security"][0]["OAuth2PasswordBearer"].as_array().into_iter().flatten()
    });
    for scope in needed.filter_map(Value::as_str) {
        assert!(titles.contains_key(scope), "{scope} has no title");
    }
    assert!(titles.contains_key("posts:read") && titles.contains_key("posts:write"));
}

#[test]
fn a_scope_in_the_document_means_a_documented_403() {
    for operation in operations() {
        let scopes = operation.spec["security"][0]["OAuth2PasswordBearer"].as_array();
        if scopes.is_some_and(|scopes| !scopes.is_empty()) {
            assert!(operation.spec["responses"]["403"].is_object(), "{}", operation.path);
        }
    }
}

#[tokio::test]
async fn without_its_scope_a_token_opens_nothing_that_asks_for_one() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let narrow = async |scope: &str| {
        let login = json!({ "username": "ana@example.com", "password": PASSWORD, "scope": scope });
        let token = app.anonymous().post("/login", login).await.json()["access_token"].clone();
        app.bearer(token.as_str().unwrap())
    };
    let (reader, writer) = (narrow("posts:read").await, narrow("posts:write").await);
    for operation in operations().iter().filter(|operation| operation.for_users()) {
        let scope = operation.spec["security"][0]["OAuth2PasswordBearer"][0].as_str();
        let Some(scope) = scope else { continue };
        let narrow = if scope == "posts:read" { &writer } else { &reader };
        let answer = narrow.call(&operation.method, &filled(&operation.path, "1")).send().await;
        assert_eq!(answer.status, 403, "{} {}", operation.method, operation.path);
        assert_eq!(answer.detail(), "Not enough permissions");
        let challenge = answer.header("www-authenticate");
        assert!(challenge.contains("error=\"insufficient_scope\""), "{challenge}");
        assert!(challenge.contains(&format!("scope=\"{scope}\", resource_metadata=\"")), "{challenge}");
    }
}

#[tokio::test]
async fn the_served_document_is_the_one_in_the_repository() {
    let app = TestApp::start().await;
    let answer = app.anonymous().get("/openapi.json").await.assert_status(200);
    assert_eq!(answer.header("content-type"), "application/json");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi.json");
    let kept = std::fs::read_to_string(&file).unwrap();
    let hint = "openapi.json is out of date: run `cargo xtask openapi`";
    assert!(answer.json() == *document(), "the served document is another than the binary prints");
    assert!(answer.json() == serde_json::from_str::<Value>(&kept).unwrap(), "{hint}");
}

#[test]
fn errors_are_documented_under_fastapis_names() {
    let schemas = document()["components"]["schemas"].as_object().unwrap();
    for name in ["HTTPValidationError", "ValidationError", "Problem", "Token", "User", "Post"] {
        assert!(schemas.contains_key(name), "{name} is missing");
    }
    assert_eq!(document()["openapi"].as_str().map(|version| &version[..3]), Some("3.1"));
    assert!(!document().to_string().contains("\"password_hash\""));
}

#[test]
fn every_reference_in_the_document_leads_somewhere() {
    fn follow(value: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                    let target = document().pointer(reference.trim_start_matches('#'));
                    assert!(target.is_some(), "{reference} leads nowhere");
                }
                members.values().for_each(follow);
            }
            Value::Array(elements) => elements.iter().for_each(follow),
            _ => {}
        }
    }
    follow(document());
}
