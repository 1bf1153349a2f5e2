//! Refreshing: the next pair of tokens for a refresh token.

use axum::extract::State;
use keyward_domain::sessions::refresh;
use keyward_web::Input;

use super::login::Token;
use crate::error::{ApiError, token_error};
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

/// Trade a refresh token for the next pair
///
/// A token is good once. The one just spent gets the same successor for ten seconds more; an older one ends the session.
#[utoipa::path(post, path = "/refresh_token", tag = "login", responses(
    (status = 200, description = "The next pair", body = Token),
    (status = 400, description = "The scope cannot be granted", body = ref("#/components/schemas/Error")),
    (status = 401, description = "Invalid refresh token", body = ref("#/components/schemas/Error")),
    (status = 429, description = "Too many wrong tokens from one address: try again after `Retry-After` seconds", body = ref("#/components/schemas/Error")),
    (status = 503, description = "Overloaded", body = ref("#/components/schemas/Error")),
))]
pub async fn refresh_token(
    State(refresh): State<refresh::Refresh>,
    State(metrics): State<Metrics>,
    Sender(origin): Sender,
    TokenBody(Refresh { refresh_token: token, scope }): TokenBody<Refresh>,
) -> Result<Token, ApiError> {
    let tokens = refresh.refresh(&token, scope.as_deref(), None, &origin).await;
    metrics.refresh(tokens).map(Token::from).map_err(token_error)
}
