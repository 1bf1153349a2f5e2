//! The front door, and one room with and one without a lock.

use keyward_api::testing::app::TestApp;
use serde_json::json;

use crate::app::Starts;

#[tokio::test]
async fn the_front_door_says_what_this_is_and_where_its_documentation_is() {
    let app = TestApp::start().await;
    let answer = app.anonymous().get("/").await.assert_status(200);
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(answer.json(), json!({ "name": "keyward", "version": version, "docs": "/docs" }));
}

#[tokio::test]
async fn anyone_may_read_what_is_not_secret() {
    let app = TestApp::start().await;
    let answer = app.anonymous().get("/notsecret").await.assert_status(200);
    assert_eq!(answer.json(), json!("Not secret data"));
}

#[tokio::test]
async fn only_users_read_the_secret() {
    let app = TestApp::start().await;
    app.anonymous().call("POST", "/secret").send().await.assert_status(401);
    let ana = app.user("ana").await;
    let answer = ana.call("POST", "/secret").send().await.assert_status(200);
    assert_eq!(answer.json(), json!("Top Secret data only authorized users can access this info"));
}
