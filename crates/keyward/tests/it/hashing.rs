//! The hashing pool under a storm: a bounded queue, a clear "busy" beyond it, and everything else goes on.

use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::{PASSWORD, TestApp, cheap_hasher};
use keyward_auth::{Argon2idHasher, Password, PasswordError, PasswordHash, PasswordHasher, Verdict};
use serde_json::json;
use tokio::task::JoinSet;

use crate::app::Starts;

/// A hasher that waits at a gate which the test opens and shuts.
pub(crate) struct GatedHasher {
    inner: Argon2idHasher,
    open: Mutex<bool>,
    moved: Condvar,
}

impl GatedHasher {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { inner: cheap_hasher(), open: Mutex::new(true), moved: Condvar::new() })
    }

    pub(crate) fn set_open(&self, open: bool) {
        *self.open.lock().unwrap() = open;
        self.moved.notify_all();
    }

    fn pass(&self) {
        drop(self.moved.wait_while(self.open.lock().unwrap(), |open| !*open).unwrap());
    }
}

impl PasswordHasher for GatedHasher {
    fn hash(&self, password: &Password) -> Result<PasswordHash, PasswordError> {
        self.pass();
        self.inner.hash(password)
    }

    fn verify(&self, password: &Password, hash: &PasswordHash) -> Result<Verdict, PasswordError> {
        self.pass();
        self.inner.verify(password, hash)
    }

    fn verify_absent(&self, password: &Password) {
        self.pass();
        self.inner.verify_absent(password);
    }
}

/// How many jobs one thread's queue holds.
const QUEUE: usize = 128;

fn storm(app: &TestApp, count: usize, username: &'static str) -> JoinSet<Answer> {
    let mut logins = JoinSet::new();
    for _ in 0..count {
        let nobody = app.anonymous();
        let body = json!({ "username": username, "password": PASSWORD });
        logins.spawn(async move { nobody.post("/login", body).await });
    }
    logins
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_logins_is_told_to_come_back_while_others_are_served() {
    let hasher = GatedHasher::new();
    let app = TestApp::hashing_with(hasher.clone(), 1).await;
    let ana = app.user("ana").await;
    hasher.set_open(false);
    let mut logins = storm(&app, QUEUE + 40, "ana@example.com");
    for _ in 0..39 {
        let answer = tokio::time::timeout(Duration::from_secs(20), logins.join_next()).await;
        let answer = answer.expect("the queue has no end").unwrap().unwrap().assert_status(503);
        assert_eq!(answer.json(), json!({ "detail": "Service Unavailable", "code": "unavailable" }));
        assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
    }
    let started = Instant::now();
    ana.get("/users/me").await.assert_status(200);
    ana.post("/posts", json!({ "title": "t", "content": "c" })).await.assert_status(201);
    app.anonymous().get("/blog").await.assert_status(200);
    assert!(started.elapsed() < Duration::from_secs(1), "the storm slows others: {:?}", started.elapsed());
    let full =
        app.anonymous().post("/users", json!({ "email": "b@example.com", "password": PASSWORD })).await;
    full.assert_status(503);
    hasher.set_open(true);
    while let Some(answer) = logins.join_next().await {
        let status = answer.unwrap().status;
        assert!(status == 200 || status == 503, "{status}");
    }
    app.log_in("ana").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_user_waits_in_the_same_queue() {
    let hasher = GatedHasher::new();
    let app = TestApp::hashing_with(hasher.clone(), 1).await;
    hasher.set_open(false);
    let mut logins = storm(&app, 1, "nobody@example.com");
    let early = tokio::time::timeout(Duration::from_millis(300), logins.join_next()).await;
    assert!(early.is_err(), "an unknown user is answered without any hashing");
    hasher.set_open(true);
    assert_eq!(logins.join_next().await.unwrap().unwrap().status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hasher_that_panics_costs_its_own_request_and_no_other() {
    struct Panicking(Argon2idHasher);

    impl PasswordHasher for Panicking {
        fn hash(&self, password: &Password) -> Result<PasswordHash, PasswordError> {
            self.0.hash(password)
        }

        fn verify(&self, _: &Password, _: &PasswordHash) -> Result<Verdict, PasswordError> {
            Ok(Verdict::Mismatch)
        }

        fn verify_absent(&self, _: &Password) {
            panic!("as the test wants it");
        }
    }

    let app = TestApp::hashing_with(Arc::new(Panicking(cheap_hasher())), 1).await;
    let body = json!({ "username": "nobody@example.com", "password": PASSWORD });
    let answer = app.anonymous().call("POST", "/login").json(&body).send_unchecked().await;
    assert_eq!(
        answer.assert_status(500).json(),
        json!({ "detail": "Internal Server Error", "code": "internal" })
    );
    let account = json!({ "email": "ana@example.com", "password": PASSWORD });
    app.anonymous().post("/users", account).await.assert_status(201);
}
