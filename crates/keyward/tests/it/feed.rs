//! `/oauth/revocations`: what other services are told of sessions that ended, and that a guard there follows it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use keyward::server::limits::Limits;
use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::{PASSWORD, TestApp};
use keyward_api::testing::call::Call;
use keyward_api::testing::person::Person;
use keyward_auth::{Algorithm, SigningKey};
use keyward_domain::upkeep::cleaning::Housekeeping;
use keyward_guard::{Authenticator, Refusal, RemoteAuthenticator, RemoteError};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::app::Starts;
use crate::oauth::{basic, register, register_for, secret};
use crate::sessions::{refreshed, session_of};
use crate::wire::{PATIENCE, Server, status};

const FEED: &str = "/oauth/revocations";

/// A bound that no test sees the end of, so that every change noticed was a notification.
const NEVER: [&str; 2] = ["--revocation-bound", "1h"];

/// Registers `invoices`, which may follow the feed.
async fn follower(app: &TestApp) {
    register_for(app, "invoices", "revocations:read").await;
}

fn ask(app: &TestApp, query: &str) -> Call {
    let call = app.anonymous().call("GET", &format!("{FEED}{query}"));
    call.header("authorization", basic("invoices", &secret("invoices")))
}

/// A service that reads the feed.
struct Reader {
    app: TestApp,
    after: Option<String>,
}

impl Reader {
    async fn new(app: &TestApp) -> Self {
        follower(app).await;
        Self { app: app.clone(), after: None }
    }

    async fn answer(&mut self, wait: u32) -> Value {
        let query = self.after.as_ref().map_or(String::new(), |after| format!("?after={after}&wait={wait}"));
        let feed = ask(&self.app, &query).send().await.assert_status(200).json();
        self.after = Some(feed["after"].as_str().unwrap().to_owned());
        feed
    }

    /// The sessions that ended since.
    async fn ended(&mut self) -> Vec<String> {
        let feed = self.answer(0).await;
        assert_eq!(feed["more"], false);
        let sid = |ended: &Value| ended["sid"].as_str().unwrap().to_owned();
        feed["revocations"].as_array().unwrap().iter().map(sid).collect()
    }
}

fn sid(person: &Person) -> String {
    session_of(person).to_string()
}

#[tokio::test]
async fn whatever_ends_a_session_is_told() {
    let app = TestApp::start().await;
    let mut reader = Reader::new(&app).await;
    let admin = app.admin("root").await;
    assert_eq!(reader.ended().await, [""; 0]);

    let ana = app.user("ana").await;
    ana.call("POST", "/logout").send().await.assert_status(204);
    assert_eq!(reader.ended().await, [sid(&ana)], "a logout");

    let (ana, other) = (app.user("ana").await, app.user("ana").await);
    ana.delete(&format!("/sessions/{}", sid(&other))).await.assert_status(204);
    assert_eq!(reader.ended().await, [sid(&other)], "a session ended from another");

    let other = app.user("ana").await;
    ana.call("POST", "/logout/all").send().await.assert_status(204);
    let mut both = [sid(&ana), sid(&other)];
    both.sort();
    let mut told = reader.ended().await;
    told.sort();
    assert_eq!(told, both, "a logout everywhere");

    let (ana, other) = (app.user("ana").await, app.user("ana").await);
    let change = json!({ "current_password": PASSWORD, "new_password": "another fine phrase" });
    ana.post("/users/me/password", change).await.assert_status(204);
    assert_eq!(reader.ended().await, [sid(&other)], "a changed password");

    admin.patch(&format!("/users/{}", ana.id), json!({ "disabled": true })).await.assert_status(200);
    assert_eq!(reader.ended().await, [sid(&ana)], "a user locked out");

    let bob = app.user("bob").await;
    admin.delete(&format!("/users/{}", bob.id)).await.assert_status(204);
    assert_eq!(reader.ended().await, [sid(&bob)], "a user removed");

    let cid = app.user("cid").await;
    let body = json!({ "password": PASSWORD });
    cid.call("DELETE", "/users/me").json(&body).send().await.assert_status(204);
    assert_eq!(reader.ended().await, [sid(&cid)], "an account given up");

    let dee = app.user("dee").await;
    let next = refreshed(&app, &dee.refresh).await;
    app.clock.advance(time::Duration::seconds(11));
    crate::sessions::refresh(&app, &dee.refresh).await.assert_status(401);
    assert_eq!(reader.ended().await, [sid(&next)], "a refresh token used twice");

    assert_eq!(reader.ended().await, [""; 0]);
    reader.after = None;
    assert_eq!(reader.ended().await.len(), 9, "a new reader gets all of it");
}

