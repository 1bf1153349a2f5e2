//! What a token is worth, as services read it (RFC 7662).

use keyward_domain::identity::standing_keys::StandingKey;
use keyward_domain::oauth::tokens::Introspection;
use keyward_web::Input;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A token (RFC 7009, section 2.1; RFC 7662, section 2.1).
#[derive(Input)]
pub struct TokenForm {
    /// An access or refresh token, or an API key.
    #[input(secret)]
    pub(super) token: String,
    /// Not needed: the token says what it is.
    pub token_type_hint: Option<String>,
}

/// What a token is bound to (RFC 7800).
#[derive(Serialize, ToSchema)]
pub struct TokenKey {
    /// The thumbprint of the key (RFC 7638).
    #[schema(example = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I")]
    jkt: String,
}

/// What a token is worth (RFC 7662, section 2.2). For one that is no longer good: `{"active": false}` and nothing else.
#[derive(Default, Serialize, ToSchema)]
pub struct TokenState {
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    client_id: Option<String>,
    /// The key that an access token, or the refresh tokens of its session, are bound to (RFC 9449, section 6.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    cnf: Option<TokenKey>,
    /// `bearer` or `DPoP` for an access token (RFC 6749, section 5.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    exp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    iat: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    nbf: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    sub: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    aud: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    iss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    jti: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    sid: Option<String>,
    /// When the user was authenticated (RFC 9470, section 6.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    acr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    amr: Option<Vec<String>>,
}

impl From<Introspection> for TokenState {
    fn from(introspection: Introspection) -> Self {
        match introspection {
            Introspection::Access { claims, scope } => Self {
                active: true,
                scope: Some(scope.to_string()),
                client_id: claims.client_id,
                token_type: Some(if claims.cnf.is_some() { "DPoP" } else { "bearer" }),
                cnf: claims.cnf.and_then(|confirmation| confirmation.jkt).map(|jkt| TokenKey { jkt }),
                exp: Some(claims.exp),
                iat: Some(claims.iat),
                nbf: claims.nbf,
                sub: Some(claims.sub),
                aud: Some(claims.aud),
                iss: Some(claims.iss),
                jti: Some(claims.jti),
                sid: claims.sid,
                auth_time: claims.auth_time,
                acr: claims.acr,
                amr: Some(claims.amr).filter(|amr| !amr.is_empty()),
            },
            Introspection::ApiKey(StandingKey { key, scope }) => Self {
                active: true,
                scope: Some(scope.to_string()),
                token_type: Some("bearer"),
                exp: key.expires_at.map(OffsetDateTime::unix_timestamp),
                iat: Some(key.created_at.unix_timestamp()),
                sub: Some(key.user.to_string()),
                ..Self::default()
            },
            Introspection::Refresh { session, expires_at } => Self {
                active: true,
                scope: Some(session.scope.to_string()),
                client_id: session.client.map(|client| client.to_string()),
                exp: Some(expires_at.unix_timestamp()),
                sub: Some(session.user.to_string()),
                sid: Some(session.id.to_string()),
                cnf: session.key.map(|key| TokenKey { jkt: key.to_string() }),
                ..Self::default()
            },
        }
    }
}
