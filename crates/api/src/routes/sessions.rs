//! Sessions on the wire: looking at them, refreshing and ending them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use keyward_domain::sessions::{self, SessionId, Sessions};
use serde::Serialize;
use utoipa::ToSchema;

use super::login::Token;
use super::rfc3339;
use crate::current_user::CurrentUser;
use crate::error::{ApiError, token_error};
use crate::extract::{AnyBody, Fields, Input, Path, Sender, read};
use crate::metrics::Metrics;

/// A login.
#[derive(Serialize, ToSchema)]
pub struct Session {
    #[schema(format = "uuid", example = "0193a5c0-0000-7000-8000-000000000000")]
    id: String,
    #[schema(format = DateTime, example = "2026-01-31T12:00:00Z")]
    created_at: String,
    /// When it last logged in or refreshed.
    #[schema(format = DateTime, example = "2026-01-31T12:00:00Z")]
    last_seen_at: String,
    #[schema(required, example = "Mozilla/5.0")]
    user_agent: Option<String>,
    #[schema(required, example = "127.0.0.1")]
    ip: Option<String>,
    /// Whether it is the session of the token that asks.
    current: bool,
}

impl Session {
    fn new(session: sessions::Session, current: SessionId) -> Self {
        Self {
            id: session.id.to_string(),
            created_at: rfc3339(session.created_at),
            last_seen_at: rfc3339(session.last_seen_at),
            user_agent: session.device.user_agent,
            ip: session.device.ip.map(|ip| ip.to_string()),
            current: session.id == current,
        }
    }
}

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
    State(sessions): State<Sessions>,
    State(metrics): State<Metrics>,
    Sender(origin): Sender,
    AnyBody(RefreshAttempt { token, scope }): AnyBody<Refresh>,
) -> Result<Token, ApiError> {
    let tokens = sessions.refresh(&token, scope.as_deref(), None, &origin).await;
    metrics.refresh(tokens).map(Token::from).map_err(token_error)
}

/// Log out: end this session, and with it every token of it
#[utoipa::path(post, path = "/logout", tag = "login", responses((status = 204, description = "Logged out")))]
pub async fn logout(
    user: CurrentUser,
    State(sessions): State<Sessions>,
    Sender(origin): Sender,
) -> Result<StatusCode, ApiError> {
    sessions.log_out(&user, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Log out everywhere: end my every session
#[utoipa::path(post, path = "/logout/all", tag = "login", responses((status = 204, description = "Logged out")))]
pub async fn logout_all(
    user: CurrentUser,
    State(sessions): State<Sessions>,
    Sender(origin): Sender,
) -> Result<StatusCode, ApiError> {
    sessions.log_out_everywhere(&user, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// My sessions, newest first
#[utoipa::path(get, path = "/sessions", tag = "sessions", responses(
    (status = 200, description = "My sessions", body = [Session]),
))]
pub async fn list_sessions(
    user: CurrentUser,
    State(sessions): State<Sessions>,
) -> Result<Json<Vec<Session>>, ApiError> {
    let sessions = sessions.list(&user).await?;
    Ok(Json(sessions.into_iter().map(|session| Session::new(session, user.session)).collect()))
}

/// End a session of mine
#[utoipa::path(delete, path = "/sessions/{id}", tag = "sessions", responses(
    (status = 204, description = "Ended"),
    (status = 404, description = "No such session of mine", body = ref("#/components/schemas/Error")),
))]
pub async fn end_session(
    user: CurrentUser,
    State(sessions): State<Sessions>,
    Sender(origin): Sender,
    Path(id): Path<SessionId>,
) -> Result<StatusCode, ApiError> {
    sessions.end_own(&user, id, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}
