//! Every text field, filled with what texts are rarely tried with: it comes back as it went in, or is refused.

use keyward_api::testing::app::TestApp;
use keyward_api::testing::person::Person;
use serde_json::{Value, json};

use crate::app::{Starts, Writes};

const TEXTS: [&str; 13] = [
    "plain",
    " leading and trailing ",
    "\u{202e}right to left\u{200f}",
    "\u{1f40e}\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
    "\u{10ffff}\u{10000}",
    "e\u{301} and \u{e9} are not folded",
    "\u{feff}byte order mark",
    "line\r\nbreak\ttab",
    "<script>alert(1)</script>",
    "'; DROP TABLE users; --",
    "{{7*7}}${7*7}%s%n",
    "\\u0000 \\0 %00",
    "\u{fffd}\u{fffe}\u{ffff}",
];

async fn assert_kept(person: &Person, path: &str, field: &str, body: &Value, text: &str) {
    let method = if path == "/posts" { "POST" } else { "PATCH" };
    let answer = person.call(method, path).json(body).send().await;
    assert!(answer.status.is_success(), "{field} = {text:?}: {}", answer.text());
    assert_eq!(answer.json()[field], text);
    let kept = if path == "/posts" { format!("/posts/{}", answer.json()["id"]) } else { path.to_owned() };
    assert_eq!(person.get(&kept).await.json()[field], text, "{field}");
}

#[tokio::test]
async fn a_text_comes_back_as_it_was_written() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    for text in TEXTS {
        assert_kept(&ana, "/posts", "title", &json!({ "title": text, "content": "c" }), text).await;
        assert_kept(&ana, "/posts", "content", &json!({ "title": "t", "content": text }), text).await;
        assert_kept(&ana, "/users/me", "name", &json!({ "name": text }), text).await;
    }
}

#[tokio::test]
async fn control_characters_are_refused_in_what_people_write_but_not_in_passwords() {
    let app = TestApp::start().await;
    let (ana, root) = (app.user("ana").await, app.admin("root").await);
    let category = root.post("/categories", json!({ "name": "Things" })).await.assert_status(201).json();
    let product = |name: &str, description: &str| {
        json!({ "name": name, "description": description, "price": 1, "quantity": 1,
            "category_id": category["id"] })
    };
    for text in ["a\u{1}b", "\u{1b}[31mred", "\u{7f}", "\u{85}", "\u{9b}2J"] {
        for (person, method, path, body) in [
            (&ana, "POST", "/posts", json!({ "title": text, "content": "c" })),
            (&ana, "POST", "/posts", json!({ "title": "t", "content": text })),
            (&ana, "PATCH", "/users/me", json!({ "name": text })),
            (&ana, "POST", "/orders", json!({ "shipping_address": text })),
            (&root, "POST", "/categories", json!({ "name": text })),
            (&root, "POST", "/products", product(text, "d")),
            (&root, "POST", "/products", product("n", text)),
        ] {
            let fault = person.call(method, path).json(&body).send().await.fault();
            let words = "Value error, text must not contain control characters other than tab, newline and carriage \
                         return";
            assert_eq!(
                (&fault["type"], &fault["msg"]),
                (&json!("value_error"), &json!(words)),
                "{path} {body}"
            );
        }
    }
    let password = "a \u{1b} phrase \u{7f} of mine";
    let account = json!({ "email": "controls@example.com", "password": password });
    app.anonymous().post("/users", account).await.assert_status(201);
    let login = json!({ "username": "controls@example.com", "password": password });
    app.anonymous().post("/login", login).await.assert_status(200);
}

#[tokio::test]
async fn a_nul_is_refused_in_every_text() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    for text in ["\0", "a\0b", "\0a", "a\0"] {
        for (method, path, body) in [
            ("POST", "/posts", json!({ "title": text, "content": "c" })),
            ("POST", "/posts", json!({ "title": "t", "content": text })),
            ("PATCH", "/users/me", json!({ "name": text })),
            (
                "POST",
                "/users",
                json!({ "email": format!("a{text}@example.com"), "password": "seven wild horses" }),
            ),
            (
                "POST",
                "/users",
                json!({ "email": "a@example.com", "password": format!("seven wild {text} horses") }),
            ),
            (
                "POST",
                "/users",
                json!({ "email": "a@example.com", "password": "seven wild horses", "name": text }),
            ),
            (
                "POST",
                "/users/me/password",
                json!({ "current_password": "x", "new_password": format!("seven{text}horses") }),
            ),
        ] {
            let fault = ana.call(method, path).json(&body).send().await.fault();
            assert_eq!(fault["msg"], "Value error, text must not contain NUL characters", "{method} {path}");
        }
        let body = json!({ "username": text, "password": text });
        ana.app.anonymous().post("/login", body).await.assert_refused("login");
    }
    ana.get("/posts?search=%00").await.fault();
    ana.get("/posts?owner=me%00").await.fault();
    app.anonymous()
        .call("POST", "/login")
        .form("username=%00&password=%00")
        .send()
        .await
        .assert_refused("form");
}

#[tokio::test]
async fn a_search_may_be_for_anything() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    for text in TEXTS {
        let id = ana.writes(text, true).await;
        let query = text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
        let found = ana.get(&format!("/posts?search={query}")).await.ids();
        assert!(found.contains(&id), "{text:?}");
    }
}

#[tokio::test]
async fn a_text_is_json_in_the_answer_and_never_markup() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.writes("<script>alert(1)</script>", true).await;
    let answer = app.anonymous().get("/blog").await;
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert!(answer.header("content-security-policy").contains("default-src 'none'"));
}
