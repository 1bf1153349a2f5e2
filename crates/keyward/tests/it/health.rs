//! For monitoring the process.

use keyward_api::testing::app::TestApp;
use serde_json::json;

use crate::app::Starts;

#[tokio::test]
async fn a_running_service_is_alive_and_ready() {
    let app = TestApp::start().await;
    for path in ["/health/live", "/health/ready"] {
        let answer = app.anonymous().get(path).await.assert_status(200);
        assert_eq!(answer.json(), json!({ "status": "ok" }));
    }
}

#[tokio::test]
async fn without_its_database_the_service_is_alive_but_not_ready() {
    let app = TestApp::start().await;
    app.database.close().await.unwrap();
    app.anonymous().get("/health/live").await.assert_status(200);
    let answer = app.anonymous().get("/health/ready").await.assert_status(503);
    assert_eq!(answer.json(), json!({ "detail": "Service Unavailable", "code": "unavailable" }));
    assert!(answer.header("retry-after").parse::<u32>().is_ok());
}

#[tokio::test]
async fn without_its_database_every_route_says_unavailable_and_nothing_of_the_inside() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let fresh = app.replica().bearer(ana.token());
    app.database.close().await.unwrap();
    let credentials =
        json!({ "username": "ana@example.com", "password": keyward_api::testing::app::PASSWORD });
    let answers = [
        fresh.get("/users/me").await,
        fresh.get("/posts").await,
        app.anonymous().get("/blog").await,
        app.anonymous().get("/blog/1").await,
        app.anonymous().post("/login", credentials).await,
        app.anonymous()
            .post("/users", json!({ "email": "b@example.com", "password": "seven wild horses" }))
            .await,
    ];
    for answer in answers {
        let answer = answer.assert_status(503);
        assert_eq!(answer.json(), json!({ "detail": "Service Unavailable", "code": "unavailable" }));
        assert!(answer.header("retry-after").parse::<u32>().is_ok());
    }
}
