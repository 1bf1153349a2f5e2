//! Accounts: who there is, what they may do, and how they come and go.

use std::fmt;

use async_trait::async_trait;
use keyward_auth::{PasswordHash, PasswordRefusal};
use time::OffsetDateTime;

use crate::email::Email;
use crate::failure::{Failure, Kind};
use crate::hashing::HashingError;
use crate::import::ImportedUser;
use crate::letters::LetterError;
use crate::page::Page;
use crate::scopes::Role;
use crate::store::StoreError;
use crate::text::Text;
use crate::throttle::{ThrottleError, Throttled};

pub use crate::accounts::{Registration, Users};

/// The id of an account. Never used again after the account is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(pub i64);

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What others call a user.
pub type Name = Text<1, 100>;

/// An account. Its password hash is deliberately not part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The address they log in with.
    pub email: Email,
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

/// An account with the hash of its password: for logging in, and for nothing else.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The account.
    pub user: User,
    /// The stored hash.
    pub hash: PasswordHash,
}

/// An account about to be made.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The address they will log in with.
    pub email: Email,
    /// What others call them.
    pub name: Option<Name>,
    /// What they may do.
    pub role: Role,
    /// The hash of their password.
    pub hash: PasswordHash,
    /// Now.
    pub created_at: OffsetDateTime,
}

/// Which fields of an account change; `None` leaves one as it is.
#[derive(Clone, Debug, Default)]
pub struct UserChange {
    /// A new name, or none any more.
    pub name: Option<Option<Name>>,
    /// A new role.
    pub role: Option<Role>,
    /// Lock out, or let in again.
    pub disabled: Option<bool>,
}

/// Where accounts are kept.
#[async_trait]
pub trait UserRepository: Send {
    /// Adds an account; [`StoreError::Taken`] when the address already has one.
    async fn insert(&mut self, new: &NewUser) -> Result<User, StoreError>;
    /// Adds those whose address has no account yet, all in one step; says how many. No address may be there twice.
    async fn insert_missing(&mut self, users: &[ImportedUser]) -> Result<u64, StoreError>;
    /// How many of these addresses have an account.
    async fn count_present(&mut self, emails: &[&Email]) -> Result<u64, StoreError>;
    /// The account of that id.
    async fn find(&mut self, id: UserId) -> Result<Option<User>, StoreError>;
    /// The account of that id, with its hash.
    async fn credentials(&mut self, id: UserId) -> Result<Option<Credentials>, StoreError>;
    /// The account of that address, with its hash.
    async fn credentials_of(&mut self, email: &Email) -> Result<Option<Credentials>, StoreError>;
    /// One row more than the page has, by ascending id.
    async fn list(&mut self, page: Page) -> Result<Vec<User>, StoreError>;
    /// Changes an account; `None` when there is none.
    async fn update(&mut self, id: UserId, change: &UserChange) -> Result<Option<User>, StoreError>;
    /// Replaces the hash if it still is `old` and the account is not locked out; says whether it was.
    async fn replace_hash(
        &mut self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, StoreError>;
    /// Whether the account has this hash and is not locked out; inside a transaction it then stays so until the end.
    async fn still_has(&mut self, id: UserId, hash: &PasswordHash) -> Result<bool, StoreError>;
    /// Notes that the address is theirs, if it is the account's and the account is not locked out; says whether it is.
    async fn verify(&mut self, id: UserId, email: &Email) -> Result<bool, StoreError>;
    /// Gives an account that is not locked out another address, which was shown to be theirs; says whether there was one.
    /// [`StoreError::Taken`] when the address already has an account.
    async fn change_email(&mut self, id: UserId, email: &Email) -> Result<bool, StoreError>;
    /// The account of that id; until the transaction ends nobody changes it, or adds to what is theirs, such as a session.
    async fn hold(&mut self, id: UserId) -> Result<Option<User>, StoreError>;
    /// The first administrators who are not locked out, at most `limit`; inside a transaction they then stay so until the end.
    async fn administrators(&mut self, limit: u64) -> Result<Vec<UserId>, StoreError>;
    /// Removes an account with everything that is theirs; says whether there was one.
    async fn delete(&mut self, id: UserId) -> Result<bool, StoreError>;
}

/// Why a use case of this module did not happen.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// The address has an account.
    #[error("The user with this email already exists in the system.")]
    EmailTaken,
    /// There is no such account.
    #[error("user with id: {0} was not found")]
    NotFound(UserId),
    /// Somebody else's account.
    #[error("Not enough permissions")]
    Forbidden,
    /// The password given as proof is not theirs.
    #[error("The current password is wrong.")]
    WrongPassword,
    /// The new password stands for the account itself.
    #[error("the new password is refused")]
    PasswordRefused(#[source] PasswordRefusal),
    /// Without this account there would be no administrator.
    #[error("This is the last administrator: make another account one first.")]
    LastAdministrator,
    /// The caller's own account is gone, though their token was still good.
    #[error("Could not validate credentials")]
    CallerGone,
    /// Too many wrong passwords.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// The mail that tells of it could not be worded.
    #[error(transparent)]
    Letter(#[from] LetterError),
    /// The hashing pool.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl UserError {
    /// An insertion's failure: the only key that can be taken is the address.
    pub(crate) fn on_insert(error: StoreError) -> Self {
        match error {
            StoreError::Taken => Self::EmailTaken,
            other => Self::Store(other),
        }
    }

    /// The same failure where the account asked for is the caller's own.
    pub(crate) fn of_caller(self) -> Self {
        match self {
            Self::NotFound(_) => Self::CallerGone,
            other => other,
        }
    }
}

impl Failure for UserError {
    fn kind(&self) -> Kind {
        match self {
            Self::EmailTaken | Self::PasswordRefused(_) => Kind::Invalid,
            Self::CallerGone => Kind::Unauthenticated,
            Self::NotFound(_) => Kind::NotFound,
            Self::LastAdministrator => Kind::Conflict,
            Self::Throttled(_) => Kind::Throttled,
            Self::Forbidden | Self::WrongPassword => Kind::Forbidden,
            Self::Letter(error) => error.kind(),
            Self::Hashing(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Throttled(throttled) => Some(throttled.seconds),
            _ => None,
        }
    }
}

impl From<ThrottleError> for UserError {
    fn from(error: ThrottleError) -> Self {
        match error {
            ThrottleError::Throttled(throttled) => Self::Throttled(throttled),
            ThrottleError::Store(error) => Self::Store(error),
        }
    }
}
