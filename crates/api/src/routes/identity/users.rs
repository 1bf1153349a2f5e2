//! Accounts on the wire.

use axum::Json;
use axum::extract::State;
use axum::response::NoContent;
use keyward_domain::factors::error::TooWeak;
use keyward_domain::identity::deletion::DeleteAccount;
use keyward_domain::identity::error::{EmailTaken, LastAdministrator, NoUser, OthersAccount, UsernameTaken};
use keyward_domain::identity::users::Users;
use keyward_domain::identity::verification_error::TooManyMails;
use keyward_domain::limits::waits::TooManyAttempts;
use keyward_domain::model::overviews::Overview;
use keyward_domain::model::users::{self, UserChange, UserFilter};
use keyward_domain::sessions::sign_up::SignUp;
use keyward_domain::values::by::By;
use keyward_domain::values::email::Email;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::names::Username;
use keyward_domain::values::scopes::Role;
use keyward_web::readers::choice;
use keyward_web::{Body, Both, Input, List, Listed, Listing, Path};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::current_user::{CurrentUser, administers};
use crate::access::scope::Admin;
use crate::answers::refused::Refused;
use crate::answers::success::Created;
use crate::extract::{Id, Paged, Sender, USERS, UserCreate, read};
use crate::routes::factors::second_factor::Recent;
use crate::routes::rfc3339::rfc3339;
use crate::routes::sessions::owed::name;

/// An account.
#[derive(Serialize, ToSchema)]
pub struct User {
    #[schema(example = 1)]
    id: i64,
    #[schema(required, format = Email, example = "ana@example.com")]
    email: Option<String>,
    #[schema(required, example = "ana")]
    username: Option<String>,
    #[schema(required, example = "Ana")]
    name: Option<String>,
    #[schema(value_type = RoleName, example = "user")]
    role: &'static str,
    #[schema(format = DateTime, example = "2026-01-31T12:00:00Z")]
    created_at: String,
    email_verified: bool,
    /// Whether the account is locked out. For administrators alone, as are the members below.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    disabled: Option<bool>,
    /// When the account last logged in, here or through an application without a browser; null where it has not, or where its last
    /// login was before this was noted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, example = "2026-01-31T12:00:00Z")]
    #[expect(clippy::option_option, reason = "absent for others, and null where there was no login")]
    last_login_at: Option<Option<String>>,
    /// What will do as the account's second factor, as in `mfa_methods`; empty where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<FactorName>>, nullable = false)]
    factors: Option<Vec<&'static str>>,
}

/// What will do as a second factor.
#[derive(ToSchema)]
#[schema(as = Factor, rename_all = "snake_case")]
#[expect(dead_code, reason = "documents the names of factors")]
enum FactorName {
    Otp,
    Passkey,
    RecoveryCode,
}

/// What an account may do: its own things, or everybody's.
#[derive(ToSchema)]
#[schema(as = Role, rename_all = "lowercase")]
#[expect(dead_code, reason = "documents the names of `Role`")]
enum RoleName {
    User,
    Admin,
}

impl From<users::User> for User {
    fn from(user: users::User) -> Self {
        Self {
            id: user.id.0,
            email: user.names.email().map(ToString::to_string),
            username: user.names.username().map(ToString::to_string),
            name: user.name.map(|name| name.to_string()),
            role: user.role.as_str(),
            created_at: rfc3339(user.created_at),
            email_verified: user.email_verified,
            disabled: None,
            last_login_at: None,
            factors: None,
        }
    }
}

/// As an administrator sees it.
impl From<(users::User, Overview)> for User {
    fn from((user, overview): (users::User, Overview)) -> Self {
        Self {
            disabled: Some(user.disabled),
            last_login_at: Some(overview.last_login_at.map(rfc3339)),
            factors: Some(overview.factors.into_iter().map(name).collect()),
            ..user.into()
        }
    }
}

/// As an administrator sees it, if there is an overview.
fn seen(user: users::User, overview: Option<Overview>) -> User {
    match overview {
        Some(overview) => (user, overview).into(),
        None => user.into(),
    }
}

