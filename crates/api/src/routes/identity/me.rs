//! One's own account on the wire.

use axum::Json;
use axum::extract::State;
use axum::response::NoContent;
use keyward_auth::Password;
use keyward_domain::identity::deletion::DeleteAccount;
use keyward_domain::identity::error::{LastAdministrator, RefusedPassword, WrongPassword};
use keyward_domain::identity::passwords::ChangePassword;
use keyward_domain::identity::users::Users;
use keyward_domain::limits::waits::TooManyAttempts;
use keyward_domain::model::users::{Name, UserChange};
use keyward_domain::values::new_password::NewPassword;
use utoipa::ToSchema;

use super::users::User;
use crate::access::current_user::CurrentUser;
use crate::access::own_account::OwnAccount;
use crate::answers::refused::Refused;
use crate::extract::{Body, Fields, Input, Sender, read};

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
        let current = fields.secret("current_password", read::password);
        let new = fields.new_password("new_password", None);
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

/// My account
#[utoipa::path(get, path = "/users/me", tag = "users")]
pub async fn read_me(
    user: CurrentUser,
    State(own_account): State<OwnAccount>,
) -> Result<Json<User>, Refused> {
    let account = own_account.of(&user).await?;
    Ok(Json(account.as_ref().clone().into()))
}

/// Change my account
#[utoipa::path(patch, path = "/users/me", tag = "users")]
pub async fn update_me(
    user: CurrentUser,
    State(users): State<Users>,
    Sender(origin): Sender,
    Body(change): Body<MeUpdate>,
) -> Result<Json<User>, Refused> {
    Ok(Json(users.update_own(&user, change, &origin).await?.into()))
}

/// Delete my account, with everything that is mine
#[utoipa::path(delete, path = "/users/me", tag = "users")]
pub async fn delete_me(
    user: CurrentUser,
    State(deletion): State<DeleteAccount>,
    Sender(origin): Sender,
    Body(password): Body<PasswordProof>,
) -> Result<NoContent, Refused<(WrongPassword, LastAdministrator, TooManyAttempts)>> {
    deletion.own(&user, password, &origin).await?;
    Ok(NoContent)
}

/// Change my password, which ends my every other session
#[utoipa::path(post, path = "/users/me/password", tag = "users")]
pub async fn change_password(
    user: CurrentUser,
    State(passwords): State<ChangePassword>,
    Sender(origin): Sender,
    Body((current, new)): Body<PasswordChange>,
) -> Result<NoContent, Refused<(WrongPassword, RefusedPassword, TooManyAttempts)>> {
    passwords.change(&user, current, new, &origin).await?;
    Ok(NoContent)
}
