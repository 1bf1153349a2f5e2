//! Whose an e-mail address is: a code and a link by mail, good for an hour, prove it. A new address of an account counts
//! only once it is proven.
//!
//! Of the link's token only the hash is kept, and the code not at all: it follows from the token's hash and the master
//! secret. Wrong codes are counted where the code is; the link does not mind them, so nobody can spoil it by guessing.

mod error;

use async_trait::async_trait;
use keyward_auth::{OneTimeCodes, Password, PasswordHash, SecretHash, random_secret};
use time::{Duration, OffsetDateTime};

use crate::accounts::stands;
use crate::email::Email;
use crate::events::{Event, EventKind, Origin};
use crate::letters::Letter;
use crate::ports::Ports;
use crate::postbox::Postbox;
use crate::sessions::Caller;
use crate::store::{StoreError, Transaction};
use crate::throttle::{AttemptKey, Budget, wait};
use crate::users::{Credentials, User, UserError, UserId, Users};

pub use self::error::VerificationError;

/// How long a code and a link are good.
const LIFE: Duration = Duration::hours(1);
/// How many wrong codes are answered.
const TRIES: u32 = 5;
/// How soon the next mail may go.
const RESEND: Duration = Duration::minutes(1);
/// How many mails an account gets: four, and from the fifth on a growing wait after each.
const MAILS: Budget =
    Budget { free: 5, first: Duration::minutes(15), cap: Duration::hours(6), forgive: None };
/// How many mails an address gets, whichever accounts ask for them: accounts are to be had for nothing, and each of their
/// codes may be guessed at.
const MAILS_TO_ONE: Budget = Budget { free: 10, ..MAILS };

/// An address somebody has to prove to be theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Whose account it is, or shall be, the address of.
    pub user: UserId,
    /// The address.
    pub email: Email,
    /// The hash of the link's token.
    pub token: SecretHash,
}

/// Where it is kept what has to be proven: one address an account at most.
#[async_trait]
pub trait VerificationRepository: Send {
    /// Keeps an address in place of the account's last one, unless that was kept after `unless_since`; says whether it was.
    async fn replace(
        &mut self,
        new: &Pending,
        now: OffsetDateTime,
        unless_since: OffsetDateTime,
        expires_at: OffsetDateTime,
    ) -> Result<bool, StoreError>;
    /// When the account's address was kept.
    async fn kept_at(&mut self, user: UserId) -> Result<Option<OffsetDateTime>, StoreError>;
    /// Counts a try at the codes of an address that are good at `now` and were tried less than `tries` times: those codes.
    async fn count_try(
        &mut self,
        email: &Email,
        now: OffsetDateTime,
        tries: u32,
    ) -> Result<Vec<Pending>, StoreError>;
    /// Spends a token that is good at `now`: what it proves, to one caller only.
    async fn spend(&mut self, token: &SecretHash, now: OffsetDateTime)
    -> Result<Option<Pending>, StoreError>;
    /// Forgets what the account has to prove.
    async fn forget_of(&mut self, user: UserId) -> Result<(), StoreError>;
    /// Forgets what was good until `before` at most.
    async fn forget(&mut self, before: OffsetDateTime) -> Result<u64, StoreError>;
}

/// What came back from the mail.
pub enum Proof {
    /// The code, typed, with the address it went to.
    Code(Email, String),
    /// The token of the link.
    Token(String),
}

/// The use cases of proving an address.
#[derive(Clone)]
pub struct Verification {
    ports: Ports,
    postbox: Postbox,
    users: Users,
    codes: OneTimeCodes,
    base: String,
    required: bool,
}

impl Verification {
    /// Use cases over these ports; links begin with `base`, this service's public address.
    pub fn new(ports: Ports, postbox: Postbox, users: Users, base: &str) -> Self {
        let codes = OneTimeCodes::new(&postbox.master);
        let base = base.trim_end_matches('/').to_owned();
        Self { ports, postbox, users, codes, base, required: false }
    }

    /// The same, where nobody logs in before their address is verified, if `required`.
    #[must_use]
    pub fn required(self, required: bool) -> Self {
        Self { required, ..self }
    }

    /// Sends a new account a code and a link, if it needs them to log in.
    pub async fn welcome(&self, user: &User) -> Result<(), VerificationError> {
        if self.required { self.request_for(user).await } else { Ok(()) }
    }

    /// Sends the caller a code and a link, at most once a minute: the address they went to.
    pub async fn request(&self, caller: &Caller) -> Result<Email, VerificationError> {
        let user = self.users.find_own(caller).await?;
        self.request_for(&user).await?;
        Ok(user.email)
    }

    /// Sends an account that is not verified a code and a link, at most once a minute.
    pub async fn request_for(&self, user: &User) -> Result<(), VerificationError> {
        if user.email_verified {
            return Err(VerificationError::AlreadyVerified);
        }
        self.send(user.id, user.email.clone(), None).await.map(drop)
    }

