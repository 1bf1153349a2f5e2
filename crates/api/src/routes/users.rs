//! Accounts on the wire.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use keyward_auth::Password;
use keyward_domain::hashing::NewPassword;
use keyward_domain::page::Page;
use keyward_domain::scopes::Role;
use keyward_domain::users::{self, Name, Registration, UserChange, UserError, UserId, Users};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::rfc3339;
use crate::current_user::{CurrentUser, scope};
use crate::error::ApiError;
use crate::extract::{Body, Both, Fields, Here, Input, List, Listing, Path, Query, Sender, page, read};

/// An account.
#[derive(Serialize, ToSchema)]
pub struct User {
    #[schema(example = 1)]
    id: i64,
    #[schema(format = Email, example = "ana@example.com")]
    email: String,
    #[schema(example = "Ana")]
    name: Option<String>,
    #[schema(example = "user")]
    role: &'static str,
    #[schema(format = DateTime, example = "2026-01-31T12:00:00Z")]
    created_at: String,
    email_verified: bool,
}

impl From<users::User> for User {
    fn from(user: users::User) -> Self {
        Self {
            id: user.id.0,
            email: user.email.to_string(),
            name: user.name.map(|name| name.to_string()),
            role: user.role.as_str(),
            created_at: rfc3339(user.created_at),
            email_verified: user.email_verified,
        }
    }
}

/// Who wants an account.
#[derive(ToSchema)]
#[schema(example = json!({ "email": "ana@example.com", "password": "a long pass phrase", "name": "Ana" }))]
#[expect(dead_code, reason = "documents what `read` reads")]
pub struct UserCreate {
    /// The address to log in with; letter case does not matter.
    #[schema(format = Email, max_length = 254)]
    email: String,
    /// 8 characters or more, and none of the commonest.
    #[schema(format = Password, min_length = 8, max_length = 128)]
    password: String,
    /// What others shall see.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
}

impl Input for UserCreate {
    type Value = Registration;

    fn read(fields: &mut Fields<'_>) -> Option<Registration> {
        let policy = fields.policy();
        let email = fields.required("email", read::email);
        let password = fields.secret("password", |value| read::new_password(value, policy, email.as_ref()));
        let name = fields.optional("name", read::text);
        Some(Registration { email: email?, password: password?, name: name?, role: Role::User })
    }
}

/// What a user may change of their account.
#[derive(ToSchema)]
#[schema(example = json!({ "name": "Ana" }))]
#[expect(dead_code, reason = "documents what `read` reads")]
pub struct MeUpdate {
    /// What others shall see; null for nothing.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
}

impl Input for MeUpdate {
    type Value = UserChange;

    fn read(fields: &mut Fields<'_>) -> Option<UserChange> {
        let given = fields.has("name");
        let name: Option<Name> = fields.optional("name", read::text)?;
        Some(UserChange { name: given.then_some(name), ..UserChange::default() })
    }
}

/// What an administrator may change of an account.
#[derive(ToSchema)]
#[schema(example = json!({ "role": "admin", "disabled": false }))]
#[expect(dead_code, reason = "documents what `read` reads")]
pub struct UserUpdate {
    /// `user` or `admin`.
    role: Option<String>,
    /// Whether to lock the user out.
    disabled: Option<bool>,
}

impl Input for UserUpdate {
    type Value = UserChange;

    fn read(fields: &mut Fields<'_>) -> Option<UserChange> {
        let role = fields.optional("role", read::role);
        let disabled = fields.optional("disabled", read::boolean);
        Some(UserChange { name: None, role: role?, disabled: disabled? })
    }
}

/// A new password, and the proof that one may choose it.
#[derive(ToSchema)]
#[schema(example = json!({ "current_password": "a long pass phrase", "new_password": "another pass phrase" }))]
#[expect(dead_code, reason = "documents what `read` reads")]
pub struct PasswordChange {
    #[schema(format = Password)]
    current_password: String,
    /// 8 characters or more, and none of the commonest.
    #[schema(format = Password, min_length = 8, max_length = 128)]
    new_password: String,
}

impl Input for PasswordChange {
    type Value = (Password, NewPassword);

    fn read(fields: &mut Fields<'_>) -> Option<Self::Value> {
        let policy = fields.policy();
        let current = fields.secret("current_password", read::password);
        let new = fields.secret("new_password", |value| read::new_password(value, policy, None));
        Some((current?, new?))
    }
}

/// The proof that one may delete the account.
#[derive(ToSchema)]
#[schema(example = json!({ "password": "a long pass phrase" }))]
#[expect(dead_code, reason = "documents what `read` reads")]
pub struct PasswordProof {
    #[schema(format = Password)]
    password: String,
}

impl Input for PasswordProof {
    type Value = Password;

    fn read(fields: &mut Fields<'_>) -> Option<Password> {
        fields.secret("password", read::password)
    }
}

/// Which page of the users.
#[derive(IntoParams)]
#[expect(dead_code, reason = "documents what `read` reads")]
pub struct UserList {
    /// At most so many.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// Beyond this cursor, which comes from the `Link` header of the page before.
    after: Option<String>,
}

impl Input for UserList {
    type Value = Page;

