//! `/account/data`: what is kept about an account, to be downloaded.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use keyward_api::routes::rfc3339::rfc3339;
use keyward_domain::model::sessions::Session;
use keyward_domain::values::ids::SessionId;
use keyward_domain::values::names::Username;
use keyward_domain::values::page::Page;
use serde_json::{Value, json};

use crate::browser_session::BrowserSession;
use crate::entry::Owner;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// How many sessions are read at once.
const PAGE: u32 = 200;

/// A JSON file.
///
/// # Errors
/// What the database answered.
pub async fn download(visit: Visit, Owner(session): Owner) -> Result<Response, Refusal> {
    let data = data(&visit, &session).await?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"my-data.json\"")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, format!("{data:#}\n")).into_response())
}

async fn data(visit: &Visit, session: &BrowserSession) -> Result<Value, Refusal> {
    let (app, actor) = (&visit.site.app, &session.actor);
    let user = app.users.find_own(actor).await?;
    let standing = app.factors.own(actor).await?;
    let keys = app.api_keys.own(actor).await?;
    let mut sessions = Vec::new();
    let mut after: Option<SessionId> = None;
    loop {
        let slice = app.log_out.list(actor, Page { limit: PAGE, after }).await?;
        sessions.extend(slice.items.iter().map(described));
        after = slice.next;
        if after.is_none() {
            break;
        }
    }
    let passkeys: Vec<Value> = standing
        .passkeys
        .iter()
        .map(|passkey| {
            let used = passkey.last_used_at.map(rfc3339);
            json!({ "name": passkey.new.name.to_string(), "created_at": rfc3339(passkey.new.created_at), "last_used_at": used })
        })
        .collect();
    let keys: Vec<Value> = keys
        .iter()
        .map(|key| {
            json!({
                "name": key.name.to_string(),
                "scope": key.scope.to_string(),
                "created_at": rfc3339(key.created_at),
                "expires_at": key.expires_at.map(rfc3339),
                "last_used_at": key.last_used_at.map(rfc3339),
            })
        })
        .collect();
    Ok(json!({
        "account": {
            "id": user.id.0,
            "email": user.names.email().map(ToString::to_string),
            "email_verified": user.email_verified,
            "username": user.names.username().map(Username::as_str),
            "name": user.name.as_ref().map(ToString::to_string),
            "role": user.role.as_str(),
            "created_at": rfc3339(user.created_at),
        },
        "second_factors": {
            "authenticator_app": standing.totp.is_some(),
            "passkeys": passkeys,
            "recovery_codes_left": standing.recovery_codes,
        },
        "sessions": sessions,
        "api_keys": keys,
    }))
}

fn described(session: &Session) -> Value {
    json!({
        "created_at": rfc3339(session.created_at),
        "last_seen_at": rfc3339(session.last_seen_at),
        "user_agent": session.device.user_agent,
        "ip": session.device.ip.map(|ip| ip.to_string()),
    })
}
