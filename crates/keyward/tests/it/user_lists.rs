//! Lists of accounts that an administrator narrows.

use keyward_api::testing::app::{PASSWORD, TestApp};
use keyward_api::testing::person::Person;
use serde_json::{Value, json};

use crate::app::Starts;

/// An administrator, and the ids of accounts by their names here.
struct People {
    root: Person,
    ids: Vec<(&'static str, i64)>,
}

/// Accounts that differ in what a list is narrowed by.
async fn people(app: &TestApp) -> People {
    let root = app.admin("root").await;
    let mut ids = vec![("root", root.id)];
    for (short, account) in [
        ("ana", json!({ "email": "ana@example.com", "username": "flyingsponge", "name": "Ana Müller" })),
        ("bob", json!({ "email": "bob@example.org", "name": "Ärger & 100%_Söhne" })),
        ("cy", json!({ "username": "cy.blue", "name": "Γιώργος İbrahim" })),
        ("dee", json!({ "email": "dee@example.com", "name": "Blue" })),
    ] {
        let mut account: Value = account;
        account["password"] = json!(PASSWORD);
        let made = app.anonymous().post("/users", account).await.assert_status(201).json();
        ids.push((short, made["id"].as_i64().unwrap()));
    }
    let people = People { root, ids };
    for (short, change) in [("bob", json!({ "disabled": true })), ("dee", json!({ "role": "admin" }))] {
        people.root.patch(&format!("/users/{}", people.id(short)), change).await.assert_status(200);
    }
    people
}

impl People {
    fn id(&self, short: &str) -> i64 {
        self.ids.iter().find(|(name, _)| *name == short).unwrap().1
    }

    /// Who is in the list of this query.
    async fn found(&self, query: &str) -> Vec<&'static str> {
        let ids = self.root.get(&format!("/users?{query}")).await.assert_status(200).ids();
        ids.iter().map(|id| self.ids.iter().find(|(_, known)| known == id).unwrap().0).collect()
    }
}

#[tokio::test]
async fn accounts_are_found_by_parts_of_every_name_they_have() {
    let app = TestApp::start().await;
    let people = people(&app).await;
    for (query, expected) in [
        ("search=example.com", &["root", "ana", "dee"][..]),
        ("search=EXAMPLE.ORG", &["bob"]),
        ("search=gspong", &["ana"]),
        ("search=blue", &["cy", "dee"]),
        ("search=Blue&role=user", &["cy"]),
        // In any letter case, beyond ASCII as well.
        ("search=m%C3%9CLLER", &["ana"]),
        ("search=%C3%A4rger", &["bob"]),
        ("search=%CE%93%CE%B9%CF%8E%CF%81%CE%B3%CE%BF%CF%82", &["cy"]),
        ("search=%C4%B0brahim", &["cy"]),
        // Shorter than what an index of trigrams knows, or without a letter.
        ("search=cy", &["cy"]),
        ("search=%40", &["root", "ana", "bob", "dee"]),
        ("search=%25_", &["bob"]),
        ("search=%22", &[]),
        ("search=%27%20OR%201%3D1", &[]),
        ("search=nothing-like-it", &[]),
        ("search=", &["root", "ana", "bob", "cy", "dee"]),
        ("email=ANA%40example.com", &["ana"]),
        ("email=an%40example.com", &[]),
        ("username=FlyingSponge", &["ana"]),
        ("username=flying", &[]),
        ("username=flyingsponge&email=bob%40example.org", &[]),
        ("username=cy.blue&role=admin", &[]),
        ("role=admin", &["root", "dee"]),
        ("role=user", &["ana", "bob", "cy"]),
        ("role=admin&disabled=true", &[]),
        ("disabled=true", &["bob"]),
        ("disabled=false", &["root", "ana", "cy", "dee"]),
        ("disabled=true&search=example", &["bob"]),
        ("role=user&disabled=false", &["ana", "cy"]),
    ] {
        assert_eq!(people.found(query).await, expected, "{query}");
    }
    for query in [
        "role=owner",
        "disabled=maybe",
        "email=ana",
        "username=a%20b",
        &format!("search={}", "x".repeat(255)),
    ] {
        people.root.get(&format!("/users?{query}")).await.assert_status(422);
    }
}

#[tokio::test]
async fn a_change_of_a_name_is_found_at_once_and_a_deleted_account_is_not() {
    let app = TestApp::start().await;
    let people = people(&app).await;
    let ana = app.log_in("ana").await;
    ana.patch("/users/me", json!({ "name": "Quicksilver" })).await.assert_status(200);
    assert_eq!(people.found("search=quicks").await, ["ana"]);
    assert!(people.found("search=M%C3%BCller").await.is_empty());
    people.root.delete(&format!("/users/{}", people.id("ana"))).await.assert_status(204);
    for query in ["search=quicks", "search=flyingsponge", "search=deleted", "email=ana%40example.com"] {
        assert!(people.found(query).await.is_empty(), "{query}");
    }
    assert_eq!(people.found("disabled=true").await, ["bob"]);
}

#[tokio::test]
async fn pages_of_a_narrowed_list_meet_every_account_once() {
    let app = TestApp::start().await;
    let people = people(&app).await;
    for (query, expected) in [
        ("search=example", &["root", "ana", "bob", "dee"][..]),
        ("search=%40", &["root", "ana", "bob", "dee"]),
        ("role=user", &["ana", "bob", "cy"]),
        ("role=admin", &["root", "dee"]),
    ] {
        let mut met = Vec::new();
        let mut next = Some(format!("/users?{query}&limit=1"));
        while let Some(path) = next {
            let page = people.root.get(&path).await.assert_status(200);
            met.extend(page.ids());
            next = page.next();
            assert!(met.len() < 10, "{query} goes round in circles");
        }
        let expected: Vec<_> = expected.iter().map(|short| people.id(short)).collect();
        assert_eq!(met, expected, "{query}");
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_the_filters_that_it_was_made_under() {
    let app = TestApp::start().await;
    let root = people(&app).await.root;
    let cursor = |next: Option<String>| next.unwrap().rsplit_once("after=").unwrap().1.to_owned();
    let of_all = cursor(root.get("/users?limit=1").await.next());
    let of_users = cursor(root.get("/users?limit=1&role=user").await.next());
    for (query, status) in [
        (format!("after={of_all}"), 200),
        (format!("limit=7&after={of_all}"), 200),
        (format!("role=user&after={of_users}"), 200),
        // Whatever the server does not know changes nothing.
        (format!("after={of_users}&role=user&limit=7&_=1"), 200),
        (format!("r%6fle=us%65r&after={of_users}"), 200),
        (format!("after={of_users}"), 422),
        (format!("role=admin&after={of_users}"), 422),
        (format!("role=user&disabled=false&after={of_users}"), 422),
        // The version before made no other cursors.
        (format!("role=user&after={of_all}"), 200),
    ] {
        let answer = root.get(&format!("/users?{query}")).await;
        assert_eq!(answer.status, status, "{query}: {}", answer.text());
        if status == 422 {
            let fault = answer.fault();
            assert_eq!(
                (&fault["type"], &fault["loc"]),
                (&json!("value_error"), &json!(["query", "after"])),
                "{query}"
            );
        }
    }
}

#[tokio::test]
async fn only_an_administrator_searches() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.get("/users?search=root").await.assert_status(403);
    app.anonymous().get("/users?email=ana%40example.com").await.assert_status(401);
}
