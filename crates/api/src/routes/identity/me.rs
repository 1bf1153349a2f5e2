//! One's own account on the wire.

use std::borrow::Cow;

use axum::Json;
use axum::extract::State;
use axum::response::NoContent;
use keyward_auth::Password;
use keyward_domain::identity::deletion::DeleteAccount;
use keyward_domain::identity::error::{LastAdministrator, NoPassword, RefusedPassword, Stale, WrongPassword};
use keyward_domain::identity::passwords::ChangePassword;
use keyward_domain::identity::proofs::AskedPassword;
use keyward_domain::identity::users::Users;
use keyward_domain::limits::waits::TooManyAttempts;
use keyward_domain::model::users::{Name, UserChange};
use keyward_domain::values::new_password::NewPassword;
use keyward_guard::Owner;
use keyward_web::{Body, Fields, Flaw, Input};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::users::User;
use crate::access::current_user::{CurrentUser, Reader};
use crate::access::own_account::OwnAccount;
use crate::answers::refused::Refused;
use crate::answers::success::Written;
use crate::extract::{NewPasswords, Sender, new_password, read};

/// What a user may change of their account.
#[derive(Input)]
#[input(example = json!({ "name": "Ana" }))]
pub struct MeUpdate {
    /// What others shall see; null for nothing.
    #[input(read = read::text())]
    #[expect(clippy::option_option, reason = "a missing name stays, and null removes it")]
    name: Option<Option<Name>>,
}

/// What is changed by operations of its own, because it takes a proof.
const ELSEWHERE: [(&str, &str); 2] = [
    ("email", "change the e-mail address with POST /users/me/email"),
    ("password", "change the password with POST /users/me/password"),
];

/// A [`MeUpdate`] that names nothing which is changed elsewhere.
pub struct OwnUpdate(MeUpdate);

impl Input for OwnUpdate {
    type Context = ();

    fn read(fields: &mut Fields<'_>, context: &()) -> Option<Self> {
        let update = MeUpdate::read(fields, context);
        for (name, words) in ELSEWHERE {
            fields.refuse(name, &Flaw::value(words));
        }
        update.map(Self)
    }
}

impl PartialSchema for OwnUpdate {
    fn schema() -> RefOr<Schema> {
        MeUpdate::schema()
    }
}

impl ToSchema for OwnUpdate {
    fn name() -> Cow<'static, str> {
        MeUpdate::name()
    }
}

impl From<MeUpdate> for UserChange {
    fn from(MeUpdate { name }: MeUpdate) -> Self {
        Self { name, ..Self::default() }
    }
}

/// A new password, and the proof that one may choose it.
#[derive(Input)]
#[input(
    context = NewPasswords,
    example = json!({ "current_password": "a long pass phrase", "new_password": "another pass phrase" }),
)]
pub struct PasswordChange {
    /// Left out where the account has none: then a login or proof of the last five minutes stands in.
    #[input(read = read::password())]
    current_password: Option<Password>,
    #[input(read = new_password(None))]
    new_password: NewPassword,
}

/// The proof that one may delete the account.
#[derive(Input)]
#[input(example = json!({ "password": "a long pass phrase" }))]
pub struct PasswordProof {
    /// Left out where the account has none: then a login or proof of the last five minutes stands in.
    #[input(read = read::password())]
    password: Option<Password>,
}

/// My account
#[utoipa::path(get, path = "/users/me", tag = "users")]
pub async fn read_me(
    user: CurrentUser<Reader>,
    State(own_account): State<OwnAccount>,
) -> Result<Written<User>, Refused> {
    let account = own_account.of(&user).await?;
    Ok(account.json(|user| Written::json(&User::from(user.clone()))).into())
}

/// Change my account
#[utoipa::path(patch, path = "/users/me", tag = "users")]
pub async fn update_me(
    user: CurrentUser<Owner>,
    State(users): State<Users>,
    Sender(origin): Sender,
    Body(OwnUpdate(change)): Body<OwnUpdate>,
) -> Result<Json<User>, Refused> {
    Ok(Json(users.update_own(&user, change.into(), &origin).await?.into()))
}

/// Delete my account, with everything that is mine
#[utoipa::path(delete, path = "/users/me", tag = "users")]
pub async fn delete_me(
    user: CurrentUser<Owner>,
    State(deletion): State<DeleteAccount>,
    Sender(origin): Sender,
    Body(PasswordProof { password }): Body<PasswordProof>,
) -> Result<NoContent, Refused<(WrongPassword, NoPassword, Stale, LastAdministrator, TooManyAttempts)>> {
    let password = AskedPassword { field: "password", given: password };
    deletion.own(&user, password, &origin).await?;
    Ok(NoContent)
}

/// Change my password, which ends all my other sessions
#[utoipa::path(post, path = "/users/me/password", tag = "users")]
pub async fn change_password(
    user: CurrentUser<Owner>,
    State(passwords): State<ChangePassword>,
    Sender(origin): Sender,
    Body(PasswordChange { current_password, new_password }): Body<PasswordChange>,
) -> Result<NoContent, Refused<(WrongPassword, NoPassword, Stale, RefusedPassword, TooManyAttempts)>> {
    let current_password = AskedPassword { field: "current_password", given: current_password };
    passwords.change(&user, current_password, new_password, &origin).await?;
    Ok(NoContent)
}
