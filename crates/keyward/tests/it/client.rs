//! `keyward-client` against the service behind a real socket, with a proxy in between that counts and disturbs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration as WallTime, Instant};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use keyward::server::accept;
use keyward::server::limits::Limits;
use keyward_api::testing::app::{PASSWORD, TestApp, address};
use keyward_client::{Error, Keyward, Session};
use serde_json::{Value, json};
use time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Notify, RwLock};
use tokio::time::timeout;

use crate::app::Starts;

/// The service, and what happens to the refreshes on their way to it.
pub(crate) struct Front {
    pub(crate) app: TestApp,
    pub(crate) keyward: Keyward,
    pub(crate) wire: Arc<Wire>,
}

pub(crate) struct Wire {
    /// Refreshes and logins of programs that came in, and answers that were 401.
    refreshes: AtomicUsize,
    unauthorized: AtomicUsize,
    /// Holding it for writing delays the refreshes.
    pub(crate) gate: RwLock<()>,
    pub(crate) arrived: Notify,
    /// How many refreshes are answered 503 instead, or all of them 401.
    pub(crate) outages: AtomicUsize,
    pub(crate) refused: AtomicBool,
}

impl Front {
    pub(crate) async fn start() -> Self {
        Self::with_flags(&[]).await
    }

    pub(crate) async fn with_flags(flags: &[&str]) -> Self {
        let app = TestApp::with_flags(flags).await;
        let account = json!({ "email": address("ana"), "password": PASSWORD });
        app.anonymous().post("/users", account).await.assert_status(201);
        let wire = Arc::new(Wire {
            refreshes: AtomicUsize::new(0),
            unauthorized: AtomicUsize::new(0),
            gate: RwLock::default(),
            arrived: Notify::new(),
            outages: AtomicUsize::new(0),
            refused: AtomicBool::new(false),
        });
        let router = app.router.clone().layer(from_fn_with_state(Arc::clone(&wire), between));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let keyward = Keyward::at(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        tokio::spawn(accept::serve(listener, router, Limits::default(), std::future::pending()));
        Self { app, keyward, wire }
    }

    async fn ana(&self) -> Session {
        self.keyward.log_in(&address("ana"), PASSWORD).await.unwrap()
    }

    pub(crate) fn refreshes(&self) -> usize {
        self.wire.refreshes.load(Ordering::SeqCst)
    }

    /// Past the access tokens that are out, for Keyward; no client looks at this clock.
    fn expire(&self) {
        self.app.clock.advance(Duration::minutes(16));
    }
}

async fn between(State(wire): State<Arc<Wire>>, request: Request, next: Next) -> Response {
    if ["/refresh_token", "/oauth/token"].contains(&request.uri().path()) {
        wire.refreshes.fetch_add(1, Ordering::SeqCst);
        wire.arrived.notify_one();
        drop(wire.gate.read().await);
        if wire.outages.load(Ordering::SeqCst) > 0 {
            wire.outages.fetch_sub(1, Ordering::SeqCst);
            return (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "7")]).into_response();
        }
        if wire.refused.load(Ordering::SeqCst) {
            return StatusCode::UNAUTHORIZED.into_response();
        }
    }
    let response = next.run(request).await;
    wire.unauthorized.fetch_add(usize::from(response.status() == 401), Ordering::SeqCst);
    response
}

