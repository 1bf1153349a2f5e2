//! The OAuth2 endpoints, for programs that speak RFC 6749, 7009 and 7662.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use keyward_auth::Password;
use keyward_domain::identity::standing_keys::StandingKey;
use keyward_domain::limits::waits::TooManyAttempts;
use keyward_domain::oauth::tokens::{Introspection, OAuthTokens};
use keyward_domain::sessions::error::{
    EmailUnverified, InvalidCredentials, NotRevocable, UngrantableScope, WrongCode,
};
use keyward_domain::sessions::log_in::{LogIn, Login};
use keyward_domain::sessions::refresh::Refresh;
use keyward_web::readers::string;
use keyward_web::{Flaw, Input};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa::openapi::schema::KnownFormat;

use super::grant_error::{GrantError, UnknownGrant};
use crate::access::key_uses::KeyUses;
use crate::answers::refused::{GrantWords, Refused};
use crate::answers::success::NoStore;
use crate::error::ApiError;
use crate::extract::read::LoginPassword;
use crate::extract::{ClientForm, OAuthForm, Sender, invalid_client, read};
use crate::metrics::counters::Metrics;
use crate::routes::sessions::login::{Token, TokenType};
use crate::routes::sessions::owed::{SecondFactorOwed, granted};
use crate::routes::sessions::refresh::Unrefreshable;

/// A grant (RFC 6749, sections 4.3, 4.4 and 6).
#[derive(Input)]
pub struct TokenRequest {
    /// `password`, `refresh_token` or `client_credentials`.
    #[input(example = "password")]
    grant_type: String,
    /// With `password`: the e-mail address or the user name.
    username: Option<String>,
    /// With `password`. Without `otp`, a space and the code may stand behind it.
    #[input(read = read::login_password())]
    password: Option<LoginPassword>,
    /// With `password`: the code of an authenticator app, where the account has one.
    #[input(secret)]
    otp: Option<String>,
    /// With `refresh_token`.
    #[input(secret)]
    refresh_token: Option<String>,
    /// What the token shall be good for, separated by spaces.
    scope: Option<String>,
    /// A client's id, if it does not use HTTP Basic.
    pub client_id: Option<String>,
    /// A client's secret, if it does not use HTTP Basic.
    #[input(read = string().format(KnownFormat::Password), secret)]
    pub client_secret: Option<String>,
}

/// What is asked for.
enum Grant {
    Password { username: String, password: Password, otp: Option<String> },
    RefreshToken(String),
    ClientCredentials,
}

impl TokenRequest {
    /// The grant with what belongs to it, and the scope.
    fn grant(self) -> Result<(Grant, Option<String>), ApiError> {
        let missing = |name| Flaw::missing().in_field("body", name, None);
        let grant = match self.grant_type.as_str() {
            "password" => match (self.username, self.password) {
                (Some(username), Some(LoginPassword { password, .. })) => {
                    Ok(Grant::Password { username, password, otp: self.otp })
                }
                (None, Some(_)) => Err(vec![missing("username")]),
                (Some(_), None) => Err(vec![missing("password")]),
                (None, None) => Err(vec![missing("username"), missing("password")]),
            },
            "refresh_token" => {
                self.refresh_token.map(Grant::RefreshToken).ok_or_else(|| vec![missing("refresh_token")])
            }
            "client_credentials" => Ok(Grant::ClientCredentials),
            _ => return Err(GrantError::Unknown.into()),
        };
        Ok((grant.map_err(|faults| ApiError::faults(faults).for_oauth())?, self.scope))
    }
}

/// A client's own token: without a refresh token (RFC 6749, section 4.4.3).
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientToken {
    access_token: String,
    #[schema(value_type = TokenType)]
    token_type: &'static str,
    expires_in: i64,
    scope: String,
}

/// A user's tokens, or a client's own.
#[derive(ToSchema)]
#[serde(untagged)]
pub enum GrantedToken {
    /// Of a login.
    User(Token),
    /// Of `client_credentials`.
    Client(ClientToken),
}

/// A token (RFC 7009, section 2.1; RFC 7662, section 2.1).
#[derive(Input)]
pub struct TokenForm {
    /// An access or refresh token, or an API key.
    #[input(secret)]
    token: String,
    /// Not needed: the token says what it is.
    pub token_type_hint: Option<String>,
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
    /// `bearer` for an access token (RFC 6749, section 5.1).
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
                token_type: Some("bearer"),
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
                ..Self::default()
            },
        }
    }
}

/// Why a grant is refused.
pub type NoGrant = (
    UnknownGrant,
    UngrantableScope,
    (InvalidCredentials, SecondFactorOwed, WrongCode),
    EmailUnverified,
    Unrefreshable,
    TooManyAttempts,
);

/// Get a token
///
/// Public clients need no credentials for `password` and `refresh_token`; `client_credentials` is for registered ones.
#[utoipa::path(post, path = "/oauth/token", tag = "oauth", responses(
    (status = 200, description = "A token", body = GrantedToken),
))]
pub async fn issue_token(
    State(log_in): State<LogIn>,
    State(refresh): State<Refresh>,
    State(tokens): State<OAuthTokens>,
    State(metrics): State<Metrics>,
    Sender(origin): Sender,
    OAuthForm { value: request, client }: OAuthForm<TokenRequest>,
) -> Result<Response, Refused<NoGrant, GrantWords>> {
    let (grant, scope) = request.grant()?;
    let pair = match grant {
        Grant::Password { username, password, otp } => {
            // What is read here came in a form.
            let with_code = otp.is_none();
            let login = Login { name: username, password, otp, with_code, scope, client, device: None };
            Ok(granted(metrics.login(log_in.log_in(login, &origin).await)?)?)
        }
        Grant::RefreshToken(token) => {
            metrics.refresh(refresh.refresh(&token, scope.as_deref(), client.as_ref(), &origin).await)
        }
        Grant::ClientCredentials => {
            let client = client.ok_or_else(invalid_client)?;
            let token = tokens.client_credentials(&client, scope.as_deref())?;
            return Ok(NoStore(ClientToken {
                access_token: token.as_str().to_owned(),
                token_type: "bearer",
                expires_in: token.expires_in(),
                scope: token.claims().scope.to_string(),
            })
            .into_response());
        }
    };
    Ok(Token::from(pair?).into_response())
}

/// End the session of a token
#[utoipa::path(post, path = "/oauth/revoke", tag = "oauth", responses(
    (status = 200, description = "The token is good no more, if it ever was"),
))]
pub async fn revoke_token(
    State(tokens): State<OAuthTokens>,
    Sender(origin): Sender,
    ClientForm { value: TokenForm { token, .. }, client }: ClientForm<TokenForm>,
) -> Result<StatusCode, Refused<NotRevocable, GrantWords>> {
    tokens.revoke(&token, &client.id, &origin).await?;
    Ok(StatusCode::OK)
}

/// Ask what a token is worth
#[utoipa::path(post, path = "/oauth/introspect", tag = "oauth")]
pub async fn introspect_token(
    State(tokens): State<OAuthTokens>,
    State(uses): State<KeyUses>,
    ClientForm { value: TokenForm { token, .. }, .. }: ClientForm<TokenForm>,
) -> Result<NoStore<TokenState>, Refused> {
    let found = tokens.introspect(&token).await?;
    // A service that asks is about to let the key in.
    if let Some(Introspection::ApiKey(StandingKey { key, .. })) = &found {
        uses.note(key).await;
    }
    Ok(NoStore(found.map(TokenState::from).unwrap_or_default()))
}
