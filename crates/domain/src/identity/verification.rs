//! Verifying e-mail addresses: a code and a link by mail, valid for an hour, prove whose an address is. A new address of
//! an account counts only once it is verified.
//!
//! Of the link's token only the hash is stored, and the code not at all: it follows from the token's hash and the master
//! secret. Wrong codes are counted where the code is; they do not affect the link, so guessing cannot invalidate it.

use keyward_auth::{OneTimeCodes, Password, PasswordHash, SecretHash, random_secret};
use time::{Duration, OffsetDateTime};

use super::error::UserError;
use super::proofs::{Proofs, stands};
use super::users::Users;
use super::verification_error::VerificationError;
use crate::limits::waits::wait;
use crate::mail::postbox::Postbox;
use crate::model::attempts::{AttemptKey, Budget};
use crate::model::events::{Event, EventKind};
use crate::model::mail::Letter;
use crate::model::users::{Credentials, User};
use crate::model::verifications::Pending;
use crate::ports::bundle::Ports;
use crate::ports::store::Transaction;
use crate::values::actor::Actor;
use crate::values::email::Email;
use crate::values::ids::UserId;
use crate::values::origin::Origin;

/// How long a code and a link are valid.
const LIFE: Duration = Duration::hours(1);
/// How many wrong codes are accepted for comparison.
const TRIES: u32 = 5;
/// The least time between two mails.
const RESEND: Duration = Duration::minutes(1);
/// How many mails an account gets: four, and from the fifth on a growing wait after each.
const MAILS: Budget =
    Budget { free: 5, first: Duration::minutes(15), cap: Duration::hours(6), forgive: None };
/// How many mails an address gets, over all accounts: accounts cost nothing, and each of their codes can be guessed at.
const MAILS_TO_ONE: Budget = Budget { free: 10, ..MAILS };

/// What came back from the mail.
pub enum Proof {
    /// The code, typed, with the address it was sent to.
    Code(Email, String),
    /// The token of the link.
    Token(String),
}

/// Verifies e-mail addresses.
#[derive(Clone)]
pub struct Verification {
    ports: Ports,
    postbox: Postbox,
    users: Users,
    proofs: Proofs,
    codes: OneTimeCodes,
    base: String,
    required: bool,
}

/// A mail with a code and a link that was worded and not stored yet.
pub(crate) struct Worded {
    token: SecretHash,
    letter: Letter,
}

impl Verification {
    /// The use case over these ports; links begin with `base`, this service's public address. Where verification is
    /// `required`, nobody logs in before.
    pub fn new(ports: Ports, postbox: Postbox, proofs: Proofs, base: &str, required: bool) -> Self {
        let codes = OneTimeCodes::new(&postbox.master);
        let base = base.trim_end_matches('/').to_owned();
        Self { users: Users::new(ports.clone()), ports, postbox, proofs, codes, base, required }
    }

    /// Whether an account logs in only with a verified address.
    pub(crate) fn is_required(&self) -> bool {
        self.required
    }

    /// Sends the actor a code and a link, at most once a minute. Returns the address they were sent to.
    pub async fn request(&self, actor: &Actor) -> Result<Email, VerificationError> {
        let user = self.users.find_own(actor).await?;
        self.request_for(&user).await?;
        Ok(user.email)
    }

    /// Sends an account that is not verified a code and a link, at most once a minute.
    pub async fn request_for(&self, user: &User) -> Result<(), VerificationError> {
        if user.email_verified {
            return Err(VerificationError::AlreadyVerified);
        }
        self.send(user.id, &user.email, None).await.map(drop)
    }

