//! A resource in a service that another program opens.

use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use clap::{Args, Command, FromArgMatches};
use keyward_api::service::Service;
use keyward_api::settings::Settings;
use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::{PASSWORD, address};
use keyward_domain::values::clock::Clock;
use keyward_domain::values::ids::UserId;
use keyward_infra::clock::SystemClock;
use keyward_infra::testing::empty_database;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

use super::memos::{self, rows};

/// The settings of a service with this data folder and database. The environment of the tests has no part in it.
pub(super) fn settings(data: &Path, url: &str) -> Settings {
    let command = Settings::augment_args(Command::new("keyward")).mut_args(|arg| arg.env(None));
    let flags =
        ["keyward", "--data-dir", data.to_str().unwrap(), "--database-url", url, "--argon2-memory", "64"];
    Settings::from_arg_matches(&command.get_matches_from(flags)).unwrap()
}

pub(super) async fn call(router: &Router, line: &str, token: &str, body: &Value) -> Answer {
    let (method, path) = line.split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = request.header("content-type", "application/json").body(Body::from(body)).unwrap();
    Answer::read(router.clone().oneshot(request).await.unwrap()).await
}

/// The access token of an account, which is made if need be.
async fn log_in(router: &Router, name: &str) -> String {
    let account = json!({ "email": address(name), "password": PASSWORD });
    call(router, "POST /users", "", &account).await;
    let login = json!({ "username": address(name), "password": PASSWORD });
    let tokens = call(router, "POST /login", "", &login).await.assert_status(200).json();
    tokens["access_token"].as_str().unwrap().to_owned()
}

/// Waits until this holds.
async fn becomes(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..600 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what} does not happen");
}

#[tokio::test]
async fn its_routes_answer_and_its_letters_are_delivered_and_its_steps_run() {
    let (folder, home) = (TempDir::with_prefix("keyward-").unwrap(), empty_database().await);
    let settings = settings(folder.path(), &home.url);
    let service = Service::open_with(settings, vec![memos::resource()]).await.unwrap();
    let jobs = tokio::spawn(service.run_jobs());
    let database = service.database().database();
    for router in [service.router(), service.standalone_router()] {
        let ana = log_in(&router, "ana").await;
        call(&router, "GET /memos", "", &Value::Null).await.assert_status(401);
        call(&router, "POST /memos", &ana, &json!({ "content": "buy tea" })).await.assert_status(201);
        let memos = call(&router, "GET /memos", &ana, &Value::Null).await.assert_status(200).json();
        assert_eq!(memos, json!([{ "content": "buy tea" }]));
        let password = json!({ "password": PASSWORD });
        call(&router, "DELETE /users/me", &ana, &password).await.assert_status(204);
        becomes("the removal of rows", async || rows::all(database).await.unwrap().is_empty()).await;
    }
    assert_eq!(rows::farewells(database).await.unwrap(), [address("ana"), address("ana")]);
    let mails = folder.path().join("mail");
    becomes("the delivery of both letters", async || mails.read_dir().map_or(0, Iterator::count) == 2).await;
    jobs.abort();
    drop(jobs.await);
    service.close().await.unwrap();
}

#[tokio::test]
async fn its_cleaner_runs_with_the_cleaning_job() {
    let (folder, home) = (TempDir::with_prefix("keyward-").unwrap(), empty_database().await);
    let settings = settings(folder.path(), &home.url);
    let service = Service::open_with(settings, vec![memos::resource()]).await.unwrap();
    let ana = log_in(&service.router(), "ana").await;
    call(&service.router(), "POST /memos", &ana, &json!({ "content": "good" })).await.assert_status(201);
    let database = service.database().database();
    let past = SystemClock.now() - time::Duration::seconds(1);
    rows::insert(&database.autocommit_db(), UserId(1), "expired", past).await.unwrap();
    let jobs = tokio::spawn(service.run_jobs());
    becomes("cleaning", async || rows::all(database).await.unwrap() == ["good"]).await;
    jobs.abort();
    drop(jobs.await);
    service.close().await.unwrap();
}

#[tokio::test]
async fn its_rows_stay_where_it_is_not_mounted_and_go_with_their_owner() {
    let (folder, home) = (TempDir::with_prefix("keyward-").unwrap(), empty_database().await);
    let settings = settings(folder.path(), &home.url);
    let plain = Service::open(settings.clone()).await.unwrap();
    for name in ["ana", "bob"] {
        let token = log_in(&plain.router(), name).await;
        call(&plain.standalone_router(), "GET /memos", &token, &Value::Null).await.assert_status(404);
    }
    plain.close().await.unwrap();

    let with_memos = Service::open_with(settings.clone(), vec![memos::resource()]).await.unwrap();
    for name in ["ana", "bob"] {
        let token = log_in(&with_memos.router(), name).await;
        let written = call(&with_memos.router(), "POST /memos", &token, &json!({ "content": name })).await;
        written.assert_status(201);
    }
    with_memos.close().await.unwrap();

    let plain = Service::open(settings.clone()).await.unwrap();
    let ana = log_in(&plain.router(), "ana").await;
    let password = json!({ "password": PASSWORD });
    call(&plain.router(), "DELETE /users/me", &ana, &password).await.assert_status(204);
    let jobs = tokio::spawn(plain.run_jobs());
    becomes("the removal of rows", async || rows::all(plain.database().database()).await.unwrap() == ["bob"])
        .await;
    jobs.abort();
    drop(jobs.await);
    plain.close().await.unwrap();

    let with_memos = Service::open_with(settings, vec![memos::resource()]).await.unwrap();
    let database = with_memos.database().database();
    assert_eq!(rows::all(database).await.unwrap(), ["bob"]);
    assert_eq!(rows::farewells(database).await.unwrap(), [""; 0], "without the resource, without its step");
    with_memos.close().await.unwrap();
}
