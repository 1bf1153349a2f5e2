//! Logging in with a passkey, which names the account: no user name is asked, and no password.

use super::error::SessionError;
use super::opening::{Opening, Tokens, owner};
use super::verified::require_verified;
use crate::factors::assertions::AssertionRequest;
use crate::factors::checks::FactorChecks;
use crate::factors::error::FactorError;
use crate::identity::verification::Verification;
use crate::limits::budgets::Deed;
use crate::limits::throttle::Throttle;
use crate::model::events::{Event, EventKind};
use crate::ports::webauthn::{Assertion, Unfit};
use crate::values::by::By;
use crate::values::ids::UserId;
use crate::values::origin::Origin;
use crate::values::proof::Method;

/// Logs in with passkeys. A passkey that verified its user is two factors by itself.
#[derive(Clone)]
pub struct LogInWithPasskey {
    opening: Opening,
    checks: FactorChecks,
    throttle: Throttle,
    verification: Verification,
}

impl LogInWithPasskey {
    /// The use case; `throttle` limits wrong answers per IP address, and `verification` decides whether an e-mail address has to
    /// be verified first.
    pub fn new(
        opening: Opening,
        checks: FactorChecks,
        throttle: Throttle,
        verification: Verification,
    ) -> Self {
        Self { opening, checks, throttle, verification }
    }

    /// A request for a passkey. The answer serves a login, a second factor and a further proof alike.
    ///
    /// # Errors
    /// [`FactorError::NoPasskeys`].
    pub fn begin(&self) -> Result<AssertionRequest, FactorError> {
        self.checks.passkeys.request()
    }

    /// Opens a session for the account that the passkey belongs to.
    ///
    /// # Errors
    /// [`SessionError::InvalidPasskey`] for anything that is not right about it, which is counted per IP address, and
    /// [`SessionError::Throttled`] in place of it after too many: a passkey cannot be guessed, so a right one never waits;
    /// [`SessionError::EmailUnverified`] where the address has to be verified first.
    pub async fn log_in(&self, assertion: &Assertion, origin: &Origin) -> Result<Tokens, SessionError> {
        let ports = &self.opening.ports;
        let mut repositories = ports.store.autocommit();
        let Some(passkey) = repositories.passkeys().of_credential(&assertion.id).await? else {
            // As long as one that is known: no id is negative.
            repositories.users().find(UserId(-1)).await?;
            self.checks.passkeys.compare_unknown(assertion);
            return Err(self.refuse(None, origin).await);
        };
        let user = passkey.new.user;
        let found = repositories.users().find(user).await?.filter(|user| !user.disabled);
        let shown = self.checks.passkeys.shown(assertion, &passkey);
        let found = match (&assertion.user_handle, found) {
            // Nothing else names the account, so the authenticator has to.
            (None, _) => self.checks.passkeys.refused(Unfit::NoUserHandle),
            (Some(_), None) => self.checks.passkeys.refused(Unfit::NoAccount),
            (Some(_), found) => found,
        };
        let (Some(found), Some(shown)) = (found, shown) else {
            return Err(self.refuse(Some(user), origin).await);
        };
        require_verified(&self.verification, &found).await?;
        let scope = self.opening.grants().of(found.role).clone();
        let session = self.opening.open(user, scope, None, &[Method::Passkey], origin);
        let by = owner(&session);
        let opened = ports
            .retrying(|| async {
                let mut tx = ports.store.begin().await?;
                // From here on the account keeps its passkeys, its role and its right to log in.
                let held = tx.user_changes().hold(user).await?;
                let stands = held.is_some_and(|held| !held.disabled && held.role == found.role);
                if !stands || !self.checks.passkeys.note_use(&mut *tx, &shown, &by, origin).await? {
                    return Ok(None);
                }
                let event = Event::new(session.created_at, EventKind::FactorUsed, by.clone(), origin);
                tx.events().append(&event.of(user).saying(Method::Passkey.as_str())).await?;
                self.opening.store(&mut *tx, &session, origin).await?;
                let tokens = self.opening.tokens(&session, session.scope.clone(), None)?;
                tx.commit().await?;
                Ok::<_, SessionError>(Some(tokens))
            })
            .await?;
        if let Some(tokens) = opened {
            return Ok(tokens);
        }
        let _ = self.checks.passkeys.refused::<()>(Unfit::Overtaken);
        self.checks.passkeys.report_copy(&shown, &By::UNKNOWN, origin).await?;
        Err(self.refuse(Some(user), origin).await)
    }

    /// Counts and records a wrong answer. Returns the error to answer with.
    async fn refuse(&self, user: Option<UserId>, origin: &Origin) -> SessionError {
        let ports = &self.opening.ports;
        if let Err(error) = self.throttle.spend(Deed::Passkey, origin).await {
            return error.into();
        }
        let mut event = Event::new(ports.clock.now(), EventKind::LoginFailed, By::UNKNOWN, origin);
        event.user = user;
        let event = event.saying(Method::Passkey.as_str());
        match ports.store.autocommit().events().append(&event).await {
            Ok(()) => SessionError::InvalidPasskey,
            Err(error) => error.into(),
        }
    }
}
