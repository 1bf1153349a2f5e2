//! The lists of what Keyward itself keeps about an account: its sessions, and its security events.

use std::sync::Arc;

use async_trait::async_trait;
use keyward_api::resources::own_data::item;
use keyward_api::routes::rfc3339::rfc3339;
use keyward_domain::identity::own_data::{OwnDataSource, OwnList, OwnPage};
use keyward_domain::identity::own_events::OwnEvents;
use keyward_domain::model::events::Event;
use keyward_domain::model::sessions::Session;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::sessions::error::SessionError;
use keyward_domain::sessions::log_out::LogOut;
use keyward_domain::values::actor::Actor;
use keyward_domain::values::by::Who;
use keyward_domain::values::ids::{SessionId, UserId};
use keyward_domain::values::page::{MAX_LIMIT, Page, Slice};
use serde_json::{Value, json};

use crate::site::Site;

/// Those lists, for the person who is logged in.
pub(super) fn own(site: &Site, actor: &Actor) -> Vec<OwnList> {
    let sessions = Sessions { log_out: site.app.log_out.clone(), actor: actor.clone() };
    let events = Events(OwnEvents::new(site.app.core.foundation.ports.clone()));
    vec![
        OwnList { name: "sessions", source: Arc::new(sessions) },
        OwnList { name: "security_events", source: Arc::new(events) },
    ]
}

struct Sessions {
    log_out: LogOut,
    actor: Actor,
}

#[async_trait]
impl OwnDataSource for Sessions {
    async fn page(&self, _: UserId, after: Option<String>) -> Result<OwnPage, StoreError> {
        let after = after.and_then(|after| after.parse().ok()).map(SessionId);
        let page = self.log_out.list(&self.actor, Page { limit: MAX_LIMIT, after }).await;
        let page = page.map_err(|error| match error {
            SessionError::Store(error) => error,
            other => StoreError::Internal(Box::new(other)),
        })?;
        let Slice { items, next } = page.try_map(|session| item(&session_as_json(&session)))?;
        Ok(Slice { items, next: next.map(|next| next.to_string()) })
    }
}

fn session_as_json(session: &Session) -> Value {
    json!({
        "created_at": rfc3339(session.created_at),
        "last_seen_at": rfc3339(session.last_seen_at),
        "client_id": session.client.as_ref().map(ToString::to_string),
        "scope": session.scope.to_string(),
        "user_agent": session.device.user_agent,
        "ip": session.device.ip.map(|ip| ip.to_string()),
    })
}

struct Events(OwnEvents);

#[async_trait]
impl OwnDataSource for Events {
    async fn page(&self, user: UserId, after: Option<String>) -> Result<OwnPage, StoreError> {
        let page = Page { limit: MAX_LIMIT, after: after.and_then(|after| after.parse().ok()) };
        let Slice { items, next } = self.0.list(user, page).await?;
        let items = items.iter().map(|(_, event)| item(&event_as_json(event)));
        Ok(Slice { items: items.collect::<Result<_, _>>()?, next: next.map(|next| next.to_string()) })
    }
}

/// The device is that of the account itself, or of one who proved nothing, as at a failed login. That of an administrator is not the
/// account's to know.
fn event_as_json(event: &Event) -> Value {
    let own = match event.by.who {
        Who::User(who) => Some(who) == event.user,
        Who::Unknown => true,
        Who::Client(_) | Who::Operator | Who::System => false,
    };
    let device = Some(&event.origin.device).filter(|_| own);
    json!({
        "at": rfc3339(event.at),
        "kind": event.kind.as_str(),
        "detail": event.detail,
        "user_agent": device.and_then(|device| device.user_agent.as_deref()),
        "ip": device.and_then(|device| device.ip).map(|ip| ip.to_string()),
    })
}
