//! Administrators and the keys of others.

use keyward_api::testing::app::TestApp;
use keyward_domain::model::events::EventKind;
use keyward_domain::values::by::Who;
use keyward_domain::values::ids::UserId;
use serde_json::json;
use time::Duration;

use super::{holder, made, program};
use crate::app::Starts;
use crate::events::events;
use crate::factors::phone::{back, enrol};

#[tokio::test]
async fn an_administrator_sees_the_keys_of_others_and_takes_them_away() {
    let app = TestApp::start().await;
    let (root, ana, eve) = (app.admin("root").await, app.user("ana").await, app.user("eve").await);
    let (one, two) = (made(&ana, json!({ "name": "one" })).await, made(&ana, json!({ "name": "two" })).await);
    app.letters().await;
    let of_ana = format!("/users/{}/api-keys", ana.id);
    eve.get(&of_ana).await.assert_status(403);
    eve.delete(&of_ana).await.assert_status(403);
    let listed = root.get(&of_ana).await.assert_status(200).json();
    assert_eq!(
        (&listed[0]["name"], &listed[1]["name"], listed[2].is_null()),
        (&json!("one"), &json!("two"), true)
    );
    assert!(listed[0].get("key").is_none());
    for path in ["/users/999999/api-keys".to_owned(), "/users/999999/api-keys/1".to_owned()] {
        root.delete(&path).await.assert_status(404);
    }
    root.get("/users/999999/api-keys").await.assert_status(404);
    let of_another = format!("/users/{}/api-keys/{}", eve.id, one["id"]);
    root.delete(&of_another).await.assert_status(404);
    root.delete(&format!("{of_ana}/{}", one["id"])).await.assert_status(204);
    holder(&ana, &one).get("/users/me").await.assert_gone("a key that was taken away");
    holder(&ana, &two).get("/users/me").await.assert_status(200);
    let letter = app.letter().await;
    assert_eq!(letter.recipient.as_str(), ana.email);
    assert!(letter.letter.text.contains("an API key of the account"), "{}", letter.letter.text);
    root.delete(&of_ana).await.assert_status(204);
    holder(&ana, &two).get("/users/me").await.assert_gone("a key that was taken away");
    assert!(app.letter().await.letter.text.contains("every API key"));
    root.delete(&of_ana).await.assert_status(204);
    assert!(app.letters().await.is_empty(), "there was nothing to report");
    let removed: Vec<_> =
        events(&app).await.into_iter().filter(|event| event.kind == EventKind::ApiKeyRemoved).collect();
    assert_eq!(removed.len(), 2);
    for event in removed {
        assert_eq!((event.by.who, event.user), (Who::User(UserId(root.id)), Some(UserId(ana.id))));
    }
}

#[tokio::test]
async fn taking_keys_away_asks_for_a_fresh_login_and_the_second_factor() {
    let app = TestApp::start().await;
    let (root, ana) = (app.admin("root").await, app.user("ana").await);
    let key = program(&ana).await;
    let of_ana = format!("/users/{}/api-keys", ana.id);
    let (phone, _) = enrol(&app, &root).await;
    for path in [of_ana.clone(), format!("{of_ana}/1")] {
        let weak = root.delete(&path).await.assert_status(401);
        assert_eq!(weak.code(), "insufficient_user_authentication");
        assert!(weak.header("www-authenticate").contains("aal2"), "{weak:?}");
    }
    let strong = back(&app, "root", &phone).await;
    app.clock.advance(Duration::seconds(301));
    for path in [of_ana.clone(), format!("{of_ana}/1")] {
        strong.delete(&path).await.assert_status(401);
    }
    key.get("/users/me").await.assert_status(200);
    let faulty = strong.call("DELETE", "/users/x/api-keys/y").send().await.assert_status(401);
    assert_eq!(faulty.code(), "insufficient_user_authentication", "the lock comes before the path");
    let fresh = back(&app, "root", &phone).await;
    let both = fresh.delete("/users/x/api-keys/y").await.assert_status(422).faults();
    let places: Vec<_> = both.iter().map(|fault| fault["loc"].clone()).collect();
    assert_eq!(places, [json!(["path", "id"]), json!(["path", "key"])], "both faults at once");
}
