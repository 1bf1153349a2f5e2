//! The layer under a real tonic server, as tonic's own client sees it and as it goes over the wire: calls of one message and
//! of many, with good tokens and with every kind of bad one.
#![expect(clippy::unwrap_used, reason = "clippy's exemption for tests does not know their helpers")]
#![expect(clippy::disallowed_methods, reason = "the layer's time is the system's")]

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http_body_util::{BodyExt, Full};
use keyward_auth::{
    Algorithm, Grant, IssuerSettings, JwtIssuer, JwtVerifier, KeyRing, ScopeSet, SharedKeyRing, SigningKey,
    SystemRandom, TokenIssuer, VerifierSettings,
};
use keyward_guard::{BearerLayer, TokenAuthenticator};
use tokio::net::TcpListener;
use tonic::codegen::tokio_stream::{self, StreamExt};
use tonic::codegen::{Bytes, Service, http};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic::{Code, Request, Status};
use tonic_greeter::Polite;
use tonic_greeter::greeter::Greeting;
use tonic_greeter::greeter::greeter_client::GreeterClient;
use tonic_greeter::greeter::greeter_server::GreeterServer;

const ISSUER: &str = "http://127.0.0.1:8000";
const UNARY: &str = "/greeter.Greeter/Greet";
const STREAMING: &str = "/greeter.Greeter/Converse";
/// An empty message, as gRPC frames it: not compressed, no bytes.
const FRAME: &[u8] = &[0; 5];

/// A greeter behind the layer, and who issues tokens for it.
struct World {
    keys: SharedKeyRing,
    channel: Channel,
}

impl World {
    async fn start() -> Self {
        let keys = ring();
        let verifier = JwtVerifier::new(VerifierSettings::new(ISSUER, "keyward"), keys.clone());
        let layer = BearerLayer::new(Arc::new(TokenAuthenticator::new(Arc::new(verifier))));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server =
            Server::builder().layer(layer.require("posts:read")).add_service(GreeterServer::new(Polite));
        tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
        Self { keys, channel: Channel::from_shared(address).unwrap().connect().await.unwrap() }
    }

    fn token(&self, scope: &str) -> String {
        sign(self.keys.clone(), scope, Duration::ZERO)
    }

    /// What is wrong with a call, what it sends, and the status and the words that it gets.
    fn refused(&self) -> HashMap<&'static str, (Option<String>, Code, &'static str)> {
        let (reader, shopper) = (self.token("posts:read"), self.token("shop"));
        let (head, _) = shopper.rsplit_once('.').unwrap();
        let (_, signature) = reader.rsplit_once('.').unwrap();
        let bearer = |token: &str| Some(format!("Bearer {token}"));
        let invalid = "Could not validate credentials";
        HashMap::from([
            ("nothing", (None, Code::Unauthenticated, "Not authenticated")),
            ("another scheme", (Some("Basic YTpi".into()), Code::Unauthenticated, "Not authenticated")),
            ("no token", (bearer("x.y.z"), Code::Unauthenticated, invalid)),
            (
                "the signature of another",
                (bearer(&format!("{head}.{signature}")), Code::Unauthenticated, invalid),
            ),
            (
                "another's key",
                (bearer(&sign(ring(), "posts:read", Duration::ZERO)), Code::Unauthenticated, invalid),
            ),
            (
                "an old token",
                (
                    bearer(&sign(self.keys.clone(), "posts:read", Duration::from_hours(1))),
                    Code::Unauthenticated,
                    "Token expired",
                ),
            ),
            ("another scope", (bearer(&shopper), Code::PermissionDenied, "Not enough permissions")),
            ("no scope", (bearer(&self.token("")), Code::PermissionDenied, "Not enough permissions")),
        ])
    }

    /// A call as it goes over the wire.
    async fn post(&self, path: &str, credentials: Option<&str>) -> http::Response<tonic::body::Body> {
        let mut request =
            http::Request::post(path).header("content-type", "application/grpc").header("te", "trailers");
        if let Some(credentials) = credentials {
            request = request.header("authorization", credentials);
        }
        let body = tonic::body::Body::new(Full::new(Bytes::from_static(FRAME)));
        let mut channel = self.channel.clone();
        std::future::poll_fn(|context| channel.poll_ready(context)).await.unwrap();
        channel.call(request.body(body).unwrap()).await.unwrap()
    }
}

fn ring() -> SharedKeyRing {
    SharedKeyRing::new(KeyRing::new(SigningKey::generate(Algorithm::EdDsa).unwrap()))
}

/// A token of Ana's, as issued so long ago.
fn sign(keys: SharedKeyRing, scope: &str, ago: Duration) -> String {
    let settings = IssuerSettings { issuer: ISSUER.into(), audience: "keyward".into(), ttl_seconds: 900 };
    let scope = ScopeSet::parse(scope).unwrap();
    let grant = Grant {
        key: None,
        subject: "ana".into(),
        session: Some("s1".into()),
        client_id: None,
        scope,
        audience: Vec::new(),
        userinfo: false,
        authentication: None,
    };
    let then = (SystemTime::now() - ago).duration_since(UNIX_EPOCH).unwrap();
    let issuer = JwtIssuer::new(settings, keys, Arc::new(SystemRandom));
    issuer.issue(&grant, i64::try_from(then.as_secs()).unwrap()).unwrap().as_str().to_owned()
}

