//! The OAuth2 endpoints, for programs that speak RFC 6749, 7009 and 7662.

use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use keyward_domain::identity::standing_keys::StandingKey;
use keyward_domain::limits::waits::TooManyAttempts;
use keyward_domain::oauth::device::error::{
    DeviceDenied, DeviceExpired, DevicePending, DeviceTooFast, InvalidDeviceCode,
};
use keyward_domain::oauth::device::redeem::RedeemDevice;
use keyward_domain::oauth::id_tokens::IdTokens;
use keyward_domain::oauth::redeem::{CodeRequest, RedeemCode};
use keyward_domain::oauth::tokens::{Introspection, OAuthTokens};
use keyward_domain::sessions::error::{
    EmailUnverified, ForeignResource, InvalidCode, InvalidCredentials, NotRevocable, SessionError,
    UngrantableScope, WrongCode,
};
use keyward_domain::sessions::log_in::{LogIn, Login};
use keyward_domain::sessions::refresh::Refresh;
use serde::Serialize;
use utoipa::ToSchema;

use super::grant_error::{GrantError, UnauthorizedClient, UnknownGrant};
use super::grants::{Grant, TokenRequest};
use super::token_state::{TokenForm, TokenState};
use crate::access::key_uses::KeyUses;
use crate::answers::refused::{GrantWords, Refused};
use crate::answers::success::NoStore;
use crate::extract::dpop::ShownKey;
use crate::extract::{ClientForm, KnownClientForm, OAuthForm, Sender, invalid_client};
use crate::metrics::counters::Metrics;
use crate::routes::sessions::login::{Token, TokenType, token_type};
use crate::routes::sessions::owed::{SecondFactorOwed, granted};
use crate::routes::sessions::refresh::Unrefreshable;
use crate::state::AppState;

/// What the grants need.
#[derive(Clone)]
pub struct TokenUses {
    log_in: LogIn,
    refresh: Refresh,
    redeem: RedeemCode,
    devices: RedeemDevice,
    tokens: OAuthTokens,
    id_tokens: IdTokens,
}

impl FromRef<AppState> for TokenUses {
    fn from_ref(state: &AppState) -> Self {
        Self {
            log_in: state.log_in.clone(),
            refresh: state.refresh.clone(),
            redeem: state.redeem.clone(),
            devices: state.redeem_device.clone(),
            tokens: state.oauth_tokens.clone(),
            id_tokens: state.id_tokens.clone(),
        }
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

/// A user's tokens.
#[derive(Serialize, ToSchema)]
pub struct UserToken {
    #[serde(flatten)]
    token: Token,
    /// For a client that has the scope `openid`: who logged in, when and how (OpenID Connect Core, section 2).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    id_token: Option<String>,
}

/// A user's tokens, or a client's own.
#[derive(ToSchema)]
#[serde(untagged)]
pub enum GrantedToken {
    /// Of a user.
    User(UserToken),
    /// Of `client_credentials`.
    Client(ClientToken),
}

/// Why a device gets no token, or not yet.
pub type NoDevice = (DevicePending, DeviceTooFast, DeviceDenied, DeviceExpired, InvalidDeviceCode);

/// Why a grant is refused.
pub type NoGrant = (
    (UnknownGrant, UnauthorizedClient),
    (InvalidCode, NoDevice, ForeignResource, UngrantableScope),
    (InvalidCredentials, SecondFactorOwed, WrongCode),
    EmailUnverified,
    Unrefreshable,
    TooManyAttempts,
);

/// Get a token
///
/// A public client says its `client_id`, a registered one proves itself. Without a client, `password` and `refresh_token` are for
/// this server's own front ends. With a `DPoP` header the tokens are bound to the key of that proof, which has to hold a nonce: the answer
/// to a first proof without one has it.
#[utoipa::path(post, path = "/oauth/token", tag = "oauth", responses(
    (status = 200, description = "A token", body = GrantedToken),
))]
pub async fn issue_token(
    State(state): State<TokenUses>,
    State(metrics): State<Metrics>,
    Sender(origin): Sender,
    shown: ShownKey,
    OAuthForm { value: request, client }: OAuthForm<TokenRequest>,
) -> Result<Response, Refused<NoGrant, GrantWords>> {
    let (grant, scope) = request.grant()?;
    let key = shown.used_by(client.as_ref(), &origin)?;
    // Before anything is written: no code is used up for want of a key.
    let signer = match (&client, &grant) {
        (Some(client), Grant::Code(_) | Grant::Device { .. } | Grant::RefreshToken { .. }) => {
            state.id_tokens.signer(client).await?
        }
        _ => None,
    };
    let (pair, nonce) = match grant {
        Grant::Code(code) => {
            let code = CodeRequest { key, ..code };
            let client = client.ok_or_else(invalid_client)?;
            let redeemed = state.redeem.redeem(&code, &client, &origin).await?;
            (redeemed.tokens, redeemed.nonce)
        }
        Grant::Device { code, resource } => {
            let client = client.ok_or_else(invalid_client)?;
            let resource = resource.as_deref();
            (state.devices.redeem(&code, resource, &client, key.as_ref(), &origin).await?, None)
        }
        Grant::Password { username, password, otp, resource } => {
            state.tokens.only_own(resource.as_deref())?;
            if client.as_ref().is_some_and(|client| client.is_public() && !client.settings.first_party) {
                return Err(GrantError::Unauthorized.into());
            }
            // What is read here came in a form.
            let with_code = otp.is_none();
            let login = Login { name: username, password, otp, with_code, scope, client, device: None, key };
            (granted(metrics.login(state.log_in.log_in(login, &origin).await)?)?, None)
        }
        Grant::RefreshToken { token, resource } => {
            let (scope, resource) = (scope.as_deref(), resource.as_deref());
            let (client, key) = (client.as_ref(), key.as_ref());
            let refreshed = state.refresh.refresh(&token, scope, resource, client, key, &origin).await;
            (metrics.refresh(refreshed)?, None)
        }
        Grant::ClientCredentials { resource } => {
            let client = client.ok_or_else(invalid_client)?;
            if client.is_public() {
                return Err(GrantError::Unauthorized.into());
            }
            let token =
                state.tokens.client_credentials(&client, scope.as_deref(), resource.as_deref(), key)?;
            return Ok(NoStore(ClientToken {
                access_token: token.as_str().to_owned(),
                token_type: token_type(&token),
                expires_in: token.expires_in(),
                scope: token.claims().scope.to_string(),
            })
            .into_response());
        }
    };
    let id_token = match signer {
        Some(signer) => signer.beside(&pair.access, nonce.as_deref()).map_err(SessionError::from)?,
        None => None,
    };
    let id_token = id_token.map(|token| token.to_string());
    Ok(NoStore(UserToken { token: pair.into(), id_token }).into_response())
}

/// End the session of a token
#[utoipa::path(post, path = "/oauth/revoke", tag = "oauth", responses(
    (status = 200, description = "The token is good no more, if it ever was"),
))]
pub async fn revoke_token(
    State(tokens): State<OAuthTokens>,
    Sender(origin): Sender,
    KnownClientForm { value: TokenForm { token, .. }, client }: KnownClientForm<TokenForm>,
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
