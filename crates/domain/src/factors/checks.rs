//! Comparing answers with second factors. Every wrong answer is counted, apart from wrong passwords: five are free,
//! then waits begin.

use std::sync::Arc;

use keyward_auth::{MasterSecret, SecretHash, TotpSecret};

use super::answer::{Answer, hash};
use super::assertions::{PasskeyChecks, ShownPasskey};
use super::error::FactorError;
use super::standing::Standing;
use crate::limits::throttle::{Guess, Throttle};
use crate::limits::waits::ThrottleError;
use crate::mail::postbox::Postbox;
use crate::model::events::{Event, EventKind};
use crate::ports::bundle::Ports;
use crate::ports::letters::Reader;
use crate::ports::store::Transaction;
use crate::ports::webauthn::{Unfit, Webauthn};
use crate::values::by::{By, Means};
use crate::values::ids::UserId;
use crate::values::origin::Origin;
use crate::values::proof::Method;

/// What the secrets of authenticator apps are sealed for.
pub(super) const LABEL: &str = "keyward totp secret v1";

/// Compares answers with the second factors of accounts. Every check is rate limited.
#[derive(Clone)]
pub struct FactorChecks {
    pub(super) ports: Ports,
    pub(super) postbox: Postbox,
    throttle: Throttle,
    pub(crate) passkeys: PasskeyChecks,
}

/// An answer that was right when it was compared. It counts once it is [redeemed](FactorChecks::redeem).
#[derive(Clone, Copy)]
pub(crate) struct Checked {
    user: UserId,
    guess: Guess,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    Step(i64),
    RecoveryCode(SecretHash),
    Passkey(ShownPasskey),
}

impl Checked {
    /// The method that was shown.
    pub(crate) fn method(&self) -> Method {
        match self.what {
            What::Step(_) => Method::Otp,
            What::RecoveryCode(_) => Method::RecoveryCode,
            What::Passkey(_) => Method::Passkey,
        }
    }
}

impl FactorChecks {
    /// Checks through these ports, as `throttle` allows.
    pub fn new(ports: Ports, postbox: Postbox, throttle: Throttle) -> Self {
        let passkeys = PasskeyChecks::new(ports.clone(), Arc::clone(&postbox.master), None);
        Self { ports, postbox, throttle, passkeys }
    }

    /// The same, with what checks passkeys; `None` where they are not offered.
    #[must_use]
    pub fn with_passkeys(self, webauthn: Option<Arc<dyn Webauthn>>) -> Self {
        let passkeys = PasskeyChecks::new(self.ports.clone(), Arc::clone(&self.postbox.master), webauthn);
        Self { passkeys, ..self }
    }

    /// What will do as a second factor of the account, at this server.
    pub(crate) fn methods(&self, standing: &Standing) -> Vec<Method> {
        standing.methods(self.passkeys.webauthn().is_ok())
    }

    /// Compares an answer with what the account has.
    ///
    /// # Errors
    /// [`FactorError::WrongCode`] or [`FactorError::InvalidPasskey`], which is counted and recorded;
    /// [`FactorError::Throttled`] after too many.
    pub(crate) async fn check(
        &self,
        user: UserId,
        standing: &Standing,
        answer: &Answer,
        by: &By,
        origin: &Origin,
    ) -> Result<Checked, FactorError> {
        let guess = self.guess(user, answer.method(), by).await?;
        let what = match answer {
            Answer::Otp(code) => standing.totp.as_ref().and_then(|totp| {
                let step = self.step(user, &totp.secret, code)?;
                (step > totp.last_step).then_some(What::Step(step))
            }),
            Answer::RecoveryCode(code) => {
                let hash = hash(user, code);
                let known = standing.is_owed()
                    && self.ports.store.autocommit().factors().has_recovery_code(user, &hash).await?;
                known.then_some(What::RecoveryCode(hash))
            }
            Answer::Passkey(assertion) => {
                let mut passkeys = standing.passkeys.iter();
                if let Some(passkey) = passkeys.find(|passkey| passkey.new.credential == assertion.id) {
                    self.passkeys.shown(assertion, passkey).map(What::Passkey)
                } else {
                    self.passkeys.compare_unknown(assertion);
                    None
                }
            }
        };
        match what {
            Some(what) => Ok(Checked { user, guess, what }),
            None => Err(self.refuse(user, guess, answer.method(), by, origin).await),
        }
    }

