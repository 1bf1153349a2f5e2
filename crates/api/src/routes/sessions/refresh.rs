//! Refreshing: the next pair of tokens for a refresh token.

use axum::extract::State;
use keyward_domain::limits::waits::TooManyAttempts;
use keyward_domain::sessions::error::{InvalidRefreshToken, RefreshTokenReused, UngrantableScope};
use keyward_domain::sessions::refresh;
use utoipa::ToSchema;

use super::login::Token;
use crate::answers::refused::{Refused, TokenWords};
use crate::extract::{AnyBody, Fields, Input, Sender, read};
use crate::metrics::counters::Metrics;

/// The refresh token of the pair before.
#[derive(ToSchema)]
#[schema(example = json!({ "refresh_token": "kwr_.." }))]
#[expect(dead_code, reason = "documents what `read` reads")]
pub struct Refresh {
    refresh_token: String,
    /// What the new access token shall be good for; nothing for all that was granted at login.
    scope: Option<String>,
}

/// A refresh token and the scope asked for.
pub struct RefreshAttempt {
    /// The token.
    pub token: String,
    /// The scope, where one is asked for.
    pub scope: Option<String>,
}

impl Input for Refresh {
    type Value = RefreshAttempt;

    fn read(fields: &mut Fields<'_>) -> Option<RefreshAttempt> {
        let token = fields.secret("refresh_token", read::owned);
        let scope = fields.optional("scope", read::owned);
        Some(RefreshAttempt { token: token?, scope: scope? })
    }
}

/// Why there is no next pair.
pub type NoRefresh = (UngrantableScope, InvalidRefreshToken, RefreshTokenReused, TooManyAttempts);

/// Trade a refresh token for the next pair
///
/// A token is good once. The one just spent gets the same successor for ten seconds more; an older one ends the session.
#[utoipa::path(post, path = "/refresh_token", tag = "login", responses((status = 200, description = "The next pair")))]
pub async fn refresh_token(
    State(refresh): State<refresh::Refresh>,
    State(metrics): State<Metrics>,
    Sender(origin): Sender,
    AnyBody(RefreshAttempt { token, scope }): AnyBody<Refresh>,
) -> Result<Token, Refused<NoRefresh, TokenWords>> {
    let tokens = refresh.refresh(&token, scope.as_deref(), None, &origin).await;
    Ok(metrics.refresh(tokens)?.into())
}
