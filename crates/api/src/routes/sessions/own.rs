//! One's own sessions: listing and ending them.

use axum::extract::State;
use axum::response::NoContent;
use keyward_domain::model::sessions;
use keyward_domain::sessions::error::NoSession;
use keyward_domain::sessions::log_out::LogOut;
use keyward_domain::values::ids::SessionId;
use keyward_domain::values::page::{Page, Slice};
use keyward_guard::{Enrolling, Owner};
use keyward_web::{List, Listed, Listing, Path, Unfiltered};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::access::current_user::{CurrentUser, ThisSession};
use crate::answers::refused::Refused;
use crate::extract::{Id, Paged, SESSIONS, Sender};
use crate::routes::rfc3339::rfc3339;

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

/// The key of the list: the session's id.
type SessionKey = u128;

impl Listed<SessionKey> for Session {
    const LIST: List = SESSIONS;
}

impl Session {
    fn new(session: sessions::Session, current: Option<SessionId>) -> Self {
        Self {
            id: session.id.to_string(),
            created_at: rfc3339(session.created_at),
            last_seen_at: rfc3339(session.last_seen_at),
            user_agent: session.device.user_agent,
            ip: session.device.ip.map(|ip| ip.to_string()),
            current: Some(session.id) == current,
        }
    }
}

/// Log out: end this session, and with it every token of it
#[utoipa::path(post, path = "/logout", tag = "login")]
pub async fn logout(
    user: CurrentUser<ThisSession>,
    State(log_out): State<LogOut>,
    Sender(origin): Sender,
) -> Result<NoContent, Refused> {
    log_out.here(&user, &origin).await?;
    Ok(NoContent)
}

/// Log out everywhere: end all my sessions
#[utoipa::path(post, path = "/logout/all", tag = "login")]
pub async fn logout_all(
    user: CurrentUser<Enrolling>,
    State(log_out): State<LogOut>,
    Sender(origin): Sender,
) -> Result<NoContent, Refused> {
    log_out.everywhere(&user, &origin).await?;
    Ok(NoContent)
}

/// My sessions, newest first
#[utoipa::path(get, path = "/sessions", tag = "sessions")]
pub async fn list_sessions(
    user: CurrentUser<Owner>,
    State(log_out): State<LogOut>,
    Paged { page, here, .. }: Paged<Session, Unfiltered, SessionKey>,
) -> Result<Listing<Session>, Refused> {
    let page = Page { limit: page.limit, after: page.after.map(|key| SessionId(Uuid::from_u128(key))) };
    let Slice { items, next } = log_out.list(&user, page).await?;
    let items = items.into_iter().map(|session| Session::new(session, user.session())).collect();
    Ok(here.listing(Slice { items, next: next.map(|id| id.0.as_u128()) }))
}

/// End a session of mine
#[utoipa::path(delete, path = "/sessions/{id}", tag = "sessions")]
pub async fn end_session(
    user: CurrentUser<Owner>,
    State(log_out): State<LogOut>,
    Sender(origin): Sender,
    Path(id): Path<Id<SessionId>>,
) -> Result<NoContent, Refused<NoSession>> {
    log_out.one(&user, id, &origin).await?;
    Ok(NoContent)
}
