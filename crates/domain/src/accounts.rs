//! The use cases of accounts: how they come, change and go.

use std::sync::Arc;

use keyward_auth::{Password, PasswordHash};

use crate::email::Email;
use crate::events::{Event, EventKind, Origin};
use crate::hashing::{HashingError, NewPassword, Verified};
use crate::page::{Page, Slice};
use crate::ports::Ports;
use crate::scopes::{self, Role};
use crate::sessions::Caller;
use crate::store::{StoreError, Transaction};
use crate::throttle::{Deed, Throttle};
use crate::users::{Credentials, Name, NewUser, User, UserChange, UserError, UserId};

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
    throttle: Throttle,
}

impl Users {
    /// Use cases over these ports, without a budget for wrong passwords.
    pub fn new(ports: Ports) -> Self {
        Self { throttle: Throttle::new(ports.clone(), None), ports }
    }

    /// The same, rationing wrong passwords.
    #[must_use]
    pub fn with_throttle(self, throttle: Throttle) -> Self {
        Self { throttle, ..self }
    }

    /// Makes an account.
    pub async fn register(&self, registration: Registration) -> Result<User, UserError> {
        let new = self.prepare(registration).await?;
        self.ports.store.autocommit().users().insert(&new).await.map_err(UserError::on_insert)
    }

    /// Makes an account for whoever asks for one.
    pub async fn sign_up(&self, registration: Registration, origin: &Origin) -> Result<User, UserError> {
        self.throttle.spend(Deed::SignUp, origin).await?;
        self.register(registration).await
    }

    /// The slow part of a registration: hashes the password, outside any transaction.
    pub(crate) async fn prepare(&self, registration: Registration) -> Result<NewUser, HashingError> {
        let Registration { email, password, name, role } = registration;
        let hash = self.ports.hashing.hash(password.password()).await?;
        Ok(NewUser { email, name, role, hash, created_at: self.ports.clock.now() })
    }

    /// The account of that id.
    pub async fn find(&self, id: UserId) -> Result<User, UserError> {
        self.ports.store.autocommit().users().find(id).await?.ok_or(UserError::NotFound(id))
    }

    /// The caller's own account.
    pub async fn find_own(&self, caller: &Caller) -> Result<User, UserError> {
        self.find(caller.id).await.map_err(UserError::of_caller)
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
        let rows = self.ports.store.replica().users().list(page).await?;
        Ok(Slice::cut(rows, page, |user| user.id.0))
    }

