//! Password recovery: a link by mail, good for half an hour and for one new password.
//!
//! The work done and the answer are the same whether or not the address has an account. Of a token only the hash is
//! stored; the newest of an address is the only one.

use keyward_auth::{ErrorCode, PasswordRefusal, SecretHash};
use time::Duration;

use super::besides::besides;
use super::link_token::link_token;
use crate::limits::budgets::Deed;
use crate::limits::throttle::Throttle;
use crate::limits::waits::{ThrottleError, Throttled};
use crate::mail::postbox::Postbox;
use crate::model::attempts::{AttemptKey, Budget};
use crate::model::events::{Event, EventKind};
use crate::model::mail::Lane;
use crate::model::recoveries::NewRecovery;
use crate::model::store_error::StoreError;
use crate::model::users::User;
use crate::ports::bundle::Ports;
use crate::ports::hashing::HashingError;
use crate::ports::letters::{LetterError, Reader};
use crate::values::by::{By, Means};
use crate::values::codes;
use crate::values::email::Email;
use crate::values::failure::{Failure, Kind};
use crate::values::ids::MailId;
use crate::values::names::LoginName;
use crate::values::new_password::NewPassword;
use crate::values::origin::Origin;

/// How long a token is good.
const LIFE: Duration = Duration::minutes(30);
/// How many mails an address gets: four, and from the fifth on a growing wait after each.
const MAILS: Budget =
    Budget { free: 5, first: Duration::minutes(15), cap: Duration::hours(6), forgive: None };

