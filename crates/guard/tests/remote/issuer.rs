//! An issuer of the tests' own, on a free port of this machine: it counts who asks, and behaves as told.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use keyward_auth::{
    Algorithm, Grant, IssuerSettings, JwtIssuer, KeyRing, ScopeSet, SharedKeyRing, SigningKey, SystemRandom,
    TokenIssuer,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// What the issuer answers where its keys are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Keys {
    Good,
    Garbage,
    None,
    TooLong,
    Elsewhere,
    Broken,
}

pub(crate) struct Issuer {
    pub(crate) address: SocketAddr,
    /// Shared with the server.
    pub(crate) desk: Arc<Desk>,
    server: Option<tokio::task::JoinHandle<()>>,
}

pub(crate) struct Desk {
    ring: SharedKeyRing,
    pub(crate) keys: Mutex<Keys>,
    /// Keys that stand in the set beside the good one.
    pub(crate) beside: Mutex<Vec<Value>>,
    /// The metadata, and the path where they are.
    pub(crate) metadata: Mutex<Value>,
    pub(crate) metadata_path: Mutex<&'static str>,
    pub(crate) cache_control: Mutex<&'static str>,
    /// A request for the keys needs one of these.
    pub(crate) permits: Semaphore,
    pub(crate) key_fetches: AtomicUsize,
    /// A request for the metadata needs one of these, and gets 500 while there are none left.
    pub(crate) metadata_permits: Semaphore,
    pub(crate) metadata_away: AtomicBool,
    pub(crate) metadata_fetches: AtomicUsize,
    /// Sessions that ended, in order, and how many of them a page has.
    pub(crate) ended: Mutex<Vec<&'static str>>,
    pub(crate) page: AtomicUsize,
    /// Whether the feed and introspection are out of order.
    pub(crate) away: AtomicBool,
    /// What the feed and introspection have found leaves only with one of these, each of which is good once.
    pub(crate) answer_permits: Semaphore,
    /// What the feed and introspection were asked for.
    pub(crate) queries: Mutex<Vec<String>>,
    /// How often introspection was asked.
    pub(crate) introspections: AtomicUsize,
    /// What introspection says.
    pub(crate) state: Mutex<Value>,
    /// Requests for anything else, such as where a redirection leads.
    pub(crate) strays: AtomicUsize,
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        let mut issuer = Self::away().await;
        issuer.open().await;
        issuer
    }

    /// An issuer that is not there yet, but has its address.
    pub(crate) async fn away() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let name = format!("http://{address}");
        let desk = Desk {
            ring: SharedKeyRing::new(KeyRing::new(key())),
            keys: Mutex::new(Keys::Good),
            beside: Mutex::default(),
            metadata: Mutex::new(json!({
                "issuer": name,
                "jwks_uri": format!("{name}/keys"),
                "introspection_endpoint": format!("{name}/introspect"),
                "revocation_feed_endpoint": format!("{name}/revocations"),
            })),
            metadata_path: Mutex::new("/.well-known/oauth-authorization-server"),
            cache_control: Mutex::new("public, max-age=300"),
            permits: Semaphore::new(Semaphore::MAX_PERMITS),
            key_fetches: AtomicUsize::new(0),
            metadata_permits: Semaphore::new(Semaphore::MAX_PERMITS),
            metadata_away: AtomicBool::new(false),
            metadata_fetches: AtomicUsize::new(0),
            ended: Mutex::default(),
            page: AtomicUsize::new(100),
            away: AtomicBool::new(false),
            answer_permits: Semaphore::new(Semaphore::MAX_PERMITS),
            queries: Mutex::default(),
            introspections: AtomicUsize::new(0),
            state: Mutex::new(json!({ "active": true })),
            strays: AtomicUsize::new(0),
        };
        Self { address, desk: Arc::new(desk), server: None }
    }

    pub(crate) async fn open(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        let router = Router::new().fallback(answer).with_state(Arc::clone(&self.desk));
        self.server = Some(tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }));
    }

    /// Refuses connections from now on; those that are open end.
    pub(crate) async fn close(&mut self) {
        if let Some(server) = self.server.take() {
            server.abort();
            server.await.unwrap_err();
        }
        // Connections are tasks of their own: nothing is answered on them any more.
        *self.desk.keys.lock().unwrap() = Keys::Broken;
    }

    pub(crate) fn name(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn rotate(&self) {
        self.desk.ring.replace(KeyRing::new(key()));
    }

    pub(crate) fn token(&self) -> String {
        self.token_of(Some("s1"))
    }

    pub(crate) fn token_of(&self, session: Option<&str>) -> String {
        sign(&self.name(), self.desk.ring.clone(), session)
    }

    /// A token that says it is from here, of a key that this issuer never had.
    pub(crate) fn forged(&self) -> String {
        sign(&self.name(), SharedKeyRing::new(KeyRing::new(key())), Some("s1"))
    }

    pub(crate) fn key_fetches(&self) -> usize {
        self.desk.key_fetches.load(Ordering::SeqCst)
    }

    pub(crate) fn metadata_fetches(&self) -> usize {
        self.desk.metadata_fetches.load(Ordering::SeqCst)
    }
}

