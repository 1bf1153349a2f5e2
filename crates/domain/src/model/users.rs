//! Accounts and their repository.

use async_trait::async_trait;
use keyward_auth::PasswordHash;
use time::OffsetDateTime;

use super::store_error::StoreError;
use crate::values::email::Email;
use crate::values::ids::UserId;
use crate::values::names::{LoginName, Names, Username};
use crate::values::page::{Page, Slice};
use crate::values::scopes::Role;
use crate::values::text::Text;

/// What others call a user.
pub type Name = Text<1, 100>;

/// An account. Its password hash is deliberately not part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    /// What they log in with.
    pub names: Names,
    /// What others call them.
    pub name: Option<Name>,
    /// What they may do.
    pub role: Role,
    /// Whether they are locked out.
    pub disabled: bool,
    /// Whether they proved that the address is theirs.
    pub email_verified: bool,
    /// When the account was made.
    pub created_at: OffsetDateTime,
}

impl User {
    /// What they are called: the name that they chose, or else their user name.
    pub fn called(&self) -> Option<&str> {
        let chosen = self.name.as_ref().map(Name::as_str);
        chosen.or_else(|| self.names.username().map(Username::as_str))
    }
}

/// An account with the hash of its password: for logging in, and for nothing else.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub user: User,
    /// `None` for an account without a password.
    pub hash: Option<PasswordHash>,
}

/// An account about to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// What they will log in with.
    pub names: Names,
    /// What others call them.
    pub name: Option<Name>,
    /// What they may do.
    pub role: Role,
    /// `None` for an account without a password.
    pub hash: Option<PasswordHash>,
    pub created_at: OffsetDateTime,
}

/// Which fields of an account change; `None` leaves one as it is.
#[derive(Clone, Debug, Default)]
pub struct UserChange {
    /// A new name, or none any more.
    pub name: Option<Option<Name>>,
    pub role: Option<Role>,
    /// Lock out, or let in again.
    pub disabled: Option<bool>,
}

/// Which accounts a list shows; what is `None` narrows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Those whose e-mail address, user name or name holds this, in any letter case.
    pub search: Option<String>,
    /// The one of this address.
    pub email: Option<Email>,
    /// The one of this user name.
    pub username: Option<Username>,
    pub role: Option<Role>,
    /// Those who are locked out, or those who are not.
    pub disabled: Option<bool>,
}

/// An account of another system that may be added.
#[derive(Clone, Debug)]
pub struct ImportedUser {
    /// What every new account has.
    pub new: NewUser,
    /// Whether they are locked out.
    pub disabled: bool,
    /// Whether they proved that the address is theirs.
    pub email_verified: bool,
}

#[async_trait]
pub trait UserRepository: Send {
    /// Adds an account; [`StoreError::Taken`] when the e-mail address already has one, or, where it has none,
    /// the user name; [`StoreError::UsernameTaken`] when the user name has.
    async fn insert(&mut self, new: &NewUser) -> Result<User, StoreError>;
    /// Adds those whose names have no account yet, all in one step. Returns the number added. No name may occur twice.
    async fn insert_missing(&mut self, users: &[ImportedUser]) -> Result<u64, StoreError>;
    /// Returns how many of these have an account of one of their names.
    async fn count_present(&mut self, names: &[&Names]) -> Result<u64, StoreError>;
    /// Finds an account by its id.
    async fn find(&mut self, id: UserId) -> Result<Option<User>, StoreError>;
    /// Finds an account by its id, with its password hash.
    async fn credentials(&mut self, id: UserId) -> Result<Option<Credentials>, StoreError>;
    /// Finds an account by one of its names, with its password hash.
    async fn credentials_of(&mut self, name: &LoginName) -> Result<Option<Credentials>, StoreError>;
    /// Returns one row more than the page has, by ascending id.
    async fn list(&mut self, page: Page) -> Result<Vec<User>, StoreError>;
    /// Returns a page of the accounts that fit, by ascending id. Where an index does not find what is asked for, a bounded number
    /// of accounts is compared, and the page may have fewer rows than there are, with a next one.
    async fn search(&mut self, filter: &UserFilter, page: Page) -> Result<Slice<User>, StoreError>;
    /// Returns accounts beyond the id `after` that were deleted and whose rows are still there, at most `limit`, by ascending
    /// id. No other method finds these.
    async fn deleted(&mut self, after: UserId, limit: u64) -> Result<Vec<UserId>, StoreError>;
}

/// Changes what an account is or may do. Only a transaction has these: each announces itself when it commits.
#[async_trait]
pub trait UserChanges: Send {
    /// Changes an account; `None` when it does not exist.
    async fn update(&mut self, id: UserId, change: &UserChange) -> Result<Option<User>, StoreError>;
    /// Replaces the hash if it still is `old` (`None`: no password) and the account is not disabled. Returns whether it was.
    async fn replace_hash(
        &mut self,
        id: UserId,
        old: Option<&PasswordHash>,
        new: &PasswordHash,
    ) -> Result<bool, StoreError>;
    /// Returns whether the account has this hash (`None`: no password) and is not disabled, and keeps it so until the
    /// transaction ends.
    async fn still_has(&mut self, id: UserId, hash: Option<&PasswordHash>) -> Result<bool, StoreError>;
    /// Marks the e-mail address as verified if it is the account's and the account is not disabled. Returns whether it is.
    async fn verify(&mut self, id: UserId, email: &Email) -> Result<bool, StoreError>;
    /// Gives an account that is not disabled another, verified e-mail address. Returns whether the account exists.
    /// [`StoreError::Taken`] when the address already has an account.
    async fn change_email(&mut self, id: UserId, email: &Email) -> Result<bool, StoreError>;
    /// Finds an account and locks it: until the transaction ends no other one changes it or adds rows that refer to it,
    /// such as a session.
    async fn hold(&mut self, id: UserId) -> Result<Option<User>, StoreError>;
    /// Returns the first administrators who are not disabled, at most `limit`, and locks them until the transaction ends.
    async fn administrators(&mut self, limit: u64) -> Result<Vec<UserId>, StoreError>;
    /// Deletes an account as far as anyone can notice: look-ups and lists do not find it, and its names are free. Its rows
    /// stay, for [`UserChanges::remove_some`]. Returns whether it existed.
    async fn mark_deleted(&mut self, id: UserId, now: OffsetDateTime) -> Result<bool, StoreError>;
    /// Removes rows that belong to a deleted account, at most `limit` of each kind. Returns the number removed.
    async fn remove_some(&mut self, id: UserId, limit: u64) -> Result<u64, StoreError>;
    /// Removes an account with everything that still belongs to it. Returns whether it existed.
    async fn delete(&mut self, id: UserId) -> Result<bool, StoreError>;
}
