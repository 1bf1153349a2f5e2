//! Accounts that are deleted while something is asked for them: nothing fails that is not the caller's fault.

use std::time::Duration;

use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::TestApp;
use keyward_domain::values::ids::UserId;
use serde_json::json;

use crate::app::Starts;

/// The answer to `call`, which begins while a transaction that deletes the account is open, and ends after its commit.
async fn beside_a_deletion(
    app: &TestApp,
    user: i64,
    call: impl Future<Output = Answer> + Send + 'static,
) -> Answer {
    let mut tx = app.ports.store.begin().await.unwrap();
    assert!(tx.user_changes().delete(UserId(user)).await.unwrap());
    let call = tokio::spawn(call);
    tokio::time::sleep(Duration::from_millis(300)).await;
    tx.commit().await.unwrap();
    call.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_answered_as_for_an_address_without_an_account() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let nobody = app.anonymous();
    let call = async move { nobody.post("/password-recovery", json!({ "email": "ana@example.com" })).await };
    beside_a_deletion(&app, ana.id, call).await.assert_status(202);
    assert!(app.letters().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_refused_as_for_a_deleted_account() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let asking = ana.clone();
    let call = async move { asking.call("POST", "/users/me/verification").send().await };
    beside_a_deletion(&app, ana.id, call).await.assert_status(401);
    assert!(app.letters().await.is_empty());
}