    /// Sends a code and a link to the address the caller's account shall have, for whoever knows its password.
    ///
    /// # Errors
    /// An address that has an account is refused here already; whether it has one when it is proven, decides.
    pub async fn request_change(
        &self,
        caller: &Caller,
        email: Email,
        password: Password,
        origin: &Origin,
    ) -> Result<(), VerificationError> {
        let deed = |proven| self.request_as(proven, &email);
        self.users.proving(caller.id, password, origin, deed).await
    }

    async fn request_as(
        &self,
        Credentials { user, hash }: Credentials,
        email: &Email,
    ) -> Result<Option<()>, VerificationError> {
        if user.email == *email {
            return self.request_for(&user).await.map(Some);
        }
        match self.users.find_by_email(email).await? {
            Some(_) => Err(UserError::EmailTaken.into()),
            None => self.send(user.id, email.clone(), Some(&hash)).await,
        }
    }

    /// Sends a code and a link to `email`, if the account still has the hash that was `proven`; `None` if not.
    async fn send(
        &self,
        user: UserId,
        email: Email,
        proven: Option<&PasswordHash>,
    ) -> Result<Option<()>, VerificationError> {
        let now = self.ports.clock.now();
        let token = random_secret(&*self.ports.random);
        let new = Pending { user, email, token: SecretHash::of(&token) };
        let link = format!("{}/verify-email?token={}", self.base, *token);
        let letter = self.postbox.letters.email_verification(&link, &self.codes.code(&new.token))?;
        self.ports.retrying(|| self.keep(&new, proven, now, letter.clone())).await
    }

    async fn keep(
        &self,
        new: &Pending,
        proven: Option<&PasswordHash>,
        now: OffsetDateTime,
        letter: Letter,
    ) -> Result<Option<()>, VerificationError> {
        let mut tx = self.ports.store.begin().await?;
        // Whatever replaces the password voids what was asked for with the old one: so nothing may be kept after it.
        if !stands(&mut *tx, new.user, proven).await? {
            return Ok(None);
        }
        if !tx.verifications().replace(new, now, now - RESEND, now + LIFE).await? {
            let kept_at = tx.verifications().kept_at(new.user).await?.unwrap_or(now);
            return Err(wait(now, kept_at + RESEND).into());
        }
        let of_account = AttemptKey::of("verification", &new.user.to_string(), None);
        let of_address = AttemptKey::of("verification of", new.email.as_str(), None);
        for (key, budget) in [(of_account, MAILS), (of_address, MAILS_TO_ONE)] {
            if !tx.attempts().fail(key, now, budget).await? {
                let until = tx.attempts().blocked_until(key, now).await?.unwrap_or(now);
                return Err(wait(now, until).into());
            }
        }
        self.postbox.post(&mut *tx, &self.ports, new.email.clone(), letter).await?;
        tx.commit().await?;
        Ok(Some(()))
    }

    /// Believes a proof: the address is its owner's from now on, and their account's, should it be a new one. Then the
    /// old one is told.
    pub async fn confirm(&self, proof: Proof, origin: &Origin) -> Result<(), VerificationError> {
        let now = self.ports.clock.now();
        let token = match proof {
            Proof::Token(token) => SecretHash::of(&token),
            Proof::Code(email, code) => self.companion(&email, &code, now).await?,
        };
        let user = self.ports.retrying(|| self.believe(&token, now, origin)).await?;
        self.ports.changes.changed(user);
        Ok(())
    }

    async fn believe(
        &self,
        token: &SecretHash,
        now: OffsetDateTime,
        origin: &Origin,
    ) -> Result<UserId, VerificationError> {
        let mut tx = self.ports.store.begin().await?;
        let Pending { user, email, .. } =
            tx.verifications().spend(token, now).await?.ok_or(VerificationError::InvalidProof)?;
        let kind = if tx.users().verify(user, &email).await? {
            EventKind::EmailVerified
        } else {
            self.change(&mut *tx, user, &email).await?;
            EventKind::EmailChanged
        };
        tx.events().append(&Event::new(now, kind, origin).of(user)).await?;
        tx.commit().await?;
        Ok(user)
    }

    /// The hash of the token that was sent beside this code. Counts the try, right or wrong.
    async fn companion(
        &self,
        email: &Email,
        code: &str,
        now: OffsetDateTime,
    ) -> Result<SecretHash, VerificationError> {
        let tried = self.ports.store.autocommit().verifications().count_try(email, now, TRIES).await?;
        let found = tried.iter().find(|pending| self.codes.verify(&pending.token, code));
        found.map(|pending| pending.token).ok_or(VerificationError::InvalidProof)
    }

    async fn change(
        &self,
        tx: &mut (impl Transaction + ?Sized),
        user: UserId,
        email: &Email,
    ) -> Result<(), VerificationError> {
        let old = tx.users().find(user).await?.ok_or(VerificationError::InvalidProof)?;
        let changed = tx.users().change_email(user, email).await.map_err(UserError::on_insert)?;
        if !changed {
            return Err(VerificationError::InvalidProof);
        }
        tx.recoveries().forget_of(user).await?;
        let notice = self.postbox.letters.email_changed(email)?;
        self.postbox.post(tx, &self.ports, old.email, notice).await?;
        Ok(())
    }
}
