//! The layer from outside: around a service that knows nothing of axum.
#![expect(clippy::unwrap_used, reason = "clippy's exemption for tests does not know their helpers")]

use std::convert::Infallible;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use keyward_guard::{Authenticator, BearerLayer, Credential, Principal, Refusal, ScopeSet};
use tower::{Layer, ServiceExt, service_fn};

/// Knows tokens by heart.
struct Book;

#[async_trait]
impl Authenticator for Book {
    async fn authenticate(&self, token: &str) -> Result<Principal, Refusal> {
        let scope = match token {
            "plain" => "",
            "greeter" => "greet",
            "late" => return Err(Refusal::Expired),
            "nobody-knows" => return Err(Refusal::Unavailable),
            _ => return Err(Refusal::InvalidToken),
        };
        let scope = ScopeSet::parse(scope).unwrap();
        Ok(Principal {
            confirmation: None,
            subject: "ana".into(),
            session: None,
            scope,
            authenticated_at: None,
            acr: None,
            methods: Vec::new(),
            credential: Credential::AccessToken,
        })
    }
}

async fn greet(request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, Infallible> {
    let whom = request.extensions().get::<Principal>().map_or("stranger", |principal| &principal.subject);
    Ok(Response::new(format!("hello {whom}").into()))
}

fn layer() -> BearerLayer {
    BearerLayer::new(Arc::new(Book))
}

async fn ask(
    layer: BearerLayer,
    token: Option<&str>,
    media: Option<&str>,
) -> (StatusCode, HeaderMap, String) {
    let mut request = Request::post("/");
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    if let Some(media) = media {
        request = request.header(header::CONTENT_TYPE, media);
    }
    let service = layer.layer(service_fn(greet));
    let response = service.oneshot(request.body(Full::default()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn who_has_a_good_token_is_in_the_extensions() {
    assert_eq!(ask(layer(), Some("plain"), None).await.2, "hello ana");
    assert_eq!(ask(layer().require("greet"), Some("greeter"), None).await.2, "hello ana");
    assert_eq!(ask(layer().optional(), None, None).await.2, "hello stranger");
}

#[tokio::test]
async fn who_has_none_is_told_why_and_the_service_is_not_called() {
    for (layer, token, status, detail, code, challenge) in [
        (layer(), None, 401, "Not authenticated", "not_authenticated", Some("Bearer")),
        (
            layer(),
            Some("x"),
            401,
            "Could not validate credentials",
            "invalid_token",
            Some("Bearer error=\"invalid_token\""),
        ),
        (
            layer().optional(),
            Some("late"),
            401,
            "Token expired",
            "token_expired",
            Some("Bearer error=\"invalid_token\""),
        ),
        (
            layer().require("greet"),
            Some("plain"),
            403,
            "Not enough permissions",
            "insufficient_scope",
            Some("Bearer error=\"insufficient_scope\""),
        ),
        (layer(), Some("nobody-knows"), 503, "Service Unavailable", "unavailable", None),
    ] {
        let (answered, headers, body) = ask(layer, token, Some("application/json")).await;
        assert_eq!(answered, status, "{token:?}");
        assert_eq!(body, format!("{{\"detail\":\"{detail}\",\"code\":\"{code}\"}}"));
        let found = headers.get(header::WWW_AUTHENTICATE).map(|value| value.to_str().unwrap());
        assert_eq!(found.is_some(), challenge.is_some());
        assert!(found.unwrap_or_default().starts_with(challenge.unwrap_or_default()), "{found:?}");
        assert_eq!(headers.contains_key(header::RETRY_AFTER), status == 503);
    }
}

#[tokio::test]
async fn a_grpc_call_is_refused_with_a_status_of_grpc() {
    for (layer, token, code) in [
        (layer(), None, "16"),
        (layer(), Some("x"), "16"),
        (layer(), Some("late"), "16"),
        (layer().require("greet"), Some("plain"), "7"),
        (layer(), Some("nobody-knows"), "14"),
    ] {
        for media in ["application/grpc", "application/grpc+proto", "Application/GRPC; x=y"] {
            let (status, headers, body) = ask(layer.clone(), token, Some(media)).await;
            assert_eq!(status, StatusCode::OK);
            assert_eq!(headers["grpc-status"], code, "{token:?}");
            assert_eq!(headers[header::CONTENT_TYPE], media);
            assert!(!headers["grpc-message"].is_empty() && body.is_empty());
        }
    }
    for media in ["application/grpc-web", "application/grpcx", "text/plain"] {
        assert_eq!(ask(layer(), None, Some(media)).await.0, StatusCode::UNAUTHORIZED, "{media}");
    }
}