    /// Changes an account. Locking somebody out ends their sessions. The last administrator stays one.
    pub async fn update(&self, id: UserId, change: UserChange, origin: &Origin) -> Result<User, UserError> {
        let now = self.ports.clock.now();
        let event = |kind| Event::new(now, kind, origin).of(id);
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                if change.disabled == Some(true) || change.role.is_some_and(|role| role != Role::Admin) {
                    spare_the_last_administrator(&mut *tx, id).await?;
                }
                let user = tx.users().update(id, &change).await?.ok_or(UserError::NotFound(id))?;
                if let Some(role) = change.role {
                    tx.events().append(&event(EventKind::RoleChanged).saying(role.as_str())).await?;
                }
                match change.disabled {
                    Some(true) => {
                        tx.sessions().revoke_all(id, None, now).await?;
                        tx.events().append(&event(EventKind::UserDisabled)).await?;
                    }
                    Some(false) => tx.events().append(&event(EventKind::UserEnabled)).await?,
                    None => {}
                }
                self.commit(tx, id).await?;
                Ok(user)
            })
            .await
    }

    /// Changes the caller's own account.
    pub async fn update_own(
        &self,
        caller: &Caller,
        change: UserChange,
        origin: &Origin,
    ) -> Result<User, UserError> {
        self.update(caller.id, change, origin).await.map_err(UserError::of_caller)
    }

    /// Removes the caller's own account, for whoever knows its password.
    pub async fn delete_own(
        &self,
        caller: &Caller,
        password: Password,
        origin: &Origin,
    ) -> Result<(), UserError> {
        let deed =
            |Credentials { hash, .. }| async move { self.remove(caller.id, Some(&hash), origin).await };
        self.proving(caller.id, password, origin, deed).await.map_err(UserError::of_caller)
    }

    /// Removes an account with everything that is theirs. The last administrator stays.
    pub async fn delete(&self, id: UserId, origin: &Origin) -> Result<(), UserError> {
        self.remove(id, None, origin).await.map(drop)
    }

    /// Removes an account, if it still has the hash that was `proven`; `None` if not.
    async fn remove(
        &self,
        id: UserId,
        proven: Option<&PasswordHash>,
        origin: &Origin,
    ) -> Result<Option<()>, UserError> {
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                if !stands(&mut *tx, id, proven).await? {
                    return Ok(None);
                }
                // Other services must hear of every session, one that is being opened at this moment included.
                let now = self.ports.clock.now();
                spare_the_last_administrator(&mut *tx, id).await?;
                tx.sessions().revoke_all(id, None, now).await?;
                if !tx.users().delete(id).await? {
                    return Err(UserError::NotFound(id));
                }
                let event = Event::new(now, EventKind::UserDeleted, origin).of(id);
                tx.events().append(&event).await?;
                self.commit(tx, id).await.map(Some)
            })
            .await
    }

    /// Does what only whoever knows the account's password may do. `deed` says `None` where the hash that was proven is
    /// not the account's any more: a login may have improved it, and then the password is looked at once more.
    pub(crate) async fn proving<T, E, F, W>(
        &self,
        id: UserId,
        password: Password,
        origin: &Origin,
        deed: F,
    ) -> Result<T, E>
    where
        E: From<UserError>,
        F: Fn(Credentials) -> W,
        W: Future<Output = Result<Option<T>, E>>,
    {
        let password = Arc::new(password);
        for _ in 0..2 {
            let proven = self.prove(id, Arc::clone(&password), origin).await?;
            if let Some(done) = deed(proven).await? {
                return Ok(done);
            }
        }
        Err(UserError::WrongPassword.into())
    }

    /// The account and its hash, once `password` is shown to be theirs.
    async fn prove(
        &self,
        id: UserId,
        password: Arc<Password>,
        origin: &Origin,
    ) -> Result<Credentials, UserError> {
        let guess = self.throttle.proof(id).await?;
        let found = self.ports.store.autocommit().users().credentials(id).await?;
        let found = found.ok_or(UserError::CallerGone)?;
        let verified = self.ports.hashing.verify(password, Some(found.hash.clone())).await?;
        let mut repositories = self.ports.store.autocommit();
        if verified == Verified::Mismatch {
            self.throttle.wrong(&mut *repositories, guess, self.throttle.event(origin).of(id)).await?;
            return Err(UserError::WrongPassword);
        }
        self.throttle.right(&mut *repositories, guess).await?;
        Ok(found)
    }

    async fn commit(&self, tx: Box<dyn Transaction>, changed: UserId) -> Result<(), UserError> {
        tx.commit().await?;
        self.ports.changes.changed(changed);
        Ok(())
    }
}

/// Whether what was proven still holds, if anything was. Until the transaction ends nobody changes the password.
pub(crate) async fn stands(
    tx: &mut dyn Transaction,
    id: UserId,
    proven: Option<&PasswordHash>,
) -> Result<bool, StoreError> {
    match proven {
        Some(hash) => tx.users().still_has(id, hash).await,
        None => Ok(true),
    }
}

/// Refuses to take away an administrator without whom there would be none. Holds the account, and the others that were
/// counted on: of several that go at once, one stays.
async fn spare_the_last_administrator(tx: &mut dyn Transaction, id: UserId) -> Result<(), UserError> {
    let user = tx.users().hold(id).await?;
    let counts = user.is_some_and(|user| user.role == Role::Admin && !user.disabled);
    if counts && tx.users().administrators(2).await? == [id] {
        return Err(UserError::LastAdministrator);
    }
    Ok(())
}