fn key() -> SigningKey {
    SigningKey::generate(Algorithm::EdDsa).unwrap()
}

fn sign(issuer: &str, ring: SharedKeyRing, session: Option<&str>) -> String {
    let settings = IssuerSettings { issuer: issuer.to_owned(), audience: "keyward".into(), ttl_seconds: 900 };
    let grant = Grant {
        key: None,
        subject: "ana".into(),
        session: session.map(str::to_owned),
        client_id: None,
        scope: ScopeSet::parse("notes:read").unwrap(),
        audience: Vec::new(),
        userinfo: false,
        authentication: None,
    };
    let issuer = JwtIssuer::new(settings, ring, Arc::new(SystemRandom));
    issuer.issue(&grant, now()).unwrap().as_str().to_owned()
}

pub(crate) fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// The feed, and introspection, for the client `invoices` with the secret `s3cr3t`.
fn for_clients(desk: &Desk, uri: &Uri, headers: &HeaderMap, body: &str) -> Response {
    if headers.get(header::AUTHORIZATION).is_none_or(|field| field != "Basic aW52b2ljZXM6czNjcjN0") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    if desk.away.load(Ordering::SeqCst) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let query = uri.query().unwrap_or_default();
    desk.queries.lock().unwrap().push(query.to_owned());
    if uri.path() == "/introspect" {
        let good = (body.starts_with("token=ey") || body.starts_with("token=kwp_"))
            && headers[header::CONTENT_TYPE] == "application/x-www-form-urlencoded";
        assert!(good, "{body}");
        desk.introspections.fetch_add(1, Ordering::SeqCst);
        return Json(desk.state.lock().unwrap().clone()).into_response();
    }
    let after = query.strip_prefix("after=").and_then(|query| query.split('&').next());
    let after: usize = after.map_or(0, |after| after.parse().unwrap());
    let ended = desk.ended.lock().unwrap();
    let upto = ended.len().min(after + desk.page.load(Ordering::SeqCst));
    let told: Vec<Value> =
        ended[after..upto].iter().map(|sid| json!({ "sid": sid, "expires_at": now() + 900 })).collect();
    Json(json!({ "revocations": told, "after": upto.to_string(), "more": upto < ended.len() }))
        .into_response()
}

async fn answer(State(desk): State<Arc<Desk>>, uri: Uri, headers: HeaderMap, body: String) -> Response {
    if ["/revocations", "/introspect"].contains(&uri.path()) {
        let found = for_clients(&desk, &uri, &headers, &body);
        desk.answer_permits.acquire().await.unwrap().forget();
        return found;
    }
    if uri.path() == *desk.metadata_path.lock().unwrap() {
        desk.metadata_fetches.fetch_add(1, Ordering::SeqCst);
        let _permit = desk.metadata_permits.acquire().await.unwrap();
        if desk.metadata_away.load(Ordering::SeqCst) {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        return Json(desk.metadata.lock().unwrap().clone()).into_response();
    }
    if uri.path() != "/keys" {
        desk.strays.fetch_add(1, Ordering::SeqCst);
        return StatusCode::NOT_FOUND.into_response();
    }
    desk.key_fetches.fetch_add(1, Ordering::SeqCst);
    let _permit = desk.permits.acquire().await.unwrap();
    let how = *desk.keys.lock().unwrap();
    let cache = [(header::CACHE_CONTROL, *desk.cache_control.lock().unwrap())];
    match how {
        Keys::Good => {
            let mut set = serde_json::to_value(desk.ring.load().jwks()).unwrap();
            set["keys"].as_array_mut().unwrap().extend(desk.beside.lock().unwrap().clone());
            (cache, Json(set)).into_response()
        }
        Keys::Garbage => (cache, "<!doctype html>").into_response(),
        Keys::None => (cache, Json(json!({ "keys": [] }))).into_response(),
        Keys::TooLong => {
            let filler = " ".repeat(1024 * 1024);
            let set = serde_json::to_string(&desk.ring.load().jwks()).unwrap();
            (cache, format!("{filler}{set}")).into_response()
        }
        Keys::Elsewhere => (StatusCode::FOUND, [(header::LOCATION, "/elsewhere")]).into_response(),
        Keys::Broken => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
