//! Steps of resources in the transaction that deletes an account.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use keyward_api::resources::resource::Resource;
use keyward_api::testing::app::{PASSWORD, TestApp};
use keyward_api::testing::person::Person;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::model::users::NewUser;
use keyward_domain::upkeep::deleted_accounts::DeletedAccounts;
use keyward_domain::values::email::Email;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::scopes::Role;
use keyward_infra::database::db::Db;
use keyward_infra::database::db::Open;
use keyward_infra::database::db::{Leaving, LeavingStep};
use keyward_migration::MigrationSet;
use serde_json::json;

use super::memos::{self, rows};

/// A resource that has nothing but a step.
fn resource_with(step: Leaving) -> Resource {
    Resource {
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
        own_data: &[],
        ..keyward_blog::resource()
    }
}

/// Memos, and after them a resource that has nothing but a step.
async fn app_with_step(step: Leaving) -> TestApp {
    TestApp::with_resources(vec![memos::resource(), resource_with(step)], &[]).await
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

#[tokio::test]
async fn accounts_that_cannot_be_removed_hold_up_none_behind_them() {
    let last = Resource { leaving: None, removing: Some(all_but_the_last), ..resource_with(failing) };
    let app = TestApp::with_resources(vec![memos::resource(), last], &[]).await;
    let mut tx = app.ports.store.begin().await.unwrap();
    for number in 0..150 {
        let names = Email::parse(&format!("stuck{number}@example.com")).unwrap().into();
        let (role, hash, created_at) = (Role::User, None, app.ports.clock.now());
        let user = tx.users().insert(&NewUser { names, name: None, role, hash, created_at }).await.unwrap();
        assert!(tx.user_changes().mark_deleted(user.id, created_at).await.unwrap());
    }
    tx.commit().await.unwrap();
    let ana = noting(&app, "ana").await;
    LAST.store(ana.id, Ordering::Relaxed);
    assert_eq!(delete_own(&ana).await, 204);
    let accounts = DeletedAccounts::new(app.ports.clone());
    for _ in 0..10 {
        drop(accounts.remove().await);
    }
    assert_eq!(rows::all(&app.database).await.unwrap(), [""; 0], "ana's rows are gone");
}

/// The one account whose removal succeeds.
static LAST: AtomicI64 = AtomicI64::new(0);

fn all_but_the_last(_: &mut Db<Open>, user: UserId) -> LeavingStep<'_> {
    let fails = user.0 != LAST.load(Ordering::Relaxed);
    let failure = || StoreError::Internal("its removal always fails".into());
    Box::pin(async move { if fails { Err(failure()) } else { Ok(()) } })
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
