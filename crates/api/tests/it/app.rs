//! The service under test: the binary's own router over a database of the test's own, and people who call it.

use std::net::{IpAddr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue, Request};
use clap::{Args, Command, FromArgMatches};
use keyward_api::config::Settings;
use keyward_api::metrics::Metrics;
use keyward_api::session_check::Epochs;
use keyward_api::state::AppState;
use keyward_auth::{
    Algorithm, Argon2Params, Argon2idHasher, KeyRing, MasterSecret, PasswordHasher, PasswordPolicy,
    SharedKeyRing, SigningKey, SystemRandom,
};
use keyward_domain::clock::Clock;
use keyward_domain::email::Email;
use keyward_domain::hashing::{Hashing, NewPassword};
use keyward_domain::ports::Ports;
use keyward_domain::postbox::Postbox;
use keyward_domain::scopes::Role;
use keyward_domain::users::{Registration, Users};
use keyward_infra::hashing_pool::HashingPool;
use keyward_infra::mail::templates::Templates;
use keyward_infra::testing::{TestDatabase, fresh_database};
use keyward_infra::{Database, SystemClock};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use tower::ServiceExt;

use crate::answer::Answer;
use crate::document;

/// Everybody's password, unless a test says otherwise.
pub(crate) const PASSWORD: &str = "seven wild horses";

/// The service. Cheap to clone.
#[derive(Clone)]
pub(crate) struct TestApp(Arc<Parts>);

pub(crate) struct Parts {
    pub(crate) router: Router,
    pub(crate) ports: Ports,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) keys: SharedKeyRing,
    pub(crate) settings: Settings,
    pub(crate) database: Database,
    pub(crate) postbox: Postbox,
    pub(crate) metrics: Metrics,
    pub(crate) home: Arc<TestDatabase>,
}

impl Deref for TestApp {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl TestApp {
    /// The service with nobody in it, whose hashes cost next to nothing.
    pub(crate) async fn start() -> Self {
        Self::with_flags(&[]).await
    }

    /// The same, told more on the command line.
    pub(crate) async fn with_flags(flags: &[&str]) -> Self {
        Self::begin(Arc::new(cheap_hasher()), 2, settings(flags)).await
    }

    /// The service with a hashing pool of `threads` threads that use `hasher`.
    pub(crate) async fn with_hasher(hasher: Arc<dyn PasswordHasher>, threads: usize) -> Self {
        Self::begin(hasher, threads, settings(&[])).await
    }

    /// The service on this database, however it is reached.
    pub(crate) fn on(home: TestDatabase, database: Database) -> Self {
        Self::begin_on(home, database, Arc::new(cheap_hasher()), 2, settings(&[]))
    }

    async fn begin(hasher: Arc<dyn PasswordHasher>, threads: usize, settings: Settings) -> Self {
        let home = fresh_database().await;
        let database = home.connect().await;
        Self::begin_on(home, database, hasher, threads, settings)
    }

    fn begin_on(
        home: TestDatabase,
        database: Database,
        hasher: Arc<dyn PasswordHasher>,
        threads: usize,
        settings: Settings,
    ) -> Self {
        let home = Arc::new(home);
        let keys = SharedKeyRing::new(KeyRing::new(SigningKey::generate(Algorithm::EdDsa).unwrap()));
        let master = Arc::new(MasterSecret::generate(&SystemRandom));
        let postbox = Postbox { letters: Arc::new(Templates::default()), master };
        let hashing = Arc::new(HashingPool::start(hasher, threads).unwrap());
        Self::assemble(home, database, hashing, keys, postbox, Arc::default(), settings)
    }

    /// Another process on the same database, with a memory of its own.
    pub(crate) fn replica(&self) -> Self {
        let (hashing, clock) = (Arc::clone(&self.ports.hashing), Arc::clone(&self.clock));
        let (database, keys) = (self.database.clone(), self.keys.clone());
        let settings = self.settings.clone();
        Self::assemble(Arc::clone(&self.home), database, hashing, keys, self.postbox.clone(), clock, settings)
    }

    fn assemble(
        home: Arc<TestDatabase>,
        database: Database,
        hashing: Arc<dyn Hashing>,
        keys: SharedKeyRing,
        postbox: Postbox,
        clock: Arc<TestClock>,
        settings: Settings,
    ) -> Self {
        let epochs = Arc::new(Epochs::default());
        let ports = Ports {
            store: Arc::new(database.clone()),
            clock: clock.clone(),
            random: Arc::new(SystemRandom),
            hashing,
            changes: epochs.clone(),
        };
        let state = AppState::new(ports.clone(), postbox.clone(), epochs, keys.clone(), &settings);
        let metrics = state.metrics.clone();
        let router = keyward_api::build(state);
        Self(Arc::new(Parts { router, ports, clock, keys, settings, database, postbox, metrics, home }))
    }

    /// Somebody without a token.
    pub(crate) fn anonymous(&self) -> Person {
        Person { app: self.clone(), token: None, refresh: String::new(), id: 0, email: String::new() }
    }

    /// Whoever has this token.
    pub(crate) fn bearer(&self, token: &str) -> Person {
        Person { token: Some(token.to_owned()), ..self.anonymous() }
    }

