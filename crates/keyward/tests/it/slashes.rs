//! One canonical path an operation; the other form leads there.

use crate::app::{Starts, operations};
use keyward_api::testing::app::TestApp;
use serde_json::json;

use crate::wire::{Server, status};

#[tokio::test]
async fn a_slash_too_many_leads_to_the_canonical_path_whatever_the_method() {
    let app = TestApp::start().await;
    for operation in operations().iter().filter(|operation| operation.path != "/") {
        let path = operation.path.replace("{id}", "1");
        let answer = app.anonymous().call(&operation.method, &format!("{path}/")).send().await;
        let answer = answer.assert_status(307);
        assert_eq!(answer.header("location"), path, "{}", operation.method);
    }
    for page in ["/docs", "/redoc", "/openapi.json"] {
        assert_eq!(
            app.anonymous().get(&format!("{page}/")).await.assert_status(307).header("location"),
            page
        );
    }
}

#[tokio::test]
async fn the_query_comes_along() {
    let app = TestApp::start().await;
    let answer = app.anonymous().get("/posts/?limit=2&search=a%20b").await.assert_status(307);
    assert_eq!(answer.header("location"), "/posts?limit=2&search=a%20b");
    let answer = app.anonymous().get("/posts/1/?x").await.assert_status(307);
    assert_eq!(answer.header("location"), "/posts/1?x");
}

#[tokio::test]
async fn a_body_is_not_read_on_the_way() {
    let app = TestApp::start().await;
    let answer = app.anonymous().post("/login/", json!({ "username": "a", "password": "b" })).await;
    assert_eq!(answer.assert_status(307).header("location"), "/login");
}

#[tokio::test]
async fn a_redirect_never_leads_to_another_host() {
    let app = TestApp::start().await;
    for path in
        ["//evil.example/", "/%2F%2Fevil.example/", "/\\evil.example/", "//evil.example/posts/", "/posts//"]
    {
        let Ok(uri) = path.parse::<axum::http::Uri>() else { continue };
        if uri.host().is_some() {
            continue;
        }
        let answer = app.anonymous().get(path).await;
        let location = answer.header("location");
        assert!(
            !location.starts_with("//") && !location.contains(":/") && !location.starts_with("/\\"),
            "{location}"
        );
    }
}

#[tokio::test]
async fn nor_does_one_over_the_wire_where_a_path_may_begin_like_a_host() {
    let server = Server::start().await;
    for target in [
        "//evil.example/",
        "//evil.example/posts/",
        "///posts/",
        "/\\evil.example/",
        "/posts//",
        "/docs//evil.example/",
        "/%2f%2fevil.example/",
        "/posts/%0d%0aLocation:%20https:%2f%2fevil.example/",
        "http://evil.example/posts/",
        "http://evil.example//evil.example/",
    ] {
        let answer = server.ask(&format!("GET {target} HTTP/1.1\r\nHost: localhost")).await;
        for line in answer.lines().filter(|line| line.to_lowercase().starts_with("location:")) {
            let place = line["location:".len()..].trim();
            assert!(
                place.starts_with('/') && !place.starts_with("//") && !place.starts_with("/\\"),
                "{target}: {line}"
            );
        }
        assert!([400, 307, 404, 422].contains(&status(&answer)), "{target}: {answer}");
    }
    let absolute = server.ask("GET http://evil.example/posts/ HTTP/1.1\r\nHost: localhost").await;
    assert!(absolute.contains("location: /posts\r\n"), "{absolute}");
}
