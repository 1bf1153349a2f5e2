//! `/account/data`: what is kept about an account, to be downloaded.

use std::sync::Arc;

use axum::http::{HeaderValue, Version, header};
use axum::response::{IntoResponse, Response};
use keyward_api::error::ApiError;
use keyward_api::routes::rfc3339::rfc3339;
use keyward_domain::factors::standing::Standing;
use keyward_domain::model::api_keys::ApiKey;
use keyward_domain::model::users::User;
use keyward_domain::oauth::consents::App;
use keyward_domain::sessions::standing::StandingSessions;
use keyward_domain::values::names::Username;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::{download, own_lists};
use crate::entry::Owner;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// The largest file for a client of HTTP/1.0, in bytes: it is held whole.
const LARGEST: usize = 16 * 1024 * 1024;

/// A JSON file: Keyward's own part of it, and then what each resource holds. It is sent while it is read.
///
/// # Errors
/// What the database answered.
pub async fn download(visit: Visit, Owner(session): Owner, version: Version) -> Result<Response, Refusal> {
    let (app, actor) = (&visit.site.app, &session.actor);
    let user = app.users.find_own(actor).await?;
    let last_login = app.users.last_login(actor).await?;
    let standing = app.factors.own(actor).await?;
    let keys = app.api_keys.own(actor).await?;
    let apps = app.consents.apps(actor).await?;
    let head = Map::from_iter([
        ("account".to_owned(), account(&user, last_login)),
        ("second_factors".to_owned(), factors(&standing)),
        ("api_keys".to_owned(), keys.iter().map(key).collect()),
        ("applications".to_owned(), apps.iter().map(application).collect()),
    ]);
    let mut lists = own_lists::own(&visit.site, actor);
    lists.extend(app.own_data.iter().cloned());
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"my-data.json\"")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    let (standing, clock) =
        (StandingSessions::new(&app.opening), Arc::clone(&app.core.foundation.ports.clock));
    let id = session.id;
    let stands: download::Stands = Box::new(move || {
        let (standing, clock) = (standing.clone(), Arc::clone(&clock));
        Box::pin(async move { Ok(standing.find(id).await?.is_some_and(|found| clock.now() < found.until)) })
    });
    let body = download::body(actor.who, head, lists, stands);
    if version >= Version::HTTP_11 {
        return Ok((headers, body).into_response());
    }
    // HTTP/1.0 ends an answer by closing the connection: one that was cut short would pass for a whole one.
    match axum::body::to_bytes(body, LARGEST).await {
        Ok(whole) => Ok((headers, whole).into_response()),
        Err(_) => Err(Refusal(ApiError::unavailable())),
    }
}

fn account(user: &User, last_login: Option<OffsetDateTime>) -> Value {
    json!({
        "id": user.id.0,
        "email": user.names.email().map(ToString::to_string),
        "email_verified": user.email_verified,
        "username": user.names.username().map(Username::as_str),
        "name": user.name.as_ref().map(ToString::to_string),
        "role": user.role.as_str(),
        "created_at": rfc3339(user.created_at),
        "last_login_at": last_login.map(rfc3339),
    })
}

fn factors(standing: &Standing) -> Value {
    let passkeys = standing.passkeys.iter().map(|passkey| {
        json!({
            "name": passkey.new.name.to_string(),
            "created_at": rfc3339(passkey.new.created_at),
            "last_used_at": passkey.last_used_at.map(rfc3339),
        })
    });
    json!({
        "authenticator_app": standing.totp.is_some(),
        "passkeys": passkeys.collect::<Vec<_>>(),
        "recovery_codes_left": standing.recovery_codes,
    })
}

fn key(key: &ApiKey) -> Value {
    json!({
        "name": key.name.to_string(),
        "scope": key.scope.to_string(),
        "created_at": rfc3339(key.created_at),
        "expires_at": key.expires_at.map(rfc3339),
        "last_used_at": key.last_used_at.map(rfc3339),
    })
}

fn application(app: &App) -> Value {
    json!({
        "client_id": app.client.as_str(),
        "name": app.name.as_ref().map(ToString::to_string),
        "scope": app.scope.to_string(),
        "allowed_at": app.allowed_at.map(rfc3339),
    })
}
