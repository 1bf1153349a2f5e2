//! Refreshing: the next pair of tokens for a refresh token.

use axum::extract::State;
use keyward_domain::limits::waits::TooManyAttempts;
use keyward_domain::sessions::error::{
    InvalidRefreshToken, RefreshTokenReused, SessionEnded, SessionExpired, UngrantableScope,
};
use keyward_domain::sessions::refresh;
use keyward_web::Input;

use super::login::Token;
use crate::answers::refused::{Refused, TokenWords};
use crate::extract::{Sender, TokenBody};
use crate::metrics::counters::Metrics;

/// The refresh token of the pair before.
#[derive(Input)]
#[input(example = json!({ "refresh_token": "kwr_.." }))]
pub struct Refresh {
    #[input(secret)]
    refresh_token: String,
    /// What the new access token shall be good for; nothing for all that was granted at login.
    scope: Option<String>,
}

/// Why there is no next pair.
pub type NoRefresh = (UngrantableScope, Unrefreshable, TooManyAttempts);

/// What a refresh token that buys nothing can be.
pub type Unrefreshable = (InvalidRefreshToken, RefreshTokenReused, SessionExpired, SessionEnded);

/// Trade a refresh token for the next pair
///
/// A token is good once. The one just spent gets the same successor for ten seconds more (`KEYWARD_REFRESH_GRACE`); an older one
/// ends the session. Then and later, `code` says why the session is over: `session_ended_by_reuse`, `session_expired` or
/// `session_ended`.
#[utoipa::path(post, path = "/refresh_token", tag = "login", responses((status = 200, description = "The next pair")))]
pub async fn refresh_token(
    State(refresh): State<refresh::Refresh>,
    State(metrics): State<Metrics>,
    Sender(origin): Sender,
    TokenBody(Refresh { refresh_token: token, scope }): TokenBody<Refresh>,
) -> Result<Token, Refused<NoRefresh, TokenWords>> {
    let tokens = refresh.refresh(&token, scope.as_deref(), None, None, None, &origin).await;
    Ok(metrics.refresh(tokens)?.into())
}
