//! Enrolling an authenticator app: it gets a secret, and counts once it has shown a code of it.

use keyward_auth::{TotpSecret, Zeroizing};
use time::Duration;

use super::checks::{FactorChecks, LABEL};
use super::error::FactorError;
use super::recovery_codes::RecoveryCodes;
use super::shown::note_shown;
use super::standing::{Standing, strong_enough};
use crate::model::events::{Event, EventKind};
use crate::model::factors::TotpOffer;
use crate::model::store_error::StoreError;
use crate::ports::letters::Reader;
use crate::values::actor::Actor;
use crate::values::origin::Origin;
use crate::values::proof::Method;

/// How long an enrolment may take.
const LIFE: Duration = Duration::minutes(30);

/// A secret for an authenticator app. It has no `Debug`.
pub struct Enrolment {
    /// In base32, to be typed.
    pub secret: Zeroizing<String>,
    /// To be shown as a QR code.
    pub uri: Zeroizing<String>,
}

/// Enrols authenticator apps.
#[derive(Clone)]
pub struct EnrolTotp {
    checks: FactorChecks,
    issuer: String,
}

impl EnrolTotp {
    /// The use case over the same ports as `checks`; apps show the name `issuer`.
    pub fn new(checks: FactorChecks, issuer: &str) -> Self {
        Self { checks, issuer: issuer.to_owned() }
    }

    /// Begins an enrolment; an earlier one that was not confirmed is void. An app that counts goes on doing so until the new
    /// one has shown a code.
    ///
    /// # Errors
    /// [`FactorError::TooWeak`] where the account has a second factor and the actor did not show it.
    pub async fn begin(&self, actor: &Actor) -> Result<Enrolment, FactorError> {
        let ports = &self.checks.ports;
        let mut repositories = ports.store.autocommit();
        let user = repositories.users().find(actor.who).await?.ok_or(FactorError::CallerGone)?;
        strong_enough(actor, &Standing::of(&mut *repositories, actor.who).await?)?;
        let secret = TotpSecret::generate(&*ports.random);
        let context = actor.who.0.to_be_bytes();
        let sealed = self.checks.postbox.master.seal(LABEL, &context, secret.expose(), &*ports.random);
        let offer = TotpOffer { user: actor.who, secret: sealed, expires_at: ports.clock.now() + LIFE };
        repositories.factors().offer_totp(&offer).await.map_err(|error| match error {
            StoreError::Dangling => FactorError::CallerGone,
            other => other.into(),
        })?;
        Ok(Enrolment { secret: secret.base32(), uri: secret.uri(&self.issuer, user.names.primary()) })
    }

    /// Confirms an enrolment by a code of the app, which is used by that. The account gets recovery codes, and its owner a
    /// mail. Other sessions go on: they began with what was enough at their time.
    ///
    /// # Errors
    /// [`FactorError::WrongCode`], which is counted; [`FactorError::NoEnrolment`] without a pending enrolment, or after it expired.
    pub async fn confirm(
        &self,
        actor: &Actor,
        code: &str,
        origin: &Origin,
    ) -> Result<RecoveryCodes, FactorError> {
        let (checks, user) = (&self.checks, actor.who);
        let ports = &checks.ports;
        let guess = checks.guess(user, Method::Otp, &actor.into()).await?;
        let offer = ports.store.autocommit().factors().totp_offer(user, ports.clock.now()).await?;
        let offer = offer.ok_or(FactorError::NoEnrolment)?;
        let Some(step) = checks.step(user, &offer.secret, code) else {
            return Err(checks.refuse(user, guess, Method::Otp, &actor.into(), origin).await);
        };
        let codes = RecoveryCodes::generate(&*ports.random);
        ports
            .retrying(|| async {
                let mut tx = ports.store.begin().await?;
                let held = tx.user_changes().hold(user).await?;
                let held = held.filter(|user| !user.disabled).ok_or(FactorError::CallerGone)?;
                let now = ports.clock.now();
                strong_enough(actor, &Standing::of(&mut *tx, user).await?)?;
                checks.right(&mut *tx, guess).await?;
                if !tx.factor_changes().accept_totp(&offer, step, now).await? {
                    return Err(FactorError::NoEnrolment);
                }
                tx.passkey_changes().void_challenges(user, now).await?;
                codes.store(&mut *tx, user).await?;
                // The code was shown in this session: its next token says so.
                note_shown(&mut *tx, actor, Method::Otp, now).await?;
                let event = Event::new(now, EventKind::FactorAdded, actor, origin).of(user);
                tx.events().append(&event.in_session(actor.session()).saying("totp")).await?;
                let letter = |reader| checks.postbox.letters.factor_added(reader, APP);
                let notice = Reader::of(&held).map(letter).transpose()?;
                checks.postbox.notify(&mut *tx, ports, &held, notice).await?;
                Ok(tx.commit().await?)
            })
            .await?;
        Ok(codes)
    }
}

/// What mails call an authenticator app.
pub(super) const APP: &str = "an authenticator app";
