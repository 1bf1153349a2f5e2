//! The public keys, for services that check our tokens by themselves.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use keyward_auth::{Jwk, SharedKeyRing};
use keyward_domain::keys::id_token_keys::IdTokenKeys;
use keyward_guard::{Answers, Schemas};
use keyward_web::Conditions;
use utoipa::ToSchema;
use utoipa::openapi::path::Operation;

use crate::answers::refused::Refused;

/// How long others may keep what they fetched here, in seconds.
pub const MAX_AGE: u32 = 300;

/// How long a new key is published before it signs: twice as long as anybody may keep the key set.
pub const PUBLISHED_AHEAD: time::Duration = time::Duration::seconds(2 * MAX_AGE as i64);

/// The public keys (RFC 7517). A token names its own by `kid`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the key set")]
pub struct JsonWebKeySet {
    #[schema(value_type = Vec<JsonWebKey>, example = json!([
        { "kty": "OKP", "crv": "Ed25519", "x": "..", "alg": "EdDSA", "use": "sig", "kid": ".." }
    ]))]
    keys: Vec<Jwk>,
}

/// A public key (RFC 7517, section 4): with `crv` and `x` on a curve, with `n` and `e` for RSA.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents a `Jwk`")]
struct JsonWebKey {
    kty: String,
    #[schema(nullable = false)]
    crv: Option<String>,
    #[schema(nullable = false)]
    x: Option<String>,
    #[schema(nullable = false)]
    y: Option<String>,
    #[schema(nullable = false)]
    n: Option<String>,
    #[schema(nullable = false)]
    e: Option<String>,
    alg: String,
    r#use: String,
    kid: String,
}

/// The public keys that access tokens and ID tokens are checked with
///
/// Those of RS256 come first, which every OpenID Connect library knows.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "oauth", responses(
    (status = 200, description = "The key set", body = JsonWebKeySet),
    (status = 304, description = "As it was: `If-None-Match` named its `ETag`"),
))]
pub async fn read_key_set(
    State(keys): State<SharedKeyRing>,
    State(id_token_keys): State<IdTokenKeys>,
    headers: Conditions,
) -> Result<Cacheable<Response>, Refused> {
    let mut set = id_token_keys.published().await?;
    for key in keys.load().jwks().keys {
        if set.keys.iter().all(|other| other.kid != key.kid) {
            set.keys.push(key);
        }
    }
    let kids: Vec<&str> = set.keys.iter().filter_map(|key| key.kid.as_deref()).collect();
    let tag = format!("\"{}\"", kids.join("."));
    let tag = HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("\"\""));
    let known = headers.know(&tag);
    let mut answer = if known { StatusCode::NOT_MODIFIED.into_response() } else { Json(set).into_response() };
    answer.headers_mut().insert(header::ETAG, tag);
    Ok(Cacheable(answer))
}

/// 200, with a body that others may keep for [`MAX_AGE`].
pub struct Cacheable<T>(pub T);

impl<T: IntoResponse> IntoResponse for Cacheable<T> {
    fn into_response(self) -> Response {
        let value = HeaderValue::try_from(format!("public, max-age={MAX_AGE}"));
        let value = value.unwrap_or(HeaderValue::from_static("public"));
        ([(header::CACHE_CONTROL, value)], self.0).into_response()
    }
}

impl<T: Answers> Answers for Cacheable<T> {
    fn answers(operation: &mut Operation, schemas: &mut Schemas) {
        T::answers(operation, schemas);
    }
}
