//! What a mounted resource adds to the service: routes behind locks of its own, scopes by role, a place in the document,
//! letters, a list and example data.

use keyward_api::foundation::Foundation;
use keyward_api::resources::resource::Seeded;
use keyward_api::testing::app::{PASSWORD, TestApp, address};
use keyward_domain::limits::writes::WriteLimit;
use keyward_domain::values::ids::UserId;
use serde_json::{Value, json};

use super::memos::{self, rows};
use crate::app::Starts;
use crate::forge::claims_of;

async fn app_with_memos(flags: &[&str]) -> TestApp {
    TestApp::with_resources(vec![memos::resource()], flags).await
}

#[tokio::test]
async fn its_routes_answer_behind_locks_of_its_own_scopes() {
    let app = app_with_memos(&["--user-scopes", "weather:read"]).await;
    app.anonymous().get("/memos").await.assert_status(401);
    let (ana, bob, root) = (app.user("ana").await, app.user("bob").await, app.admin("root").await);
    let memo = json!({ "content": "buy tea" });
    assert_eq!(ana.post("/memos", memo.clone()).await.assert_status(201).json(), memo);
    assert_eq!(ana.get("/memos").await.assert_status(200).json(), json!([memo]));
    assert_eq!(bob.get("/memos").await.assert_status(200).json(), json!([]));
    ana.get("/memos/all").await.assert_status(403);
    assert_eq!(root.get("/memos/all").await.assert_status(200).json(), json!([memo]));
    assert_eq!(ana.post("/memos", json!({})).await.fault()["loc"], json!(["body", "content"]));

    let narrow = json!({ "username": address("ana"), "password": PASSWORD, "scope": "weather:read" });
    let narrow = app.anonymous().post("/login", narrow).await.assert_status(200).json();
    let narrow = app.bearer(narrow["access_token"].as_str().unwrap());
    let refused = narrow.get("/memos").await.assert_status(403);
    assert!(refused.header("www-authenticate").contains("scope=\"memos:write\""), "{refused:?}");
}

#[tokio::test]
async fn its_scopes_are_granted_by_role() {
    let app = app_with_memos(&[]).await;
    let scope = |token: &str| claims_of(token)["scope"].clone();
    assert_eq!(scope(app.user("ana").await.token()), "memos:write");
    assert_eq!(scope(app.admin("root").await.token()), "admin memos:audit memos:write");
    for beyond in ["memos:audit", "posts:read"] {
        let login = json!({ "username": address("ana"), "password": PASSWORD, "scope": beyond });
        app.anonymous().post("/login", login).await.assert_status(400);
    }
    let metadata = app.anonymous().get("/.well-known/oauth-authorization-server").await.json();
    let openid = ["openid", "profile", "email", "offline_access"];
    let expected = [&openid[..], &["admin", "memos:audit", "memos:write"]].concat();
    assert_eq!(metadata["scopes_supported"], json!(expected));
}

#[tokio::test]
async fn it_is_in_the_document_with_its_tag_its_padlocks_and_its_scopes() {
    let app = app_with_memos(&[]).await;
    let document = app.anonymous().get("/openapi.json").await.assert_status(200).json();
    let tags: Vec<_> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    assert_eq!(
        tags,
        ["login", "users", "factors", "memos", "sessions", "mail", "clients", "oauth", "root", "health"]
    );
    for (method, path, scope) in [
        ("get", "/memos", "memos:write"),
        ("post", "/memos", "memos:write"),
        ("get", "/memos/all", "memos:audit"),
    ] {
        let operation = &document["paths"][path][method];
        assert_eq!(operation["tags"], json!(["memos"]), "{method} {path}");
        assert_eq!(operation["security"][0]["OAuth2PasswordBearer"], json!([scope]), "{method} {path}");
        assert!(operation["responses"]["401"].is_object(), "{method} {path}");
    }
    let scopes = &document["components"]["securitySchemes"]["OAuth2PasswordBearer"]["flows"]["password"];
    let scopes: Vec<_> = scopes["scopes"].as_object().unwrap().keys().collect();
    assert_eq!(scopes, ["admin", "memos:audit", "memos:write"]);
}

#[tokio::test]
async fn its_letters_go_out_with_what_they_are_about_or_not_at_all() {
    let app = app_with_memos(&[]).await;
    let ana = app.user("ana").await;
    ana.post("/memos", json!({ "content": "buy tea" })).await.assert_status(201);
    // The same memo again is refused by its key, after which its letter would have been posted.
    ana.call("POST", "/memos")
        .json(&json!({ "content": "buy tea" }))
        .send_unchecked()
        .await
        .assert_status(500);
    let message = app.letter().await;
    assert_eq!((message.recipient.as_str(), message.letter.subject.as_str()), ("ana@example.com", "Noted"));
    assert_eq!(message.letter.text, "A memo of yours was kept.");
}

#[tokio::test]
async fn a_cursor_of_its_list_is_its_own() {
    let app = app_with_memos(&[]).await;
    let (ana, root) = (app.user("ana").await, app.admin("root").await);
    let next = root.get("/users?limit=1").await.next().unwrap();
    let cursor = next.split_once("after=").unwrap().1;
    let fault = ana.get(&format!("/memos?after={cursor}")).await.fault();
    assert_eq!(fault["loc"], json!(["query", "after"]));
}

#[tokio::test]
async fn its_seed_writes_for_the_accounts_it_is_given() {
    let app = app_with_memos(&[]).await;
    let (ana, root) = (app.user("ana").await, app.admin("root").await);
    let foundation = Foundation {
        ports: app.ports.clone(),
        database: app.database.clone(),
        writes: WriteLimit::default(),
    };
    let seeded = Seeded { administrator: UserId(root.id), user: UserId(ana.id) };
    (app.resources[0].seed.unwrap())(&foundation, seeded).await.unwrap();
    assert_eq!(rows::of(&app.database, UserId(root.id)).await.unwrap(), ["the administrator's"]);
    assert_eq!(ana.get("/memos").await.json(), json!([{ "content": "the user's" }]));
}

#[tokio::test]
async fn it_stands_beside_the_samples_and_is_not_there_without_being_mounted() {
    let every = vec![keyward_blog::resource(), keyward_shop::resource(), memos::resource()];
    let app = TestApp::with_resources(every, &[]).await;
    let ana = app.user("ana").await;
    assert_eq!(claims_of(ana.token())["scope"], "memos:write posts:read posts:write shop");
    for path in ["/memos", "/posts", "/cart", "/users/me"] {
        ana.get(path).await.assert_status(200);
    }

    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    assert_eq!(claims_of(ana.token())["scope"], "posts:read posts:write shop");
    ana.get("/memos").await.assert_status(404);
    assert_eq!(app.document.json["paths"]["/memos"], Value::Null);
}