/// The roles by their names.
const ROLES: &[(&str, Role)] = &[("user", Role::User), ("admin", Role::Admin)];

/// What an administrator may change of an account.
#[derive(Input)]
#[input(example = json!({ "role": "admin", "disabled": false }))]
pub struct UserUpdate {
    #[input(read = choice(ROLES).documented::<RoleName>())]
    role: Option<Role>,
    /// Whether to lock the user out.
    disabled: Option<bool>,
}

impl From<UserUpdate> for UserChange {
    fn from(UserUpdate { role, disabled }: UserUpdate) -> Self {
        Self { name: None, role, disabled }
    }
}

/// Which accounts.
#[derive(Input)]
pub struct UserList {
    /// Only accounts whose e-mail address, user name or name holds this, in any letter case.
    #[input(length = 0..=254)]
    search: Option<String>,
    /// Only the account of this e-mail address.
    #[input(read = read::email())]
    email: Option<Email>,
    /// Only the account of this user name.
    #[input(read = read::username())]
    username: Option<Username>,
    /// Only accounts of this role.
    #[input(read = choice(ROLES).documented::<RoleName>())]
    role: Option<Role>,
    /// Only accounts that are locked out, or only those that are not.
    disabled: Option<bool>,
}

impl From<UserList> for UserFilter {
    fn from(UserList { search, email, username, role, disabled }: UserList) -> Self {
        Self { search, email, username, role, disabled }
    }
}

impl Listed for User {
    const LIST: List = USERS;
}

/// Sign up
#[utoipa::path(post, path = "/users", tag = "users")]
pub async fn create_user(
    State(sign_up): State<SignUp>,
    Sender(origin): Sender,
    Body(registration): Body<UserCreate>,
) -> Result<Created<User>, Refused<(EmailTaken, UsernameTaken, TooManyMails, TooManyAttempts)>> {
    let user = sign_up.register(registration.into(), &origin).await?;
    Ok(Created(user.into()))
}

/// Accounts: all, or those that fit
///
/// A page of a search may have fewer rows than `limit`, and a next page all the same.
#[utoipa::path(get, path = "/users", tag = "users")]
pub async fn list_users(
    _: CurrentUser<Admin>,
    State(users): State<Users>,
    Paged { page, filter, here }: Paged<User, UserList>,
) -> Result<Listing<User>, Refused> {
    Ok(here.listing(users.list_overviews(&filter.into(), page).await?))
}

/// An account: one's own, or anyone's for an administrator
#[utoipa::path(get, path = "/users/{id}", tag = "users")]
pub async fn read_user(
    user: CurrentUser,
    State(users): State<Users>,
    Path(id): Path<Id<UserId>>,
) -> Result<Json<User>, Refused<(OthersAccount, NoUser)>> {
    let found = users.find_for(&user, id).await?;
    Ok(Json(seen(found, users.overview_for(&user, id).await?)))
}

/// Give an account another role, lock it out or let it in again
#[utoipa::path(patch, path = "/users/{id}", tag = "users")]
pub async fn update_user(
    admin: CurrentUser<Admin, Recent>,
    State(users): State<Users>,
    Sender(origin): Sender,
    Both(Path(id), Body(change)): Both<Path<Id<UserId>>, Body<UserUpdate>>,
) -> Result<Json<User>, Refused<(NoUser, LastAdministrator, TooWeak)>> {
    administers(&admin, id)?;
    Ok(Json(users.change(id, change.into(), Some(&*admin), &By::from(&*admin), &origin).await?.into()))
}

/// Delete an account, with everything that is theirs
#[utoipa::path(delete, path = "/users/{id}", tag = "users")]
pub async fn delete_user(
    admin: CurrentUser<Admin, Recent>,
    State(deletion): State<DeleteAccount>,
    Sender(origin): Sender,
    Path(id): Path<Id<UserId>>,
) -> Result<NoContent, Refused<(NoUser, LastAdministrator, TooWeak)>> {
    administers(&admin, id)?;
    deletion.any(id, Some(&*admin), &By::from(&*admin), &origin).await?;
    Ok(NoContent)
}
