//! Steps of resources in the transaction that deletes an account.

use std::sync::atomic::{AtomicU32, Ordering};

use keyward_api::resources::resource::Resource;
use keyward_api::testing::app::{PASSWORD, TestApp};
use keyward_api::testing::person::Person;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::upkeep::deleted_accounts::DeletedAccounts;
use keyward_domain::values::ids::UserId;
use keyward_infra::database::db::Db;
use keyward_infra::database::db::Open;
use keyward_infra::database::db::{Leaving, LeavingStep};
use keyward_migration::MigrationSet;
use serde_json::json;

use super::memos::{self, rows};

/// Memos, and after them a resource that has nothing but a step.
async fn app_with_step(step: Leaving) -> TestApp {
    let other = Resource {
        name: "other",
        tags: &[],
        scopes: Vec::new(),
        lists: &[],
        migrations: MigrationSet { name: "other", files: Vec::new },
        letters: &[],
        seed: None,
        cleaning: None,
        leaving: Some(step),
        removing: None,
        ..keyward_blog::resource()
    };
    TestApp::with_resources(vec![memos::resource(), other], &[]).await
}

/// A user with a memo.
async fn noting(app: &TestApp, name: &str) -> Person {
    let person = app.user(name).await;
    person.post("/memos", json!({ "content": name })).await.assert_status(201);
    person
}

async fn delete_own(person: &Person) -> u16 {
    let call = person.call("DELETE", "/users/me").json(&json!({ "password": PASSWORD }));
    call.send_unchecked().await.status.as_u16()
}

#[tokio::test]
async fn a_step_runs_in_the_transaction_that_deletes_the_account() {
    let app = TestApp::with_resources(vec![memos::resource()], &[]).await;
    let (ana, bob, root) = (noting(&app, "ana").await, noting(&app, "bob").await, app.admin("root").await);
    assert_eq!(delete_own(&ana).await, 204);
    assert_eq!(rows::farewells(&app.database).await.unwrap(), ["ana@example.com"], "its row was still there");
    DeletedAccounts::new(app.ports.clone()).remove().await.unwrap();
    assert_eq!(rows::all(&app.database).await.unwrap(), ["bob"], "by the foreign key");
    root.delete(&format!("/users/{}", bob.id)).await.assert_status(204);
    assert_eq!(rows::farewells(&app.database).await.unwrap(), ["ana@example.com", "bob@example.com"]);
    root.delete("/users/4711").await.assert_status(404);
    assert_eq!(rows::farewells(&app.database).await.unwrap().len(), 2, "no further account was deleted");
}

#[tokio::test]
async fn a_step_that_fails_undoes_the_whole_deletion() {
    let app = app_with_step(failing).await;
    let (ana, root) = (noting(&app, "ana").await, app.admin("root").await);
    assert_eq!(delete_own(&ana).await, 500);
    let deleted = root.call("DELETE", &format!("/users/{}", ana.id)).send_unchecked().await;
    assert_eq!(deleted.status, 500);
    assert_eq!(rows::farewells(&app.database).await.unwrap(), [""; 0], "the step before it is undone");
    assert_eq!(ana.get("/memos").await.assert_status(200).json(), json!([{ "content": "ana" }]));
    let refresh = json!({ "refresh_token": ana.refresh });
    app.anonymous().post("/refresh_token", refresh).await.assert_status(200);
    app.log_in("ana").await;
}

fn failing(_: &mut Db<Open>, _: UserId) -> LeavingStep<'_> {
    Box::pin(async { Err(StoreError::Internal("this step fails".into())) })
}

#[tokio::test]
async fn a_step_that_finds_the_database_away_answers_503_and_undoes_the_deletion() {
    let app = app_with_step(away).await;
    let ana = noting(&app, "ana").await;
    assert_eq!(delete_own(&ana).await, 503);
    assert_eq!(rows::farewells(&app.database).await.unwrap(), [""; 0]);
    ana.get("/users/me").await.assert_status(200);
}

fn away(_: &mut Db<Open>, _: UserId) -> LeavingStep<'_> {
    Box::pin(async { Err(StoreError::Unavailable("the database is away".into())) })
}

#[tokio::test]
async fn a_step_that_was_contended_is_done_again_with_the_deletion() {
    let app = app_with_step(contended_once).await;
    let ana = noting(&app, "ana").await;
    assert_eq!(delete_own(&ana).await, 204);
    assert_eq!(rows::farewells(&app.database).await.unwrap(), ["ana@example.com"], "once, not twice");
    assert_eq!(ROUNDS.load(Ordering::SeqCst), 2);
}

static ROUNDS: AtomicU32 = AtomicU32::new(0);

fn contended_once(_: &mut Db<Open>, _: UserId) -> LeavingStep<'_> {
    Box::pin(async {
        match ROUNDS.fetch_add(1, Ordering::SeqCst) {
            0 => Err(StoreError::Contended("another transaction was in the way".into())),
            _ => Ok(()),
        }
    })
}