    /// A user of that name, who is signed up if need be, logged in anew.
    pub(crate) async fn user(&self, name: &str) -> Person {
        let account = json!({ "email": address(name), "password": PASSWORD, "name": name });
        let answer = self.anonymous().post("/users", account).await;
        assert!([201, 400].contains(&answer.status.as_u16()), "{answer:?}");
        self.log_in(name).await
    }

    /// An administrator of that name, logged in.
    pub(crate) async fn admin(&self, name: &str) -> Person {
        let email = Email::parse(&address(name)).unwrap();
        let password = NewPassword::parse(PASSWORD, &PasswordPolicy::default(), Some(&email)).unwrap();
        let registration = Registration { email, password, name: None, role: Role::Admin };
        Users::new(self.ports.clone()).register(registration).await.unwrap();
        self.log_in(name).await
    }

    /// Another session of somebody who has an account.
    pub(crate) async fn log_in(&self, name: &str) -> Person {
        let credentials = json!({ "username": address(name), "password": PASSWORD });
        let tokens = self.anonymous().post("/login", credentials).await.assert_status(200).json();
        let text = |member: &str| tokens[member].as_str().unwrap().to_owned();
        let mut person = self.bearer(&text("access_token"));
        let me = person.get("/users/me").await.assert_status(200).json();
        person.refresh = text("refresh_token");
        person.id = me["id"].as_i64().unwrap();
        person.email = address(name);
        person
    }
}

/// The address of the account that a test calls `name`.
pub(crate) fn address(name: &str) -> String {
    format!("{name}@example.com")
}

/// A hasher that is Argon2id and takes well under a millisecond.
pub(crate) fn cheap_hasher() -> Argon2idHasher {
    let params = Argon2Params { memory_kib: 8, iterations: 1, parallelism: 1 };
    Argon2idHasher::new(params, Arc::new(SystemRandom)).unwrap()
}

/// The settings of a server that was told no more than these flags, whatever the environment of the tests says.
fn settings(flags: &[&str]) -> Settings {
    let command = Settings::augment_args(Command::new("keyward")).mut_args(|arg| arg.env(None));
    Settings::from_arg_matches(&command.get_matches_from([&["keyward"], flags].concat())).unwrap()
}

/// The system's clock, which a test can move.
#[derive(Default)]
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    /// Moves the clock.
    pub(crate) fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.whole_microseconds()).unwrap();
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> OffsetDateTime {
        SystemClock.now() + Duration::microseconds(self.0.load(Ordering::SeqCst))
    }
}

/// Somebody who calls the service.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) app: TestApp,
    pub(crate) token: Option<String>,
    pub(crate) refresh: String,
    pub(crate) id: i64,
    pub(crate) email: String,
}

impl Person {
    /// A request of theirs, to be completed.
    pub(crate) fn call(&self, method: &str, path: &str) -> Call {
        let request = Request::builder().method(method).uri(path).body(Body::empty());
        let request = request.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let call = Call { app: self.app.clone(), request }.header("host", "localhost:8000");
        match &self.token {
            Some(token) => call.header("authorization", format!("Bearer {token}")),
            None => call,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path).send().await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path).send().await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path).json(&body).send().await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.call("PUT", path).json(&body).send().await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call("PATCH", path).json(&body).send().await
    }

    /// A post of theirs: its id.
    pub(crate) async fn writes(&self, title: &str, published: bool) -> i64 {
        let post = json!({ "title": title, "content": "content", "published": published });
        self.post("/posts", post).await.assert_status(201).json()["id"].as_i64().unwrap()
    }

    /// The token they use.
    pub(crate) fn token(&self) -> &str {
        self.token.as_deref().unwrap()
    }
}

/// A request on its way.
pub(crate) struct Call {
    app: TestApp,
    request: Request<Body>,
}

impl Call {
    /// Adds a header field, beside any of that name.
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        self.request.headers_mut().append(name, HeaderValue::from_bytes(value.as_ref()).unwrap());
        self
    }

    /// Sends it from this address.
    pub(crate) fn from(mut self, address: &str) -> Self {
        let address: IpAddr = address.parse().unwrap();
        self.request.extensions_mut().insert(ConnectInfo(SocketAddr::from((address, 50_000))));
        self
    }

    /// Leaves the header fields of that name out.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.request.headers_mut().remove(name);
        self
    }

    /// Sets a body and says what it is.
    pub(crate) fn body(mut self, content_type: &str, body: impl Into<Body>) -> Self {
        self.request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap());
        *self.request.body_mut() = body.into();
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub(crate) fn form(self, body: &str) -> Self {
        self.body("application/x-www-form-urlencoded", body.to_owned())
    }

    /// Sends it. Whatever is answered must be documented.
    pub(crate) async fn send(self) -> Answer {
        let (method, path) = (self.request.method().clone(), self.request.uri().path().to_owned());
        let answer = self.send_unchecked().await;
        document::check(&method, &path, &answer);
        answer
    }

    /// Sends it, whatever is answered.
    pub(crate) async fn send_unchecked(self) -> Answer {
        Answer::read(self.app.router.clone().oneshot(self.request).await.unwrap()).await
    }
}
