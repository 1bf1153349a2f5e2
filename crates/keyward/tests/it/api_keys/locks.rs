//! Which locks open to a key: over every locked operation of the document.

use keyward_api::testing::app::TestApp;
use keyward_api::testing::document::Operation;
use keyward_api::testing::person::Person;
use serde_json::json;

use super::{holder, made, program};
use crate::app::{Starts, operations};

/// Keyward's own operations that a key opens, with the scope that it has to have for that.
const OPEN: [(&str, &str, Option<&str>); 8] = [
    ("GET", "/users/me", None),
    ("GET", "/users/{id}", Some("admin")),
    ("GET", "/users/{id}/api-keys", Some("admin")),
    ("GET", "/users", Some("admin")),
    ("GET", "/clients", Some("admin")),
    ("GET", "/clients/{id}", Some("admin")),
    ("GET", "/oauth/check", None),
    ("POST", "/secret", None),
];
/// Resources: what their locks name, a key of that scope opens.
const RESOURCES: [&str; 5] = ["/posts", "/categories", "/products", "/cart", "/orders"];

/// Every operation that takes a user's token.
pub(super) fn locked() -> impl Iterator<Item = &'static Operation> {
    // The lock of userinfo is for tokens of another audience.
    operations().iter().filter(|operation| operation.for_users() && operation.path != "/oauth/userinfo")
}

/// A call of the operation, with ids of what does not exist.
pub(super) fn path(operation: &Operation) -> String {
    let uuid = "0193a5c0-0000-7000-8000-000000000000";
    let id = if operation.path.starts_with("/sessions/") { uuid } else { "999999" };
    let steps = operation.path.split('/').map(|step| if step.starts_with('{') { id } else { step });
    steps.collect::<Vec<_>>().join("/")
}

/// Whether a key opens an operation.
#[derive(PartialEq)]
enum Opened {
    Never,
    ByAny,
    By(String),
}

impl Opened {
    fn of(operation: &Operation) -> Self {
        if RESOURCES.iter().any(|resource| operation.path.starts_with(resource)) {
            let scope = operation.spec["security"][0]["OAuth2PasswordBearer"][0].as_str().unwrap();
            return Self::By(scope.to_owned());
        }
        let is_it = |(method, path, _): &&(&str, &str, Option<&str>)| {
            (*method, *path) == (&*operation.method, &*operation.path)
        };
        match OPEN.iter().find(is_it) {
            Some((_, _, Some(scope))) => Self::By((*scope).to_owned()),
            Some((_, _, None)) => Self::ByAny,
            None => Self::Never,
        }
    }

    fn to(&self, scopes: &[&str]) -> bool {
        match self {
            Self::Never => false,
            Self::ByAny => true,
            Self::By(scope) => scopes.contains(&&**scope),
        }
    }
}

async fn answered(program: &Person, operation: &Operation) -> (u16, String, String) {
    let call = program.call(&operation.method, &path(operation));
    let call = if operation.spec["requestBody"].is_object() { call.json(&json!({})) } else { call };
    let answer = call.send().await;
    let status = answer.status.as_u16();
    if status < 400 { (status, String::new(), String::new()) } else { (status, answer.code(), answer.text()) }
}

#[tokio::test]
async fn a_key_opens_resources_within_its_scope_and_of_the_account_reads_one_operation() {
    let app = TestApp::start().await;
    let root = app.admin("root").await;
    let all = program(&root).await;
    let reader = holder(&root, &made(&root, json!({ "name": "reader", "scope": "posts:read" })).await);
    let every = ["admin", "catalog:write", "posts:read", "posts:write", "shop"];
    let mut refused = 0;
    for operation in locked() {
        let name = format!("{} {}", operation.method, operation.path);
        let opened = Opened::of(operation);
        for (program, scopes) in [(&all, &every[..]), (&reader, &["posts:read"])] {
            let (status, code, words) = answered(program, operation).await;
            if opened.to(scopes) {
                assert!(![401, 403].contains(&status), "{name}: a key of {scopes:?} gets {status} {words}");
            } else {
                assert_eq!((status, &*code), (403, "insufficient_scope"), "{name}: {words}");
            }
            if opened == Opened::Never {
                let says_so = words.contains("an API key is not good for it");
                assert!(says_so || words.contains("Not enough permissions"), "{name}: {words}");
                refused += 1;
            }
        }
    }
    assert!(refused >= 40, "only {refused} operations refuse a key");
    for (method, path, _) in OPEN {
        let there = locked().any(|operation| operation.method == method && operation.path == path);
        assert!(there, "{method} {path} is no operation");
    }
}

#[tokio::test]
async fn of_its_own_account_a_key_reads_nothing_by_id() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let program = program(&ana).await;
    program.get("/users/me").await.assert_status(200);
    let by_id = program.get(&format!("/users/{}", ana.id)).await.assert_status(403);
    assert_eq!(by_id.code(), "insufficient_scope");
    ana.get(&format!("/users/{}", ana.id)).await.assert_status(200);
}

#[tokio::test]
async fn a_key_makes_no_key_and_ends_no_session() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let program = program(&ana).await;
    let make = program.post("/users/me/api-keys", json!({ "name": "child" })).await.assert_status(403);
    assert!(
        make.detail().contains("API key") && make.header("www-authenticate").contains("insufficient_scope")
    );
    program.post("/logout", json!({})).await.assert_status(403);
    program.post("/logout/all", json!({})).await.assert_status(403);
    ana.get("/users/me").await.assert_status(200);
    assert_eq!(ana.get("/users/me/api-keys").await.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_proxy_that_asks_about_a_key_learns_whose_it_is_and_what_it_is_good_for() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let reader = holder(&ana, &made(&ana, json!({ "name": "k", "scope": "posts:read" })).await);
    let good = reader.get("/oauth/check?scope=posts:read").await.assert_status(204);
    assert_eq!(good.header("x-keyward-user"), ana.id.to_string());
    assert_eq!(good.header("x-keyward-scope"), "posts:read");
    reader.get("/oauth/check?scope=posts:write").await.assert_status(403);
}
