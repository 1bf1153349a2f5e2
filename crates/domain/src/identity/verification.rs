//! Verifying e-mail addresses: a code and a link by mail, valid for an hour, prove whose an address is. A new address of
//! an account counts only once it is verified.
//!
//! Of the link's token only the hash is stored, and the code not at all: it follows from the token's hash and the master
//! secret. Wrong codes are counted where the code is; they do not affect the link, so guessing cannot invalidate it.

use keyward_auth::{OneTimeCodes, SecretHash, Zeroizing};
use time::{Duration, OffsetDateTime};

use super::counting::count;
use super::error::UserError;
use super::link_token::link_token;
use super::proofs::{AskedPassword, Proofs, stands};
use super::users::Users;
use super::verification_error::VerificationError;
use crate::limits::budgets::Deed;
use crate::limits::throttle::Throttle;
use crate::limits::waits::wait;
use crate::mail::postbox::Postbox;
use crate::model::attempts::{AttemptKey, Budget};
use crate::model::events::{Event, EventKind};
use crate::model::mail::Lane;
use crate::model::store_error::StoreError;
use crate::model::users::{Credentials, User};
use crate::model::verifications::{Pending, Purpose};
use crate::ports::bundle::Ports;
use crate::ports::letters::Reader;
use crate::ports::store::Transaction;
use crate::values::actor::Actor;
use crate::values::by::{By, Means};
use crate::values::email::Email;
use crate::values::ids::{MailId, UserId};
use crate::values::names::{LoginName, Names};
use crate::values::origin::Origin;

/// How long a code and a link are valid.
const LIFE: Duration = Duration::hours(1);
/// How many wrong codes are accepted for comparison.
const TRIES: u32 = 5;
/// The least time between two mails.
const RESEND: Duration = Duration::minutes(1);
/// How many mails an account gets: four, and from the fifth on a growing wait after each.
pub(super) const MAILS: Budget =
    Budget { free: 5, first: Duration::minutes(15), cap: Duration::hours(6), forgive: None };
/// How many mails an address gets, over all accounts: accounts cost nothing, and each of their codes can be guessed at. The
/// mails that accounts of this address ask for have a count of their own, which other accounts do not use up.
const MAILS_TO_ONE: Budget = Budget { free: 10, ..MAILS };
/// How many changes of its address an account may ask for: each answer says whether an address has an account.
const CHANGES: Budget = Budget { free: 10, ..MAILS };

/// What came back from the mail.
pub enum Proof {
    /// The code, typed, with the address it was sent to.
    Code(Email, String),
    /// The token of the link.
    Token(String),
}

#[derive(Clone)]
pub struct Verification {
    ports: Ports,
    postbox: Postbox,
    users: Users,
    proofs: Proofs,
    throttle: Throttle,
    codes: OneTimeCodes,
    required: bool,
}

impl Verification {
    /// The use case over these ports. Where verification is
    /// `required`, no account logs in before. `throttle` limits requests and wrong proofs per IP address.
    pub fn new(ports: Ports, postbox: Postbox, proofs: Proofs, throttle: Throttle, required: bool) -> Self {
        let codes = OneTimeCodes::new(&postbox.master);
        Self { users: Users::new(ports.clone()), ports, postbox, proofs, throttle, codes, required }
    }

    /// Whether an account logs in only with a verified address.
    pub(crate) fn is_required(&self) -> bool {
        self.required
    }

    /// Sends the actor a code and a link, at most once a minute. Returns the address they were sent to.
    pub async fn request(&self, actor: &Actor, origin: &Origin) -> Result<Email, VerificationError> {
        self.throttle.spend(Deed::Mail, origin).await?;
        Ok(self.send(actor.who, None, None).await?.ok_or(UserError::CallerGone)?)
    }

    /// Sends an account that is not verified a code and a link, at most once a minute.
    pub async fn request_for(&self, user: &User) -> Result<(), VerificationError> {
        self.send(user.id, None, None).await.map(drop)
    }

    /// Sends a code and a link to the new address of the actor's account, given its password.
    ///
    /// # Errors
    /// An address that has an account is refused here already; the decision is made when the address is verified.
    pub async fn request_change(
        &self,
        actor: &Actor,
        email: Email,
        password: AskedPassword,
        origin: &Origin,
    ) -> Result<(), VerificationError> {
        self.throttle.spend(Deed::Mail, origin).await?;
        let deed = |proven| self.request_as(proven, &email);
        self.proofs.proving(actor, password, origin, deed).await
    }

