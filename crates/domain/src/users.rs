//! Accounts: who there is, what they may do, and how they come and go.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use keyward_auth::{Password, PasswordHash};
use time::OffsetDateTime;

use crate::email::Email;
use crate::failure::{Failure, Kind};
use crate::hashing::{HashingError, NewPassword, Verified};
use crate::page::{Page, Slice};
use crate::ports::Ports;
use crate::scopes::{self, Role};
use crate::sessions::Caller;
use crate::store::{StoreError, Transaction};
use crate::text::Text;

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
}

impl Failure for UserError {
    fn kind(&self) -> Kind {
        match self {
            Self::EmailTaken => Kind::Invalid,
            Self::NotFound(_) => Kind::NotFound,
            Self::Forbidden | Self::WrongPassword => Kind::Forbidden,
            Self::Hashing(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }
}

/// What a person tells of themselves to get an account.
pub struct Registration {
    /// The address they will log in with.
    pub email: Email,
    /// The password they chose.
    pub password: NewPassword,
    /// What others shall call them.
    pub name: Option<Name>,
    /// What they may do.
    pub role: Role,
}

/// The use cases of accounts.
#[derive(Clone)]
pub struct Users {
    ports: Ports,
}

impl Users {
    /// Use cases over these ports.
    pub fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Makes an account.
    pub async fn register(&self, registration: Registration) -> Result<User, UserError> {
        let new = self.prepare(registration).await?;
        self.ports.store.autocommit().users().insert(&new).await.map_err(UserError::on_insert)
    }

    /// The slow part of a registration: hashes the password, outside any transaction.
    pub(crate) async fn prepare(&self, registration: Registration) -> Result<NewUser, HashingError> {
        let Registration { email, password, name, role } = registration;
        let hash = self.ports.hashing.hash(password.into_inner()).await?;
        Ok(NewUser { email, name, role, hash, created_at: self.ports.clock.now() })
    }

    /// The account of that id.
    pub async fn find(&self, id: UserId) -> Result<User, UserError> {
        self.ports.store.autocommit().users().find(id).await?.ok_or(UserError::NotFound(id))
    }

    /// An account as `caller` may see it: their own, or anyone's for an administrator.
    ///
    /// # Errors
    /// Others get [`UserError::Forbidden`] whether or not the account exists.
    pub async fn find_for(&self, caller: &Caller, id: UserId) -> Result<User, UserError> {
        if caller.id != id && !caller.scope.contains(scopes::ADMIN) {
            return Err(UserError::Forbidden);
        }
        self.find(id).await
    }

    /// The account of that address.
    pub async fn find_by_email(&self, email: &Email) -> Result<Option<User>, UserError> {
        Ok(self.ports.store.autocommit().users().credentials_of(email).await?.map(|found| found.user))
    }

    /// One page of all accounts.
    pub async fn list(&self, page: Page) -> Result<Slice<User>, UserError> {
        let rows = self.ports.store.autocommit().users().list(page).await?;
        Ok(Slice::cut(rows, page, |user| user.id.0))
    }

    /// Changes an account. Locking somebody out ends their sessions.
    pub async fn update(&self, id: UserId, change: UserChange) -> Result<User, UserError> {
        let mut tx = self.ports.store.begin().await?;
        let user = tx.users().update(id, &change).await?.ok_or(UserError::NotFound(id))?;
        if user.disabled {
            tx.sessions().revoke_all(id, None, self.ports.clock.now()).await?;
        }
        self.commit(tx, id).await?;
        Ok(user)
    }

    /// Replaces the caller's password, for whoever knows the current one, and ends their every other session.
    pub async fn change_password(
        &self,
        caller: &Caller,
        current: Password,
        new: NewPassword,
    ) -> Result<(), UserError> {
        let old = self.prove(caller.id, current).await?;
        let hash = self.ports.hashing.hash(new.into_inner()).await?;
        let mut tx = self.ports.store.begin().await?;
        if !tx.users().replace_hash(caller.id, &old, &hash).await? {
            return Err(UserError::WrongPassword);
        }
        tx.sessions().revoke_all(caller.id, Some(caller.session), self.ports.clock.now()).await?;
        self.commit(tx, caller.id).await
    }

    /// Removes the caller's own account, for whoever knows its password.
    pub async fn delete_own(&self, caller: &Caller, password: Password) -> Result<(), UserError> {
        self.prove(caller.id, password).await?;
        self.delete(caller.id).await
    }

    /// Removes an account with everything that is theirs.
    pub async fn delete(&self, id: UserId) -> Result<(), UserError> {
        let mut tx = self.ports.store.begin().await?;
        if !tx.users().delete(id).await? {
            return Err(UserError::NotFound(id));
        }
        self.commit(tx, id).await
    }

    /// The stored hash, once `password` is shown to be the account's.
    async fn prove(&self, id: UserId, password: Password) -> Result<PasswordHash, UserError> {
        let found = self.ports.store.autocommit().users().credentials(id).await?;
        let hash = found.map(|credentials| credentials.hash).ok_or(UserError::NotFound(id))?;
        match self.ports.hashing.verify(Arc::new(password), Some(hash.clone())).await? {
            Verified::Mismatch => Err(UserError::WrongPassword),
            Verified::Match | Verified::Upgraded(_) => Ok(hash),
        }
    }

    async fn commit(&self, tx: Box<dyn Transaction>, changed: UserId) -> Result<(), UserError> {
        tx.commit().await?;
        self.ports.changes.changed(changed);
        Ok(())
    }
}