async fn me(session: &Session) -> Result<String, Error> {
    let me: Value = session.get("/users/me").send().await?.json().await?;
    Ok(me["email"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_session_calls_with_its_token() {
    let front = Front::start().await;
    let session = front.ana().await;
    let post = json!({ "title": "Hello", "content": "content", "published": true });
    let answer = session.post("/posts").json(&post).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let posts: Value = session.get("/posts?limit=1").send().await.unwrap().json().await.unwrap();
    assert_eq!(posts[0]["title"], "Hello");
    assert_eq!(session.delete("/posts/4711").send().await.unwrap().status(), 404);
    assert_eq!(front.refreshes(), 0);
}

#[tokio::test]
async fn fifty_calls_with_an_expired_token_refresh_it_once() {
    let front = Front::start().await;
    let session = front.ana().await;
    front.expire();
    let calls =
        (0..50).map(|_| session.clone()).map(|session| tokio::spawn(async move { me(&session).await }));
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap().unwrap(), address("ana"));
    }
    assert_eq!(front.refreshes(), 1);
}

#[tokio::test]
async fn a_token_is_replaced_before_it_expires() {
    let front = Front::with_flags(&["--access-token-ttl", "2s"]).await;
    let session = front.ana().await;
    while front.refreshes() < 2 {
        assert_eq!(me(&session).await.unwrap(), address("ana"));
    }
    assert_eq!(front.wire.unauthorized.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_caller_who_gives_up_does_not_lose_the_next_pair() {
    let front = Front::start().await;
    let session = front.ana().await;
    front.expire();
    let closed = front.wire.gate.write().await;
    let caller = tokio::spawn({
        let session = session.clone();
        async move { me(&session).await }
    });
    front.wire.arrived.notified().await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    drop(closed);
    assert_eq!(me(&session).await.unwrap(), address("ana"));
    assert_eq!(front.refreshes(), 1);
}

#[tokio::test]
async fn a_session_that_was_ended_elsewhere_is_over_for_good() {
    let front = Front::start().await;
    let (session, other) = (front.ana().await, front.ana().await);
    assert_eq!(other.post("/logout/all").send().await.unwrap().status(), 204);
    assert!(matches!(me(&session).await, Err(Error::SessionOver)));
    assert_eq!(front.refreshes(), 1);
    assert!(matches!(session.token().await, Err(Error::SessionOver)));
    assert_eq!(front.refreshes(), 1, "nobody asks again");
    session.log_out().await.unwrap();
}

#[tokio::test]
async fn logging_out_ends_the_session_for_every_clone() {
    let front = Front::start().await;
    let session = front.ana().await;
    let (clone, token) = (session.clone(), session.token().await.unwrap());
    session.log_out().await.unwrap();
    front.app.bearer(&token).get("/users/me").await.assert_status(401);
    assert!(matches!(me(&clone).await, Err(Error::SessionOver)));
    clone.log_out().await.unwrap();
}

#[tokio::test]
async fn an_outage_is_no_end_of_the_session() {
    let front = Front::start().await;
    let session = front.ana().await;
    front.expire();
    front.wire.outages.store(1, Ordering::SeqCst);
    let Err(Error::Unavailable { retry_after }) = me(&session).await else { panic!("Keyward was away") };
    assert_eq!(retry_after.unwrap().as_secs(), 7);
    assert_eq!(me(&session).await.unwrap(), address("ana"));
}

#[tokio::test]
async fn a_token_that_is_still_good_outlasts_a_refresh_that_fails() {
    let front = Front::with_flags(&["--access-token-ttl", "4s"]).await;
    let session = front.ana().await;
    front.wire.outages.store(1, Ordering::SeqCst);
    let first = session.token().await.unwrap();
    while front.refreshes() < 1 {
        assert_eq!(session.token().await.unwrap(), first);
        tokio::task::yield_now().await;
    }
    assert_eq!(me(&session).await.unwrap(), address("ana"));
}

#[tokio::test]
async fn a_login_that_fails_says_why() {
    let front = Front::start().await;
    let keyward = &front.keyward;
    let scope = keyward.log_in_for("catalog:write", &address("ana"), PASSWORD).await;
    assert!(matches!(scope, Err(Error::Scope)), "{scope:?}");
    let wrong = keyward.log_in(&address("ana"), "another one").await;
    assert!(matches!(wrong, Err(Error::InvalidCredentials)), "{wrong:?}");
    let mut refused = wrong;
    while matches!(refused, Err(Error::InvalidCredentials)) {
        refused = keyward.log_in(&address("ana"), "another one").await;
    }
    let Err(Error::Throttled { retry_after }) = refused else { panic!("{refused:?}") };
    assert!(!retry_after.is_zero());
    let nobody = Keyward::at("http://127.0.0.1:1").unwrap().log_in("ana", PASSWORD).await;
    assert!(matches!(nobody, Err(Error::Unavailable { .. })), "{nobody:?}");
}

#[tokio::test]
async fn who_has_to_verify_an_address_first_is_told_so() {
    let front = Front::with_flags(&["--require-verified-email", "on"]).await;
    let refused = front.keyward.log_in(&address("ana"), PASSWORD).await;
    assert!(matches!(refused, Err(Error::Unverified)), "{refused:?}");
}

#[tokio::test]
async fn no_secret_is_printed() {
    let front = Front::start().await;
    let session = front.ana().await;
    let printed = format!("{session:?} {:?}", front.keyward);
    assert!(!printed.contains(&session.token().await.unwrap()) && !printed.contains("kwr_"), "{printed}");
    let wrong = front.keyward.log_in(&address("ana"), "a wrong secret").await.unwrap_err();
    assert!(!format!("{wrong:?} {wrong}").contains("a wrong secret"));
}

#[tokio::test]
async fn a_session_for_a_scope_may_do_no_more() {
    let front = Front::start().await;
    let session = front.keyward.log_in_for("posts:read", &address("ana"), PASSWORD).await.unwrap();
    assert_eq!(session.get("/posts").send().await.unwrap().status(), 200);
    let post = json!({ "title": "Hello", "content": "content" });
    assert_eq!(session.post("/posts").json(&post).send().await.unwrap().status(), 403);
}

#[tokio::test]
async fn a_token_that_is_still_good_is_not_waited_for_while_keyward_is_away() {
    let front = Front::with_flags(&["--access-token-ttl", "8s"]).await;
    let session = front.ana().await;
    let begun = Instant::now();
    let first = session.token().await.unwrap();
    let closed = front.wire.gate.write().await;
    while begun.elapsed().as_millis() < 7900 {
        let token = timeout(WallTime::from_millis(500), session.token()).await;
        assert_eq!(token.expect("nobody waits").unwrap(), first);
        tokio::time::sleep(WallTime::from_millis(5)).await;
    }
    assert_eq!(front.refreshes(), 1, "one asks, beside the calls");
    drop(closed);
    tokio::time::sleep(WallTime::from_millis(200)).await;
    assert_ne!(session.token().await.unwrap(), first);
    assert_eq!(front.refreshes(), 1);
}

#[tokio::test]
async fn a_service_that_refuses_every_token_does_not_have_each_call_refresh() {
    let front = Front::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let elsewhere = front.ana().await.at(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let refusing = axum::Router::new().fallback(|| async { StatusCode::UNAUTHORIZED });
    tokio::spawn(accept::serve(listener, refusing, Limits::default(), std::future::pending()));
    for _ in 0..5 {
        assert_eq!(elsewhere.clone().get("/").send().await.unwrap().status(), 401);
    }
    assert_eq!(front.refreshes(), 1);
}