#[tokio::test]
async fn an_entry_says_whose_it_was_and_until_when_it_matters() {
    let app = TestApp::start().await;
    let mut reader = Reader::new(&app).await;
    let ana = app.user("ana").await;
    ana.call("POST", "/logout").send().await.assert_status(204);
    let feed = reader.answer(0).await;
    let ended = &feed["revocations"][0];
    assert_eq!(ended["sub"], ana.id.to_string());
    let at = |member: &str| ended[member].as_i64().unwrap();
    // The life of a token, what clocks may differ here and elsewhere, and a second for rounding.
    assert_eq!(at("expires_at") - at("revoked_at"), 900 + 5 + 60 + 1);
    app.clock.advance(time::Duration::seconds(900 + 60));
    let housekeeping = Housekeeping::new(app.ports.clone(), app.settings.tokens.lifetimes());
    housekeeping.clean().await.unwrap();
    reader.after = None;
    assert_eq!(reader.ended().await, [sid(&ana)]);
    app.clock.advance(time::Duration::minutes(2));
    housekeeping.clean().await.unwrap();
    reader.after = None;
    assert_eq!(reader.ended().await, [""; 0]);
}

/// Waits for the next session that ends, in the background.
fn waiting(mut reader: Reader) -> JoinHandle<(Value, Duration)> {
    tokio::spawn(async move {
        let begun = Instant::now();
        (reader.answer(20).await, begun.elapsed())
    })
}

#[tokio::test]
async fn a_service_that_waits_is_told_when_it_happens() {
    let app = TestApp::with_flags(&NEVER).await;
    let mut reader = Reader::new(&app).await;
    let ana = app.user("ana").await;
    assert_eq!(reader.ended().await, [""; 0]);
    let waiting = waiting(reader);
    tokio::time::sleep(Duration::from_millis(200)).await;
    ana.call("POST", "/logout").send().await.assert_status(204);
    let (feed, after) = waiting.await.unwrap();
    assert_eq!(feed["revocations"][0]["sid"], sid(&ana));
    assert!(after < Duration::from_secs(15), "it was found when the wait was over: {after:?}");
}

#[tokio::test]
async fn what_another_replica_did_and_nobody_told_is_found_within_the_bound() {
    let app = TestApp::with_flags(&["--revocation-bound", "1s"]).await;
    let mut reader = Reader::new(&app).await;
    let ana = app.replica().user("ana").await;
    assert_eq!(reader.ended().await, [""; 0]);
    let waiting = waiting(reader);
    ana.call("POST", "/logout").send().await.assert_status(204);
    let (feed, after) = waiting.await.unwrap();
    assert_eq!(feed["revocations"][0]["sid"], sid(&ana));
    assert!(after < Duration::from_secs(15), "it was found when the wait was over: {after:?}");
}