/// Why a password was not replaced.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// No such token, spent, voided by a newer one, or too old.
    #[error("The link is invalid or has expired.")]
    InvalidToken,
    /// The new password stands for the account itself.
    #[error(transparent)]
    PasswordRefused(PasswordRefusal),
    /// Too much was asked for, or guessed, from this address.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// The mail could not be worded.
    #[error(transparent)]
    Letter(#[from] LetterError),
    #[error(transparent)]
    Hashing(#[from] HashingError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for RecoveryError {
    fn kind(&self) -> Kind {
        match self {
            Self::InvalidToken => Kind::Invalid,
            Self::PasswordRefused(_) => Kind::Unprocessable,
            Self::Letter(error) => error.kind(),
            Self::Hashing(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::Throttled(_) => Kind::Throttled,
        }
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::InvalidToken => codes::INVALID_PROOF,
            Self::PasswordRefused(_) => codes::PASSWORD_REFUSED,
            Self::Letter(error) => error.code(),
            Self::Hashing(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Throttled(_) => codes::TOO_MANY_ATTEMPTS,
        }
    }

    fn field(&self) -> Option<[&'static str; 2]> {
        matches!(self, Self::PasswordRefused(_)).then_some(["body", "new_password"])
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Throttled(throttled) => Some(throttled.seconds),
            _ => None,
        }
    }
}

impl From<ThrottleError> for RecoveryError {
    fn from(error: ThrottleError) -> Self {
        match error {
            ThrottleError::Throttled(throttled) => Self::Throttled(throttled),
            ThrottleError::Store(error) => Self::Store(error),
        }
    }
}

/// The use cases of forgotten passwords.
#[derive(Clone)]
pub struct Recovery {
    ports: Ports,
    postbox: Postbox,
    throttle: Throttle,
}

impl Recovery {
    /// Use cases over these ports.
    pub fn new(ports: Ports, postbox: Postbox, throttle: Throttle) -> Self {
        Self { ports, postbox, throttle }
    }

    /// Sends a link to the account of that address, if there is one. The same queries run otherwise. Returns `false` if
    /// too many were requested for the address, with or without an account: then none is sent.
    pub async fn request(&self, email: Email, origin: &Origin) -> Result<bool, RecoveryError> {
        self.throttle.spend(Deed::Mail, origin).await?;
        let now = self.ports.clock.now();
        let (owner, login) = (owner(&email), LoginName::Email(email.clone()));
        let token = link_token(&*self.ports.random);
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                if !tx.attempts().fail(owner, now, MAILS).await? {
                    return Ok(false);
                }
                let found = tx.users().credentials_of(&login).await?.map(|found| found.user);
                let found = found.filter(|user| !user.disabled);
                let (user, name) =
                    (found.as_ref().map(|user| user.id), found.as_ref().and_then(User::called));
                let letter = self.postbox.letters.password_reset(Reader { email: &email, name }, &token)?;
                let new = NewRecovery { owner, user, token: SecretHash::of(&token), expires_at: now + LIFE };
                tx.recoveries().replace(&new).await.map_err(|error| match error {
                    // The account was deleted after the look-up: the next one finds none.
                    StoreError::Dangling => StoreError::Contended(Box::new(error)),
                    other => other,
                })?;
                let mail =
                    self.postbox.post(&mut *tx, &self.ports, Lane::Code, email.clone(), letter).await?;
                tx.outbox().withdraw(if user.is_some() { MailId(0) } else { mail }).await?;
                tx.commit().await?;
                Ok::<_, RecoveryError>(true)
            })
            .await
    }

    /// Sets a new password for the owner of a valid token, and ends all their sessions. That they got the token shows
    /// that the address is theirs; a mail tells them of the change, in case another person got the token, too, and of
    /// the passkeys and API keys that go on: the mailbox alone removes no second factor. API keys go, too, where that is asked for.
    pub async fn reset(
        &self,
        token: &str,
        password: NewPassword,
        remove_api_keys: bool,
        origin: &Origin,
    ) -> Result<(), RecoveryError> {
        let token = SecretHash::of(token);
        // Before the slow part, so that guesses cost next to nothing; whether it is still good is decided below.
        let Some((user, email)) = self.owner_of(&token).await? else {
            self.throttle.spend(Deed::Reset, origin).await?;
            return Err(RecoveryError::InvalidToken);
        };
        password.check_owner(&user.names).map_err(RecoveryError::PasswordRefused)?;
        let new = self.ports.hashing.hash(password.password()).await?;
        let now = self.ports.clock.now();
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                // A login may have upgraded the old hash; from here on the row is locked.
                tx.user_changes().hold(user.id).await?;
                let held = tx.users().credentials(user.id).await?.ok_or(RecoveryError::InvalidToken)?;
                let spent = tx.recoveries().spend(&token, now).await?;
                if !spent || !tx.user_changes().replace_hash(user.id, held.hash.as_ref(), &new).await? {
                    return Err(RecoveryError::InvalidToken);
                }
                tx.session_endings().revoke_all(user.id, None, now).await?;
                tx.passkey_changes().void_challenges(user.id, now).await?;
                tx.user_changes().verify(user.id, &email).await?;
                tx.verifications().forget_of(user.id).await?;
                self.throttle.forgive(&mut *tx, &user.names).await?;
                let by = By::user(user.id, Means::Mail);
                let event = |kind| Event::new(now, kind, by.clone(), origin).of(user.id);
                tx.events().append(&event(EventKind::PasswordReset)).await?;
                if remove_api_keys && tx.api_key_changes().remove_all(user.id).await? > 0 {
                    tx.events().append(&event(EventKind::ApiKeyRemoved).saying("all")).await?;
                }
                // The address has just been proven.
                let besides = besides(&mut *tx, user.id, now).await?;
                let letter = |reader| self.postbox.letters.password_changed(reader, &besides);
                let notice = Reader::of(&user).map(letter).transpose()?;
                self.postbox.notify(&mut *tx, &self.ports, &user, notice).await?;
                Ok(tx.commit().await?)
            })
            .await
    }

    /// The address of the account whose password a token replaces, if the token is good now. Nothing is spent.
    pub async fn whose(&self, token: &str) -> Result<Option<Email>, StoreError> {
        Ok(self.owner_of(&SecretHash::of(token)).await?.map(|(_, email)| email))
    }

    /// The account that a good token belongs to, and the address the token was sent to, if it still is the account's.
    async fn owner_of(&self, token: &SecretHash) -> Result<Option<(User, Email)>, StoreError> {
        let mut repositories = self.ports.store.autocommit();
        let found = repositories.recoveries().find(token, self.ports.clock.now()).await?;
        let Some((user, sent_to)) = found else { return Ok(None) };
        let found = repositories.users().find(user).await?;
        let found = found.and_then(|user| user.names.email().cloned().map(|email| (user, email)));
        Ok(found.filter(|(_, email)| owner(email) == sent_to))
    }
}

fn owner(email: &Email) -> AttemptKey {
    AttemptKey::of("recovery", email.as_str(), None)
}

crate::cases! {
    /// The token is unknown, spent, replaced by a newer one or expired.
    InvalidLink => RecoveryError::InvalidToken;
}
