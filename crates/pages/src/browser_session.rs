//! The session of a browser: who is logged in, by the cookie.

use std::sync::Arc;

use axum::http::HeaderMap;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::sessions::browser_sessions::CookieSecret;
use keyward_domain::values::actor::Actor;
use keyward_domain::values::ids::SessionId;

use crate::cookie;
use crate::site::Site;

/// The session of a browser. As an argument of a handler it is required: without one the answer is a redirect to the login page, which
/// goes on to where the request was. `Option<BrowserSession>` is not.
///
/// API routes know nothing of it.
#[derive(Clone)]
pub struct BrowserSession {
    /// Who is logged in, what they may do, and how and when they proved who they are.
    pub actor: Actor,
    /// The session, which stays the same while its cookie changes.
    pub id: SessionId,
    pub(crate) secret: Arc<CookieSecret>,
}

impl BrowserSession {
    /// The session that the request's cookie names, if it stands.
    pub(crate) async fn find(headers: &HeaderMap, site: &Site) -> Result<Option<Self>, StoreError> {
        let Some(secret) = cookie::read(headers, cookie::SESSION).and_then(CookieSecret::parse) else {
            return Ok(None);
        };
        let found = site.browser_sessions.find(&secret).await?;
        let Some((actor, id)) = found.and_then(|actor| actor.session().map(|id| (actor, id))) else {
            return Ok(None);
        };
        tracing::record_all!(tracing::Span::current(), user = actor.who.0, session = %id);
        Ok(Some(Self { actor, id, secret: Arc::new(secret) }))
    }
}