fn with<T>(message: T, credentials: Option<&str>) -> Request<T> {
    let mut request = Request::new(message);
    if let Some(credentials) = credentials {
        request.metadata_mut().insert("authorization", credentials.parse().unwrap());
    }
    request
}

fn greeting(words: &str) -> Greeting {
    Greeting { words: words.to_owned() }
}

async fn converse(world: &World, credentials: Option<&str>) -> Result<Vec<String>, Status> {
    let greetings = tokio_stream::iter(["", "Good morning", "Good night"].map(greeting));
    let mut client = GreeterClient::new(world.channel.clone());
    let mut replies = client.converse(with(greetings, credentials)).await?.into_inner();
    let mut said = Vec::new();
    while let Some(reply) = replies.next().await {
        said.push(reply?.text);
    }
    Ok(said)
}

#[tokio::test]
async fn with_a_good_token_one_message_and_many_come_through() {
    let world = World::start().await;
    let credentials = format!("Bearer {}", world.token("posts:read shop"));
    let mut client = GreeterClient::new(world.channel.clone());
    let reply = client.greet(with(greeting(""), Some(&credentials))).await.unwrap();
    assert_eq!(reply.into_inner().text, "Hello, ana!");
    let said = converse(&world, Some(&credentials)).await.unwrap();
    assert_eq!(said, ["Hello, ana!", "Good morning, ana!", "Good night, ana!"]);
}

#[tokio::test]
async fn every_bad_token_gets_its_status_for_one_message_and_for_many() {
    let world = World::start().await;
    for (name, (credentials, code, words)) in world.refused() {
        let credentials = credentials.as_deref();
        let mut client = GreeterClient::new(world.channel.clone());
        let unary = client.greet(with(greeting(""), credentials)).await.unwrap_err();
        let streaming = converse(&world, credentials).await.unwrap_err();
        for status in [unary, streaming] {
            assert_eq!((status.code(), status.message()), (code, words), "{name}");
        }
    }
}

#[tokio::test]
async fn a_refusal_is_headers_alone_and_an_answer_ends_with_its_status() {
    let world = World::start().await;
    for path in [UNARY, STREAMING] {
        for (name, (credentials, code, words)) in world.refused() {
            let (head, body) = world.post(path, credentials.as_deref()).await.into_parts();
            assert_eq!(
                (head.status.as_u16(), &head.headers["content-type"]),
                (200, &"application/grpc".parse().unwrap())
            );
            assert_eq!(head.headers["grpc-status"], (code as i32).to_string(), "{name}");
            assert_eq!(head.headers["grpc-message"], words, "{name}");
            let challenge = head.headers["www-authenticate"].to_str().unwrap();
            assert_eq!(
                challenge.contains("insufficient_scope"),
                code == Code::PermissionDenied,
                "{challenge}"
            );
            let body = body.collect().await.unwrap();
            assert!(body.trailers().is_none() && body.to_bytes().is_empty(), "{name}: nothing follows");
        }
        let good = format!("Bearer {}", world.token("posts:read"));
        let (head, body) = world.post(path, Some(&good)).await.into_parts();
        assert!(!head.headers.contains_key("grpc-status"), "the status of an answer comes last");
        let body = body.collect().await.unwrap();
        assert_eq!(body.trailers().unwrap()["grpc-status"], "0");
        assert!(body.to_bytes().ends_with(b"Hello, ana!"));
    }
}

#[tokio::test]
async fn a_conversation_that_was_let_in_goes_on_while_others_are_refused_on_the_same_connection() {
    let world = World::start().await;
    let credentials = format!("Bearer {}", world.token("posts:read"));
    let (say, said) = tokio::sync::mpsc::channel::<Greeting>(1);
    let greetings = tokio_stream::once(greeting("First")).chain(Spoken(said));
    let mut client = GreeterClient::new(world.channel.clone());
    let mut replies = client.converse(with(greetings, Some(&credentials))).await.unwrap().into_inner();
    assert_eq!(replies.next().await.unwrap().unwrap().text, "First, ana!");
    assert_eq!(converse(&world, None).await.unwrap_err().code(), Code::Unauthenticated);
    say.send(greeting("Second")).await.unwrap();
    assert_eq!(replies.next().await.unwrap().unwrap().text, "Second, ana!");
    drop(say);
    assert!(replies.next().await.is_none());
}

/// What comes through a channel, as a stream.
struct Spoken(tokio::sync::mpsc::Receiver<Greeting>);

impl tokio_stream::Stream for Spoken {
    type Item = Greeting;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Greeting>> {
        self.0.poll_recv(context)
    }
}