    fn read(fields: &mut Fields<'_>) -> Option<Page> {
        page(fields, List::Users)
    }
}

/// Sign up
#[utoipa::path(post, path = "/users", tag = "users", responses(
    (status = 201, description = "The account", body = User),
    (status = 400, description = "The address has an account", body = ref("#/components/schemas/Error")),
    (status = 503, description = "Overloaded", body = ref("#/components/schemas/Error")),
))]
pub async fn create_user(
    State(users): State<Users>,
    Body(registration): Body<UserCreate>,
) -> Result<(StatusCode, Json<User>), ApiError> {
    let user = users.register(registration).await?;
    Ok((StatusCode::CREATED, Json(user.into())))
}

/// My account
#[utoipa::path(get, path = "/users/me", tag = "users", responses((status = 200, description = "My account", body = User)))]
pub async fn read_me(user: CurrentUser, State(users): State<Users>) -> Result<Json<User>, ApiError> {
    Ok(Json(users.find_own(&user).await?.into()))
}

/// Change my account
#[utoipa::path(patch, path = "/users/me", tag = "users", responses((status = 200, description = "My account", body = User)))]
pub async fn update_me(
    user: CurrentUser,
    State(users): State<Users>,
    Sender(origin): Sender,
    Body(change): Body<MeUpdate>,
) -> Result<Json<User>, ApiError> {
    Ok(Json(users.update_own(&user, change, &origin).await?.into()))
}

/// Delete my account, with everything that is mine
#[utoipa::path(delete, path = "/users/me", tag = "users", responses(
    (status = 204, description = "Gone"),
    (status = 403, description = "The password is wrong", body = ref("#/components/schemas/Error")),
    (status = 429, description = "Too many wrong passwords: try again after `Retry-After` seconds", body = ref("#/components/schemas/Error")),
))]
pub async fn delete_me(
    user: CurrentUser,
    State(users): State<Users>,
    Sender(origin): Sender,
    Body(password): Body<PasswordProof>,
) -> Result<StatusCode, ApiError> {
    users.delete_own(&user, password, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Change my password, which ends my every other session
#[utoipa::path(post, path = "/users/me/password", tag = "users", responses(
    (status = 204, description = "Changed"),
    (status = 403, description = "The current password is wrong", body = ref("#/components/schemas/Error")),
    (status = 429, description = "Too many wrong passwords: try again after `Retry-After` seconds", body = ref("#/components/schemas/Error")),
))]
pub async fn change_password(
    user: CurrentUser,
    State(users): State<Users>,
    Sender(origin): Sender,
    Body((current, new)): Body<PasswordChange>,
) -> Result<StatusCode, ApiError> {
    match users.change_password(&user, current, new, &origin).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(UserError::PasswordRefused(refusal)) => {
            Err(ApiError::fault(read::refusal(refusal).in_field("body", "new_password", None)))
        }
        Err(error) => Err(error.into()),
    }
}

/// All accounts
#[utoipa::path(get, path = "/users", tag = "users", responses((status = 200, description = "One page", body = [User],
    headers(("Link" = String, description = "The next page, where there is one (RFC 8288)")))))]
pub async fn list_users(
    _: CurrentUser<scope::Admin>,
    State(users): State<Users>,
    here: Here,
    Query(page): Query<UserList>,
) -> Result<Listing<User>, ApiError> {
    Ok(Listing::new(users.list(page).await?, List::Users, &here))
}

/// An account: one's own, or anyone's for an administrator
#[utoipa::path(get, path = "/users/{id}", tag = "users", responses(
    (status = 200, description = "The account", body = User),
    (status = 403, description = "Somebody else's", body = ref("#/components/schemas/Error")),
    (status = 404, description = "No such account", body = ref("#/components/schemas/Error")),
))]
pub async fn read_user(
    user: CurrentUser,
    State(users): State<Users>,
    Path(id): Path<UserId>,
) -> Result<Json<User>, ApiError> {
    Ok(Json(users.find_for(&user, id).await?.into()))
}

/// Give an account another role, lock it out or let it in again
#[utoipa::path(patch, path = "/users/{id}", tag = "users", responses(
    (status = 200, description = "The account", body = User),
    (status = 404, description = "No such account", body = ref("#/components/schemas/Error")),
))]
pub async fn update_user(
    _: CurrentUser<scope::Admin>,
    State(users): State<Users>,
    Sender(origin): Sender,
    Both(Path(id), Body(change)): Both<Path<UserId>, Body<UserUpdate>>,
) -> Result<Json<User>, ApiError> {
    Ok(Json(users.update(id, change, &origin).await?.into()))
}

/// Delete an account, with everything that is theirs
#[utoipa::path(delete, path = "/users/{id}", tag = "users", responses(
    (status = 204, description = "Gone"),
    (status = 404, description = "No such account", body = ref("#/components/schemas/Error")),
))]
pub async fn delete_user(
    _: CurrentUser<scope::Admin>,
    State(users): State<Users>,
    Sender(origin): Sender,
    Path(id): Path<UserId>,
) -> Result<StatusCode, ApiError> {
    users.delete(id, &origin).await?;
    Ok(StatusCode::NO_CONTENT)
}
