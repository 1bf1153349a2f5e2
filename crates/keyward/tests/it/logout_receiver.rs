//! A client that gets logout tokens: a real HTTP server, and what it takes to deliver to it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use keyward_api::testing::app::TestApp;
use keyward_domain::keys::id_token_keys::IdTokenKeys;
use keyward_domain::model::clients::ClientSettings;
use keyward_domain::oauth::logouts::Logouts;
use keyward_domain::values::logout_uri::Backchannel;
use keyward_infra::oauth::receivers::{HttpLogoutSender, SystemNames};
use reqwest::dns::Resolve;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::relying_party::{RelyingParty, SCOPE, settings};

/// What a receiver does with a request.
#[derive(Clone)]
pub(crate) enum Does {
    /// Answers with these bytes.
    Answers(String),
    /// Answers with this head and then with more than it could ever be read.
    AnswersForever(String),
    /// Accepts the request and never answers.
    Waits,
}

impl Does {
    /// Answers with a status and no body.
    pub(crate) fn status(status: &str) -> Self {
        Self::Answers(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"))
    }

    /// Answers with a status and a JSON body.
    pub(crate) fn json(status: &str, body: &str) -> Self {
        let length = body.len();
        Self::Answers(format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        ))
    }
}

/// A receiver. A clone is the same one.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    pub(crate) does: Arc<Mutex<Does>>,
    requests: Arc<Mutex<Vec<String>>>,
    /// The bytes it could send.
    pub(crate) sent: Arc<AtomicUsize>,
}

impl Receiver {
    /// One that takes every logout.
    pub(crate) async fn start() -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.unwrap(), Does::status("200 OK"))
    }

    pub(crate) fn on(listener: TcpListener, does: Does) -> Self {
        let receiver = Self {
            address: listener.local_addr().unwrap(),
            does: Arc::new(Mutex::new(does)),
            requests: Arc::default(),
            sent: Arc::default(),
        };
        let own = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(own.clone().serve(stream));
            }
        });
        receiver
    }

    async fn serve(self, mut stream: TcpStream) {
        let mut request = Vec::new();
        let mut part = [0; 4096];
        loop {
            let text = String::from_utf8_lossy(&request).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                    break;
                }
            }
            match stream.read(&mut part).await {
                Ok(read) if read > 0 => request.extend_from_slice(&part[..read]),
                _ => return,
            }
        }
        self.requests.lock().unwrap().push(String::from_utf8(request).unwrap());
        let does = self.does.lock().unwrap().clone();
        match does {
            Does::Answers(answer) => drop(stream.write_all(answer.as_bytes()).await),
            Does::AnswersForever(head) => {
                drop(stream.write_all(head.as_bytes()).await);
                while stream.write_all(&[b' '; 4096]).await.is_ok() {
                    self.sent.fetch_add(4096, Ordering::SeqCst);
                }
            }
            Does::Waits => tokio::time::sleep(Duration::from_mins(5)).await,
        }
    }

    /// From now on it does this.
    pub(crate) fn now(&self, does: Does) {
        *self.does.lock().unwrap() = does;
    }

    /// Its URI.
    pub(crate) fn uri(&self) -> String {
        format!("http://{}/logout?x=1", self.address)
    }

    /// The requests since the last call.
    pub(crate) fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }

    /// The logout tokens since the last call.
    pub(crate) fn tokens(&self) -> Vec<String> {
        let token = |request: String| {
            let (head, body) = request.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with("POST /logout?x=1 HTTP/1.1\r\n"), "{head}");
            assert!(head.contains("content-type: application/x-www-form-urlencoded"), "{head}");
            body.strip_prefix("logout_token=").unwrap().to_owned()
        };
        self.requests().into_iter().map(token).collect()
    }

    /// Registers a client that this receiver belongs to.
    pub(crate) async fn client(&self, app: &TestApp, id: &str) -> RelyingParty {
        let backchannel = Backchannel::parse(&self.uri()).unwrap();
        RelyingParty::with(app, id, false, ClientSettings { backchannel, ..settings(SCOPE) }).await
    }
}

/// Delivers the logouts of this service to addresses of this machine.
pub(crate) fn logouts(app: &TestApp) -> Logouts {
    through(app, Arc::new(SystemNames), true)
}

/// The same, with names looked up there; with `private` to any address.
pub(crate) fn through(app: &TestApp, names: Arc<dyn Resolve>, private: bool) -> Logouts {
    let life = app.settings.tokens.access_token_life();
    let keys = IdTokenKeys::new(app.ports.clone(), Arc::clone(&app.postbox.master), life);
    let sender = Arc::new(HttpLogoutSender::new(names, private));
    Logouts::new(app.ports.clone(), keys, app.settings.issuer().into(), sender)
}

/// What a logout token says, verified by another library with the keys that the service publishes.
pub(crate) async fn verified(app: &TestApp, token: &str, client: &str) -> Value {
    let keys = app.anonymous().get("/.well-known/jwks.json").await.assert_status(200).text();
    let keys: jsonwebtoken::jwk::JwkSet = serde_json::from_str(&keys).unwrap();
    let header = jsonwebtoken::decode_header(token).unwrap();
    assert_eq!(header.typ.as_deref(), Some("logout+jwt"));
    let key = keys.find(header.kid.as_deref().unwrap()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(header.alg);
    validation.set_audience(&[client]);
    validation.set_issuer(&[app.settings.issuer()]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    let key = jsonwebtoken::DecodingKey::from_jwk(key).unwrap();
    jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap().claims
}