    async fn request_as(&self, proven: Credentials, email: &Email) -> Result<Option<()>, VerificationError> {
        let user = &proven.user;
        let now = self.ports.clock.now();
        let asked = AttemptKey::of("address changes", &user.id.to_string(), None);
        let mut repositories = self.ports.store.autocommit();
        count(&mut *repositories, asked, now, CHANGES, VerificationError::Throttled).await?;
        match self.users.find_by_name(&LoginName::Email(email.clone())).await? {
            Some(found) if found.id != user.id => Err(UserError::EmailTaken.into()),
            _ => Ok(self.send(user.id, Some(email), Some(&proven)).await?.map(drop)),
        }
    }

    /// Sends a code and a link to the `new` address, or to the one the account has, if the account still has the hash that was
    /// `proven`; `None` if not. Returns the address. What the account is at this moment, the transaction itself looks up:
    /// otherwise a change that is proven meanwhile could be asked to be undone.
    async fn send(
        &self,
        user: UserId,
        new: Option<&Email>,
        proven: Option<&Credentials>,
    ) -> Result<Option<Email>, VerificationError> {
        let secret = self.secret();
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                let held = tx.user_changes().hold(user).await?.ok_or(UserError::CallerGone)?;
                // A change of the password voids what was requested with the old one: so nothing may be stored after it.
                if !stands(&mut *tx, user, proven).await? {
                    return Ok(None);
                }
                let own = held.names.email();
                let (email, purpose) = match (new.filter(|new| own != Some(*new)), own) {
                    (Some(new), _) => (new.clone(), Purpose::Change),
                    (None, None) => return Err(VerificationError::NoEmail),
                    (None, Some(_)) if held.email_verified => {
                        return Err(VerificationError::AlreadyVerified);
                    }
                    (None, Some(own)) => (own.clone(), Purpose::Verify),
                };
                let reader = Reader::at(&email, &held);
                self.keep(&mut *tx, user, reader, purpose, &secret).await?;
                tx.commit().await?;
                Ok(Some(email))
            })
            .await
    }

    /// A new token; the code follows from it.
    pub(crate) fn secret(&self) -> Zeroizing<String> {
        link_token(&*self.ports.random)
    }

    /// Stores the pending verification and its mail, within the limits.
    pub(crate) async fn keep(
        &self,
        tx: &mut (impl Transaction + ?Sized),
        user: UserId,
        reader: Reader<'_>,
        purpose: Purpose,
        secret: &str,
    ) -> Result<(), VerificationError> {
        let (now, email) = (self.ports.clock.now(), reader.email);
        let new = Pending { user, purpose, email: email.clone(), token: SecretHash::of(secret) };
        if !tx.verifications().replace(&new, now, now - RESEND, now + LIFE).await? {
            let kept_at = tx.verifications().kept_at(user, purpose).await?.unwrap_or(now);
            return Err(VerificationError::JustSent(wait(now, kept_at + RESEND)));
        }
        let of_account = AttemptKey::of("verification", &user.to_string(), None);
        let of_address = match purpose {
            Purpose::Verify => AttemptKey::of("own verification of", email.as_str(), None),
            Purpose::Change => AttemptKey::of("verification of", email.as_str(), None),
        };
        for (key, budget) in [(of_account, MAILS), (of_address, MAILS_TO_ONE)] {
            count(tx, key, now, budget, VerificationError::TooManyMails).await?;
        }
        self.post(tx, reader, purpose, secret).await.map(drop)
    }

    /// Stores the pending verification in place of an older one; `false` if that is less than a minute old.
    pub(super) async fn replace(&self, tx: &mut dyn Transaction, new: &Pending) -> Result<bool, StoreError> {
        let now = self.ports.clock.now();
        tx.verifications().replace(new, now, now - RESEND, now + LIFE).await
    }

    /// Writes the mail with the code and the link.
    pub(super) async fn post(
        &self,
        tx: &mut (impl Transaction + ?Sized),
        reader: Reader<'_>,
        purpose: Purpose,
        secret: &str,
    ) -> Result<MailId, VerificationError> {
        let (letters, code) = (&self.postbox.letters, self.codes.code(&SecretHash::of(secret)));
        let letter = match purpose {
            Purpose::Verify => letters.email_verification(reader, secret, &code)?,
            Purpose::Change => letters.email_change(reader, secret, &code)?,
        };
        Ok(self.postbox.post(tx, &self.ports, Lane::Code, reader.email.clone(), letter).await?)
    }

    /// The address that a link's token proves, if the token is good now. Nothing is spent.
    pub async fn proves(&self, token: &str) -> Result<Option<Email>, StoreError> {
        let (mut store, now) = (self.ports.store.autocommit(), self.ports.clock.now());
        Ok(store.verifications().find(&SecretHash::of(token), now).await?.map(|pending| pending.email))
    }

    /// Accepts a proof: the address is verified from now on, and becomes the account's if it is a new one. Then a mail
    /// informs the old one.
    pub async fn confirm(&self, proof: Proof, origin: &Origin) -> Result<(), VerificationError> {
        let now = self.ports.clock.now();
        let token = match proof {
            Proof::Token(token) => Some(SecretHash::of(&token)),
            Proof::Code(email, code) => {
                // A link cannot be guessed; a code is not even compared while the IP address has to wait.
                self.throttle.check_address(Deed::Verify, origin).await?;
                self.companion(&email, &code, now).await?
            }
        };
        let found = match token {
            Some(token) => self.ports.store.autocommit().verifications().find(&token, now).await?,
            None => None,
        };
        let Some(pending) = found else {
            self.throttle.spend(Deed::Verify, origin).await?;
            return Err(VerificationError::InvalidProof);
        };
        self.ports.retrying(|| self.believe(&pending, now, origin)).await
    }

    async fn believe(
        &self,
        pending: &Pending,
        now: OffsetDateTime,
        origin: &Origin,
    ) -> Result<(), VerificationError> {
        let mut tx = self.ports.store.begin().await?;
        let user = pending.user;
        // The account first, as where a mail is asked for: neither waits for the other in a ring.
        let held = tx.user_changes().hold(user).await?.ok_or(VerificationError::InvalidProof)?;
        let Pending { purpose, email, .. } =
            tx.verifications().spend(&pending.token, now).await?.ok_or(VerificationError::InvalidProof)?;
        let kind = match purpose {
            // An account that has got this address otherwise has it verified by this as well.
            _ if held.names.email() == Some(&email) => {
                if !tx.user_changes().verify(user, &email).await? {
                    return Err(VerificationError::InvalidProof);
                }
                EventKind::EmailVerified
            }
            Purpose::Verify => return Err(VerificationError::InvalidProof),
            Purpose::Change => {
                self.change(&mut *tx, held, &email).await?;
                EventKind::EmailChanged
            }
        };
        tx.events().append(&Event::new(now, kind, By::user(user, Means::Mail), origin).of(user)).await?;
        Ok(tx.commit().await?)
    }

    /// The hash of the token that was sent beside this code, if one was. Counts the attempt, correct or not.
    async fn companion(
        &self,
        email: &Email,
        code: &str,
        now: OffsetDateTime,
    ) -> Result<Option<SecretHash>, VerificationError> {
        let tried = self.ports.store.autocommit().verifications().count_try(email, now, TRIES).await?;
        let found = tried.iter().find(|pending| self.codes.verify(&pending.token, code));
        Ok(found.map(|pending| pending.token))
    }

    async fn change(
        &self,
        tx: &mut (impl Transaction + ?Sized),
        old: User,
        email: &Email,
    ) -> Result<(), VerificationError> {
        let changed = tx.user_changes().change_email(old.id, email).await;
        let names = Names::from(email.clone());
        if !changed.map_err(|error| UserError::on_insert(&names, error))? {
            return Err(VerificationError::InvalidProof);
        }
        tx.recoveries().forget_of(old.id).await?;
        let letter = |_| self.postbox.letters.email_changed(Reader::at(email, &old));
        let notice = old.names.email().map(letter).transpose()?;
        self.postbox.notify(tx, &self.ports, &old, notice).await?;
        Ok(())
    }
}
