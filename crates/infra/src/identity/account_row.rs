//! Rows of accounts, and what stands in their columns.

use keyward_auth::PasswordHash;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::model::users::{Name, User};
use keyward_domain::values::email::Email;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::names::{Names, Username};
use keyward_domain::values::scopes::Role;

use crate::database::columns::time;
use crate::database::error::corrupt;
use crate::entity::users::Model;

/// What stands in the place of a hash where an account has no password: an Argon2id string whose digest is all zero, which no
/// password has. Earlier versions of the program read the column, too: to them it is a hash that never matches, and
/// comparing costs what it always does. SQLite could not drop `NOT NULL` without making the table anew.
pub(super) const NO_PASSWORD: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$a2V5d2FyZDogbm8gaGFzaA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A hash as it is stored.
pub(super) fn stored(hash: Option<&PasswordHash>) -> &str {
    hash.map_or(NO_PASSWORD, PasswordHash::as_str)
}

/// What the column of addresses holds, which the version before this one reads: the user name where there is no address.
/// No user name has an `@`, so the two are never mistaken for each other.
pub(super) fn stored_email(names: &Names) -> &str {
    names.primary()
}

/// The names of a row.
fn names(email: String, username: Option<String>) -> Result<Names, StoreError> {
    let email = email.contains('@').then(|| Email::from_stored(email));
    let username = username.map(Username::from_stored);
    Names::new(email, username).ok_or_else(|| corrupt("an account without a name"))
}

/// The role of that name.
pub(crate) fn role(name: &str) -> Result<Role, StoreError> {
    Role::from_name(name).ok_or_else(|| corrupt(format!("role {name:?}")))
}

/// The account of a row.
pub(super) fn user(row: Model) -> Result<User, StoreError> {
    Ok(User {
        id: UserId(row.id),
        names: names(row.email, row.username)?,
        name: row.name.map(Name::from_stored),
        role: role(&row.role)?,
        disabled: row.disabled,
        email_verified: row.email_verified,
        created_at: time(row.created_at)?,
    })
}