    /// The step whose code this is, by a secret of the account. One that was sealed under another master secret has none.
    pub(super) fn step(&self, user: UserId, sealed: &[u8], code: &str) -> Option<i64> {
        let secret = open(&self.postbox.master, user, sealed)?;
        secret.step_of(code, self.ports.clock.now().unix_timestamp())
    }

    /// Counts and records a wrong answer. Returns the error to answer with.
    pub(super) async fn refuse(
        &self,
        user: UserId,
        guess: Guess,
        method: Method,
        by: &By,
        origin: &Origin,
    ) -> FactorError {
        let now = self.ports.clock.now();
        let event =
            Event::new(now, EventKind::FactorFailed, by.clone(), origin).of(user).saying(method.as_str());
        let wait = self.throttle.event(by.clone(), origin).of(user);
        let counted = self
            .ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                self.throttle.wrong(&mut *tx, guess, wait.clone()).await?;
                tx.events().append(&event).await?;
                Ok::<_, ThrottleError>(tx.commit().await?)
            })
            .await;
        match (counted, method) {
            (Ok(()), Method::Passkey) => FactorError::InvalidPasskey,
            (Ok(()), _) => FactorError::WrongCode,
            (Err(error), _) => error.into(),
        }
    }

    /// The count that wrong answers of this account belong to, unless they have to wait.
    pub(super) async fn guess(&self, user: UserId, method: Method, by: &By) -> Result<Guess, ThrottleError> {
        let session = match by.via {
            Some(Means::Session(session)) => Some(session),
            _ => None,
        };
        self.throttle.second_factor(user, session, method).await
    }

    /// Uses an answer that was right, in the transaction in which it counts. Returns whether it still was: of any number of
    /// callers with the same code one may use it. If others have used up the limit meanwhile, this one learns nothing. A mail
    /// reports the use of a recovery code.
    pub(crate) async fn redeem(
        &self,
        tx: &mut dyn Transaction,
        checked: &Checked,
        by: &By,
        origin: &Origin,
    ) -> Result<bool, FactorError> {
        self.throttle.right(tx, checked.guess).await?;
        let used = match &checked.what {
            What::Step(step) => tx.factor_changes().use_step(checked.user, *step).await?,
            What::RecoveryCode(code) => tx.factor_changes().use_recovery_code(checked.user, code).await?,
            What::Passkey(shown) => self.passkeys.note_use(&mut *tx, shown, by, origin).await?,
        };
        if used {
            let event = Event::new(self.ports.clock.now(), EventKind::FactorUsed, by.clone(), origin)
                .of(checked.user);
            tx.events().append(&event.saying(checked.method().as_str())).await?;
            if checked.method() == Method::RecoveryCode {
                self.report_recovery(tx, checked.user).await?;
            }
        }
        Ok(used)
    }

    /// Has a mail say that a recovery code was used, and how many are left.
    async fn report_recovery(&self, tx: &mut dyn Transaction, user: UserId) -> Result<(), FactorError> {
        let owner = tx.users().find(user).await?.ok_or(FactorError::CallerGone)?;
        let left = tx.factors().recovery_codes(user).await?;
        let letter = |reader| self.postbox.letters.recovery_code_used(reader, left);
        let notice = Reader::of(&owner).map(letter).transpose()?;
        self.postbox.notify(tx, &self.ports, &owner, notice).await?;
        Ok(())
    }

    /// Whether there are rate limits at all.
    pub(super) fn are_limited(&self) -> bool {
        self.throttle.is_on()
    }

    /// What an answer comes to that could not be [redeemed](Self::redeem): another caller used it first, or a passkey's counter
    /// went back.
    pub(crate) async fn overtaken(&self, checked: &Checked, by: &By, origin: &Origin) -> FactorError {
        if let What::Passkey(shown) = &checked.what {
            let _ = self.passkeys.refused::<()>(Unfit::Overtaken);
            if let Err(error) = self.passkeys.report_copy(shown, by, origin).await {
                return error.into();
            }
        }
        self.refuse(checked.user, checked.guess, checked.method(), by, origin).await
    }

    /// Forgets wrong answers after a right one.
    pub(super) async fn right(&self, tx: &mut dyn Transaction, guess: Guess) -> Result<(), ThrottleError> {
        self.throttle.right(tx, guess).await
    }
}

/// The secret of an authenticator app, opened.
fn open(master: &MasterSecret, user: UserId, sealed: &[u8]) -> Option<TotpSecret> {
    let plain = master.open(LABEL, &user.0.to_be_bytes(), sealed)?;
    Some(TotpSecret::from_bytes(&plain))
}
