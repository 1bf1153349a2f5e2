//! A service that mounts the blog alone, and people who write posts.

use keyward_api::testing::app::TestApp;
use keyward_api::testing::person::Person;
use serde_json::json;

/// The service on a database of the test's own, without accounts.
pub(crate) async fn start() -> TestApp {
    TestApp::with_resources(vec![keyward_blog::resource()], &[]).await
}

/// Writes a post over HTTP. Returns its id.
pub(crate) async fn write(author: &Person, title: &str, published: bool) -> i64 {
    let body = json!({ "title": title, "content": "content", "published": published });
    author.post("/posts", body).await.assert_status(201).json()["id"].as_i64().unwrap()
}
