//! The file that people download with what is kept about them: Keyward's own part, and what each resource holds.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use keyward_api::resources::own_data::OwnData;
use keyward_api::resources::resource::Resource;
use keyward_api::testing::app::{PASSWORD, TestApp};
use keyward_domain::identity::own_data::{OwnDataSource, OwnPage};
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::page::Slice;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::app::{Starts, Writes};
use crate::browser::Browser;
use crate::relying_party::RelyingParty;

const PATH: &str = "/account/data";

#[tokio::test]
async fn it_holds_what_the_resources_and_the_security_events_say_and_nothing_of_others() {
    let app = TestApp::start().await;
    let (ana, eve) = (app.user("ana").await, app.user("eve").await);
    ana.writes("Published", true).await;
    ana.writes("A draft", false).await;
    eve.writes("Of Eve", true).await;
    let root = app.admin("root").await;
    let category = root.post("/categories", json!({ "name": "Tea" })).await.assert_status(201).json();
    let product = json!({ "name": "Pot", "description": "", "price": 39.9, "quantity": 9, "category_id": category["id"] });
    let product = root.post("/products", product).await.assert_status(201).json();
    let wanted = json!({ "product_id": product["id"], "quantity": 2 });
    ana.post("/cart/items", wanted.clone()).await.assert_status(201);
    let order = json!({ "shipping_address": "1 Main Street" });
    ana.post("/orders", order).await.assert_status(201);
    ana.post("/cart/items", wanted).await.assert_status(201);
    let wrong = json!({ "username": "ana@example.com", "password": "not hers" });
    app.anonymous().post("/login", wrong).await.assert_status(401);
    let path = format!("/users/{}", ana.id);
    let change = root.call("PATCH", &path).header("user-agent", "the browser of root").from("203.0.113.77");
    change.json(&json!({ "role": "admin" })).send().await.assert_status(200);
    let browser = Browser::logged_in(&app, "ana").await;
    let rp = RelyingParty::public(&app, "album").await;
    rp.tokens(&browser, &[]).await;

    let answer = browser.get(PATH).await.assert_status(200);
    assert_eq!(answer.header("content-type"), "application/json");
    let data = answer.json();
    let titles: Vec<_> = data["posts"].as_array().unwrap().iter().map(|post| &post["title"]).collect();
    assert_eq!(titles, [&json!("Published"), &json!("A draft")]);
    assert_eq!(data["orders"].as_array().unwrap().len(), 1, "{data}");
    assert_eq!(data["cart"][0]["quantity"], 2);
    assert_eq!(data["applications"][0]["client_id"], "album");
    let kinds: BTreeSet<_> = data["security_events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["kind"].as_str().unwrap())
        .collect();
    let events = data["security_events"].as_array().unwrap();
    let by_root = events.iter().find(|event| event["kind"] == "role_changed").unwrap();
    assert_eq!((&by_root["ip"], &by_root["user_agent"]), (&json!(null), &json!(null)));
    for kind in ["login_ok", "login_failed", "app_allowed"] {
        assert!(kinds.contains(kind), "{kind}: {kinds:?}");
    }
    assert_eq!(data["sessions"].as_array().unwrap().len(), 3, "two logins and the application's");
    for secret in
        ["Of Eve", "eve@", "203.0.113.77", "of root", PASSWORD, "$argon2", "kwr_", "kwp_", "salt", "hash"]
    {
        assert!(!answer.text().contains(secret), "{secret}");
    }
    let members: Vec<&String> = data.as_object().unwrap().keys().collect();
    assert_eq!(members.len(), 9, "{members:?}");
    Browser::new(&app).get(PATH).await.assert_status(303);
}

/// Posts of an account, sent a page at a time.
#[tokio::test]
async fn many_posts_are_sent_in_pieces_and_each_is_there_once() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let content = "x".repeat(20_000);
    let mut ids = BTreeSet::new();
    for number in 0..120 {
        let post = json!({ "title": format!("Post {number}"), "content": content });
        let answer = ana.post("/posts", post).await;
        // An account writes as fast as it may.
        if answer.status == 429 {
            app.clock.advance(time::Duration::minutes(1));
            continue;
        }
        ids.insert(answer.assert_status(201).json()["id"].as_i64().unwrap());
    }
    assert!(ids.len() > 60, "{}", ids.len());
    let browser = Browser::logged_in(&app, "ana").await;
    let cookie = format!("__Host-keyward={}", browser.cookie("__Host-keyward").unwrap());
    let request = Request::get(PATH).header("host", "localhost:8000").header("cookie", cookie);
    let answer = app.router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers().get("content-length"), None);
    let (mut body, mut whole, mut largest) = (answer.into_body(), Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let piece = frame.unwrap().into_data().unwrap();
        largest = largest.max(piece.len());
        whole.extend_from_slice(&piece);
    }
    assert!(whole.len() > 1_200_000 && largest < 1_200_000, "{largest} of {}", whole.len());
    let data: Value = serde_json::from_slice(&whole).unwrap();
    let sent: Vec<i64> =
        data["posts"].as_array().unwrap().iter().map(|post| post["id"].as_i64().unwrap()).collect();
    assert_eq!(sent.len(), ids.len());
    assert_eq!(sent.into_iter().collect::<BTreeSet<_>>(), ids);
}

/// A list of a resource of one's own.
struct Notes;

#[async_trait]
impl OwnDataSource for Notes {
    async fn page(&self, user: UserId, after: Option<String>) -> Result<OwnPage, StoreError> {
        let (number, next) = if after.is_none() { (1, Some("1".to_owned())) } else { (2, None) };
        Ok(Slice { items: vec![json!({ "note": number, "of": user.0 }).to_string()], next })
    }
}

#[tokio::test]
async fn a_resource_of_ones_own_joins() {
    let own_data = &[OwnData { name: "notes", source: |_| Arc::new(Notes) }];
    let resource = Resource { own_data, ..crate::resources::memos::resource() };
    let app = TestApp::with_resources(vec![resource], &[]).await.with_pages(keyward_pages::pages());
    let ana = app.user("ana").await;
    let browser = Browser::logged_in(&app, "ana").await;
    let data = browser.get(PATH).await.assert_status(200).json();
    assert_eq!(data["notes"], json!([{ "note": 1, "of": ana.id }, { "note": 2, "of": ana.id }]));
    assert_eq!(data.get("posts"), None);
}
