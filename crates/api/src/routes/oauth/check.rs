//! The check of access tokens for proxies: nginx's `auth_request`, Traefik's `forwardAuth`, Caddy's `forward_auth`.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use keyward_domain::values::actor::Actor;
use keyward_guard::{Answers, Refusal, Requirement, Schemas, document_content, document_problem};
use keyward_web::{Input, Query};
use utoipa::openapi::path::Operation;
use utoipa::openapi::{HeaderBuilder, RefOr};

use crate::access::current_user::CurrentUser;

/// The user's id.
const USER: HeaderName = HeaderName::from_static("x-keyward-user");
/// The token's scope, as far as the user's role still allows it, separated by spaces.
const SCOPE: HeaderName = HeaderName::from_static("x-keyward-scope");

/// Marks an answer that a proxy passes on in the name of another service: it names no metadata of this one, and brings no
/// nonce.
#[derive(Clone, Copy)]
pub(crate) struct OfAnotherService;

/// Marks an answer of this operation.
pub(crate) async fn mark(mut answer: Response) -> Response {
    answer.extensions_mut().insert(OfAnotherService);
    answer
}

/// Asks for any good token that is not bound to a key: a proof is for the address that the client called, which is another service's.
pub struct Unbound;

impl Requirement for Unbound {
    const SCOPE: Option<&'static str> = None;
    const BOUND_TOKENS: bool = false;
}

/// What the token has to be good for.
#[derive(Input)]
pub struct Needed {
    /// Scopes, separated by spaces, all of which the token must carry; any token will do without.
    scope: Option<String>,
}

/// Whether a token is good, as a proxy reads it.
pub enum Checked {
    /// The token is good for all that was asked: whose it is, and its scope.
    Good(Actor),
    /// The token lacks a scope.
    Lacking(String),
}

/// Check an access token, for a proxy
///
/// Answers without a body. A proxy sends the `Authorization` of the request that it is about to pass on, and lets it pass on 204;
/// Any good token will do where no scope is asked for, a third party's application's too: ask for a scope where that is not meant.
/// `X-Keyward-User` and `X-Keyward-Scope` are for the service behind it. `docs/OPERATIONS.md` has an nginx example.
#[utoipa::path(get, path = "/oauth/check", tag = "oauth")]
pub async fn check_token(user: CurrentUser<Unbound>, Query(Needed { scope }): Query<Needed>) -> Checked {
    let actor = user.into_identity();
    let needed = scope.unwrap_or_default();
    if needed.split(' ').filter(|scope| !scope.is_empty()).all(|scope| actor.scope.contains(scope)) {
        Checked::Good(actor)
    } else {
        Checked::Lacking(needed)
    }
}

impl IntoResponse for Checked {
    fn into_response(self) -> Response {
        match self {
            Self::Good(actor) => {
                let value =
                    |text: String| HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
                let headers = [(USER, value(actor.who.to_string())), (SCOPE, value(actor.scope.to_string()))];
                (StatusCode::NO_CONTENT, headers).into_response()
            }
            Self::Lacking(needed) => {
                let mut answer = Refusal::InsufficientScope("").into_response();
                // RFC 6750, section 3: the characters of a scope need no escaping in a challenge.
                let plain = needed.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
                let named = if plain && !needed.contains(['"', '\\']) { &needed } else { "" };
                let challenge = format!(
                    "Bearer error=\"insufficient_scope\", error_description=\"Not enough permissions\", scope=\"{named}\""
                );
                if let Ok(challenge) = HeaderValue::try_from(challenge) {
                    answer.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
                }
                answer
            }
        }
    }
}

impl Answers for Checked {
    fn answers(operation: &mut Operation, _: &mut Schemas) {
        document_content(operation, StatusCode::NO_CONTENT, "The token is good for this", None);
        if let Some(RefOr::T(response)) = operation.responses.responses.get_mut("204") {
            for (name, words) in [(USER, "The user's id"), (SCOPE, "The token's scopes, separated by spaces")]
            {
                let header = HeaderBuilder::new().description(Some(words)).build();
                response.headers.insert(name.to_string(), RefOr::T(header));
            }
        }
        let body = Refusal::InsufficientScope("").body();
        document_problem(operation, StatusCode::FORBIDDEN.as_u16(), "The token lacks a scope", body);
    }
}
