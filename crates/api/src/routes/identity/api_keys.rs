//! API keys on the wire: one's own, and those of another account for an administrator.

use axum::extract::State;
use axum::response::NoContent;
use keyward_domain::factors::error::TooWeak;
use keyward_domain::identity::api_key_error::{ForeignScope, ManyKeys, NoAccount, NoKey};
use keyward_domain::identity::api_keys::{ApiKeys, KeyRequest, MadeKey};
use keyward_domain::model::api_keys::{self, KeyName};
use keyward_domain::values::by::By;
use keyward_domain::values::ids::{ApiKeyId, UserId};
use keyward_guard::Owner;
use keyward_web::{Body, Input, Path};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::current_user::{CurrentUser, administers};
use crate::access::scope::Admin;
use crate::answers::refused::Refused;
use crate::answers::success::{Created, Items};
use crate::extract::{Id, KeyOfUser, Sender, read};
use crate::routes::factors::second_factor::Recent;
use crate::routes::rfc3339::rfc3339;

/// An API key. The key itself is shown once, when it is made.
#[derive(Serialize, ToSchema)]
pub struct ApiKey {
    #[schema(example = 1)]
    id: i64,
    #[schema(example = "nightly backup")]
    name: String,
    /// What it was made for, separated by spaces. Its owner's role bounds that at each call.
    #[schema(example = "posts:read")]
    scope: String,
    #[schema(format = DateTime, example = "2026-01-31T12:00:00Z")]
    created_at: String,
    /// From when on it is refused; null for never.
    #[schema(required, format = DateTime, example = "2026-05-01T12:00:00Z")]
    expires_at: Option<String>,
    /// When it was last used, to the minute.
    #[schema(required, format = DateTime, example = "2026-02-01T00:00:00Z")]
    last_used_at: Option<String>,
}

impl From<api_keys::ApiKey> for ApiKey {
    fn from(key: api_keys::ApiKey) -> Self {
        Self {
            id: key.id.0,
            name: key.name.to_string(),
            scope: key.scope.to_string(),
            created_at: rfc3339(key.created_at),
            expires_at: key.expires_at.map(rfc3339),
            last_used_at: key.last_used_at.map(rfc3339),
        }
    }
}

/// A new API key, shown once.
#[derive(Serialize, ToSchema)]
pub struct NewApiKey {
    #[schema(example = 1)]
    id: i64,
    #[schema(example = "nightly backup")]
    name: String,
    /// The key, to be sent as `Authorization: Bearer`.
    #[schema(pattern = "^kwp_[0-9A-Za-z]{38}$", example = "kwp_0123456789ABCDEFGHIJKLMNOPQRSTUVxxxxxx")]
    key: String,
    #[schema(example = "posts:read")]
    scope: String,
    #[schema(format = DateTime, example = "2026-01-31T12:00:00Z")]
    created_at: String,
    /// From when on it is refused; null for never.
    #[schema(required, format = DateTime, example = "2026-05-01T12:00:00Z")]
    expires_at: Option<String>,
}

impl From<MadeKey> for NewApiKey {
    fn from(made: MadeKey) -> Self {
        let ApiKey { id, name, scope, created_at, expires_at, .. } = made.key.into();
        Self { id, name, key: made.secret.expose().to_owned(), scope, created_at, expires_at }
    }
}

/// What a new API key shall be.
#[derive(Input)]
#[input(example = json!({ "name": "nightly backup", "scope": "posts:read", "expires_in_days": 90 }))]
pub struct ApiKeyCreate {
    #[input(read = read::text())]
    name: KeyName,
    /// What it shall be good for, separated by spaces; all that this token is good for without.
    scope: Option<String>,
    /// It never expires without.
    #[input(range = 1..=3650)]
    expires_in_days: Option<u32>,
}

/// Make an API key
///
/// The answer alone shows the key. It is good for no more than this token is, and for what its owner may do at the time of each
/// call. Of the account itself it reads `GET /users/me` alone. A mail reports it.
#[utoipa::path(post, path = "/users/me/api-keys", tag = "keys", responses((status = 201, description = "The key")))]
pub async fn make_api_key(
    user: CurrentUser<Owner, Recent>,
    State(keys): State<ApiKeys>,
    Sender(origin): Sender,
    Body(ApiKeyCreate { name, scope, expires_in_days }): Body<ApiKeyCreate>,
) -> Result<Created<NewApiKey>, Refused<(ForeignScope, ManyKeys, TooWeak)>> {
    let request = KeyRequest { name, scope, days: expires_in_days };
    Ok(Created(keys.make(&user, request, &origin).await?.into()))
}

/// My API keys, oldest first
#[utoipa::path(get, path = "/users/me/api-keys", tag = "keys")]
pub async fn list_my_api_keys(
    user: CurrentUser<Owner>,
    State(keys): State<ApiKeys>,
) -> Result<Items<ApiKey>, Refused> {
    Ok(Items(keys.own(&user).await?.into_iter().map(Into::into).collect()))
}

/// Remove an API key of mine, which is refused from now on
#[utoipa::path(delete, path = "/users/me/api-keys/{id}", tag = "keys")]
pub async fn remove_my_api_key(
    user: CurrentUser<Owner>,
    State(keys): State<ApiKeys>,
    Sender(origin): Sender,
    Path(id): Path<Id<ApiKeyId>>,
) -> Result<NoContent, Refused<NoKey>> {
    keys.remove_own(&user, id, &origin).await?;
    Ok(NoContent)
}

/// The API keys of an account, oldest first
#[utoipa::path(get, path = "/users/{id}/api-keys", tag = "keys")]
pub async fn list_user_api_keys(
    admin: CurrentUser<Admin>,
    State(keys): State<ApiKeys>,
    Path(id): Path<Id<UserId>>,
) -> Result<Items<ApiKey>, Refused<NoAccount>> {
    administers(&admin, id)?;
    Ok(Items(keys.of(id).await?.into_iter().map(Into::into).collect()))
}

/// Take every API key of an account away
///
/// A mail reports it to its owner.
#[utoipa::path(delete, path = "/users/{id}/api-keys", tag = "keys")]
pub async fn remove_user_api_keys(
    admin: CurrentUser<Admin, Recent>,
    State(keys): State<ApiKeys>,
    Sender(origin): Sender,
    Path(id): Path<Id<UserId>>,
) -> Result<NoContent, Refused<(NoAccount, TooWeak)>> {
    administers(&admin, id)?;
    keys.take_away(id, None, Some(&*admin), &By::from(&*admin), &origin).await?;
    Ok(NoContent)
}

/// Take an API key of an account away
///
/// A mail reports it to its owner.
#[utoipa::path(delete, path = "/users/{id}/api-keys/{key}", tag = "keys")]
pub async fn remove_user_api_key(
    admin: CurrentUser<Admin, Recent>,
    State(keys): State<ApiKeys>,
    Sender(origin): Sender,
    Path((id, key)): Path<(Id<UserId>, KeyOfUser)>,
) -> Result<NoContent, Refused<(NoAccount, NoKey, TooWeak)>> {
    administers(&admin, id)?;
    keys.take_away(id, Some(key), Some(&*admin), &By::from(&*admin), &origin).await?;
    Ok(NoContent)
}