#[tokio::test]
async fn a_change_that_ends_no_session_wakes_a_service_and_is_not_told() {
    let app = TestApp::with_flags(&NEVER).await;
    let mut reader = Reader::new(&app).await;
    let ana = app.user("ana").await;
    assert_eq!(reader.ended().await, [""; 0]);
    let waiting = waiting(reader);
    for name in ["Ana", "Anna"] {
        ana.patch("/users/me", json!({ "name": name })).await.assert_status(200);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(!waiting.is_finished(), "there is nothing to tell");
    ana.call("POST", "/logout").send().await.assert_status(204);
    assert_eq!(waiting.await.unwrap().0["revocations"][0]["sid"], sid(&ana));
}

#[tokio::test]
async fn a_server_that_stops_keeps_nobody_waiting() {
    let mut server = Server::with(TestApp::with_flags(&NEVER).await, Limits::default()).await;
    let mut reader = Reader::new(&server.app).await;
    reader.ended().await;
    let mut wire = server.connect().await;
    let (after, credentials) = (reader.after.unwrap(), basic("invoices", &secret("invoices")));
    let head = format!("GET {FEED}?after={after}&wait=20 HTTP/1.1\r\nHost: localhost\r\n");
    wire.send(format!("{head}Authorization: {credentials}\r\n\r\n")).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let begun = Instant::now();
    server.stop();
    // `rest` would not wait as long as the reader does.
    let answer = wire.rest().await;
    assert_eq!(status(&answer), 200, "{answer}");
    assert!(answer.contains("\"revocations\":[]"), "{answer}");
    tokio::time::timeout(PATIENCE, server.task).await.unwrap().unwrap();
    println!("stopped after {:?}", begun.elapsed());
}

#[tokio::test]
async fn a_wait_ends_without_anything_to_tell() {
    let app = TestApp::start().await;
    let mut reader = Reader::new(&app).await;
    reader.ended().await;
    let begun = Instant::now();
    assert_eq!(reader.answer(1).await["revocations"], json!([]));
    assert!(begun.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn only_a_client_is_told_and_only_by_its_secret() {
    let app = TestApp::start().await;
    follower(&app).await;
    let ana = app.user("ana").await;
    let refused = |answer: Answer| {
        assert_eq!((answer.status.as_u16(), &answer.json()["error"]), (401, &json!("invalid_client")));
        assert!(answer.header("www-authenticate").starts_with("Basic "));
    };
    refused(ana.get(FEED).await);
    refused(app.anonymous().get(FEED).await);
    for credentials in [basic("invoices", "x"), basic("nobody", &secret("invoices")), "Basic x".to_owned()] {
        refused(app.anonymous().call("GET", FEED).header("authorization", credentials).send().await);
    }
    let answer = ask(&app, "").send().await.assert_status(200);
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_client_that_was_not_registered_for_the_feed_is_refused_it_and_may_introspect() {
    let (app, issuer) = serve().await;
    for (id, scope) in
        [("shop", "posts:read shop"), ("nothing", ""), ("almost", "revocations revocations:reader")]
    {
        register_for(&app, id, scope).await;
        let call = app.anonymous().call("GET", FEED).header("authorization", basic(id, &secret(id)));
        let answer = call.send().await.assert_status(403);
        assert_eq!(answer.json()["error"], "insufficient_scope");
        assert_eq!(answer.detail(), "The client is not registered for the scope revocations:read");
        let guard = || RemoteAuthenticator::builder(&issuer);
        let follows = guard().follow_revocations(id, &secret(id)).discover().await;
        assert!(matches!(follows, Err(RemoteError::Status { status: 403, .. })), "noticed at the start");
        let introspects = guard().introspect(id, &secret(id)).discover().await.unwrap();
        assert!(introspects.authenticate(app.user("ana").await.token()).await.is_ok());
    }
}

#[tokio::test]
async fn a_position_that_is_none_is_a_422_and_so_is_too_long_a_wait() {
    let app = TestApp::start().await;
    follower(&app).await;
    for after in ["x", "%00", "eA", "MTox", "JzstLQ", "MTo1OjU"] {
        let fault = ask(&app, &format!("?after={after}")).send().await.fault();
        assert_eq!(fault["loc"], json!(["query", "after"]), "{after}");
    }
    for wait in ["21", "-1", "x"] {
        let fault = ask(&app, &format!("?wait={wait}")).send().await.fault();
        assert_eq!(fault["loc"], json!(["query", "wait"]), "{wait}");
    }
}

/// The service at an address of its own, which it is the issuer of.
pub(crate) async fn serve() -> (TestApp, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let app = TestApp::with_flags(&["--issuer", &issuer]).await;
    let service = app.router.clone().into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    (app, issuer)
}

async fn until(mut so: impl AsyncFnMut() -> bool) {
    while !so().await {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn another_service_knows_our_tokens_by_our_address_and_notices_a_logout_and_a_rotation() {
    let (app, issuer) = serve().await;
    follower(&app).await;
    let guard = RemoteAuthenticator::builder(&issuer).follow_revocations("invoices", &secret("invoices"));
    let guard = guard.strict().discover().await.unwrap();
    let (ana, eve) = (app.user("ana").await, app.user("eve").await);
    let principal = guard.authenticate(ana.token()).await.unwrap();
    assert_eq!((principal.subject, principal.session), (ana.id.to_string(), Some(sid(&ana))));
    assert!(principal.scope.contains("posts:read"));
    ana.call("POST", "/logout").send().await.assert_status(204);
    until(async || guard.authenticate(ana.token()).await == Err(Refusal::InvalidToken)).await;
    guard.authenticate(eve.token()).await.unwrap();

    let ring = app.keys.load().as_ref().clone().with_next(SigningKey::generate(Algorithm::EdDsa).unwrap());
    app.keys.replace(ring.rotate().unwrap());
    guard.authenticate(app.user("eve").await.token()).await.unwrap();
    guard.authenticate(eve.token()).await.unwrap();
}

#[tokio::test]
async fn another_service_that_introspects_notices_a_logout_at_once() {
    let (app, issuer) = serve().await;
    register(&app, "invoices").await;
    let guard = RemoteAuthenticator::builder(&issuer).introspect("invoices", &secret("invoices"));
    let guard: Arc<dyn Authenticator> = Arc::new(guard.discover().await.unwrap());
    let ana = app.user("ana").await;
    assert!(guard.authenticate(ana.token()).await.unwrap().scope.contains("posts:read"));
    ana.call("POST", "/logout").send().await.assert_status(204);
    assert_eq!(guard.authenticate(ana.token()).await, Err(Refusal::InvalidToken));
}