    /// Sends a code and a link to the new address of the actor's account, given its password.
    ///
    /// # Errors
    /// An address that has an account is refused here already; the decision is made when the address is verified.
    pub async fn request_change(
        &self,
        actor: &Actor,
        email: Email,
        password: Password,
        origin: &Origin,
    ) -> Result<(), VerificationError> {
        let deed = |proven| self.request_as(proven, &email);
        self.proofs.proving(actor, password, origin, deed).await
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
            None => self.send(user.id, email, Some(&hash)).await,
        }
    }

    /// Sends a code and a link to `email`, if the account still has the hash that was `proven`; `None` if not.
    async fn send(
        &self,
        user: UserId,
        email: &Email,
        proven: Option<&PasswordHash>,
    ) -> Result<Option<()>, VerificationError> {
        let worded = self.word()?;
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                // A change of the password voids what was requested with the old one: so nothing may be stored after it.
                if !stands(&mut *tx, user, proven).await? {
                    return Ok(None);
                }
                self.keep(&mut *tx, user, email, &worded).await?;
                tx.commit().await?;
                Ok(Some(()))
            })
            .await
    }

    /// Words a mail with a new code and link.
    pub(crate) fn word(&self) -> Result<Worded, VerificationError> {
        let token = random_secret(&*self.ports.random);
        let link = format!("{}/verify-email?token={}", self.base, *token);
        let token = SecretHash::of(&token);
        let letter = self.postbox.letters.email_verification(&link, &self.codes.code(&token))?;
        Ok(Worded { token, letter })
    }

    /// Stores the pending verification and its mail, within the limits.
    pub(crate) async fn keep(
        &self,
        tx: &mut (impl Transaction + ?Sized),
        user: UserId,
        email: &Email,
        worded: &Worded,
    ) -> Result<(), VerificationError> {
        let now = self.ports.clock.now();
        let new = Pending { user, email: email.clone(), token: worded.token };
        if !tx.verifications().replace(&new, now, now - RESEND, now + LIFE).await? {
            let kept_at = tx.verifications().kept_at(user).await?.unwrap_or(now);
            return Err(wait(now, kept_at + RESEND).into());
        }
        let of_account = AttemptKey::of("verification", &user.to_string(), None);
        let of_address = AttemptKey::of("verification of", email.as_str(), None);
        for (key, budget) in [(of_account, MAILS), (of_address, MAILS_TO_ONE)] {
            if !tx.attempts().fail(key, now, budget).await? {
                let until = tx.attempts().blocked_until(key, now).await?.unwrap_or(now);
                return Err(wait(now, until).into());
            }
        }
        self.postbox.post(tx, &self.ports, email.clone(), worded.letter.clone()).await?;
        Ok(())
    }

    /// Accepts a proof: the address is verified from now on, and becomes the account's if it is a new one. Then a mail
    /// informs the old one.
    pub async fn confirm(&self, proof: Proof, origin: &Origin) -> Result<(), VerificationError> {
        let now = self.ports.clock.now();
        let token = match proof {
            Proof::Token(token) => SecretHash::of(&token),
            Proof::Code(email, code) => self.companion(&email, &code, now).await?,
        };
        self.ports.retrying(|| self.believe(&token, now, origin)).await
    }

    async fn believe(
        &self,
        token: &SecretHash,
        now: OffsetDateTime,
        origin: &Origin,
    ) -> Result<(), VerificationError> {
        let mut tx = self.ports.store.begin().await?;
        let Pending { user, email, .. } =
            tx.verifications().spend(token, now).await?.ok_or(VerificationError::InvalidProof)?;
        let kind = if tx.user_changes().verify(user, &email).await? {
            EventKind::EmailVerified
        } else {
            self.change(&mut *tx, user, &email).await?;
            EventKind::EmailChanged
        };
        tx.events().append(&Event::new(now, kind, origin).of(user)).await?;
        Ok(tx.commit().await?)
    }

    /// The hash of the token that was sent beside this code. Counts the attempt, correct or not.
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
        let changed = tx.user_changes().change_email(user, email).await.map_err(UserError::on_insert)?;
        if !changed {
            return Err(VerificationError::InvalidProof);
        }
        tx.recoveries().forget_of(user).await?;
        let notice = self.postbox.letters.email_changed(email)?;
        self.postbox.post(tx, &self.ports, old.email, notice).await?;
        Ok(())
    }
}
