//! Recovery codes: what lets an account in when its other second factors are lost. Each is good once; only hashes are stored.

use keyward_auth::{Random, SecretHash, Zeroizing};
use time::Duration;

use super::answer::hash;
use super::checks::FactorChecks;
use super::error::FactorError;
use super::standing::{Standing, strong_enough};
use crate::limits::waits::wait;
use crate::model::attempts::{AttemptKey, Budget};
use crate::model::events::{Event, EventKind};
use crate::model::store_error::StoreError;
use crate::ports::letters::Reader;
use crate::ports::store::Transaction;
use crate::values::actor::Actor;
use crate::values::ids::UserId;
use crate::values::origin::Origin;

/// How many an account gets.
const CODES: usize = 10;
/// 80 bits.
const DIGITS: usize = 16;
/// Crockford's base32: no letter that looks like a digit.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// How often an account renews them: five times, and from then on with a growing wait after each.
const RENEWALS: Budget = Budget {
    free: 5,
    first: Duration::minutes(15),
    cap: Duration::hours(6),
    forgive: Some(Duration::hours(6)),
};

/// New recovery codes, as they are shown, once. It has no `Debug`.
pub struct RecoveryCodes(Vec<Zeroizing<String>>);

impl RecoveryCodes {
    /// Ten new ones.
    pub(super) fn generate(random: &dyn Random) -> Self {
        Self((0..CODES).map(|_| code(random)).collect())
    }

    /// The codes, each in four groups of four.
    pub fn shown(&self) -> Vec<String> {
        let grouped = |code: &str| format!("{}-{}-{}-{}", &code[..4], &code[4..8], &code[8..12], &code[12..]);
        self.0.iter().map(|code| grouped(code)).collect()
    }

    /// Stores their hashes, in place of earlier ones.
    pub(super) async fn store(&self, tx: &mut dyn Transaction, user: UserId) -> Result<(), StoreError> {
        let hashes: Vec<SecretHash> = self.0.iter().map(|code| hash(user, code)).collect();
        tx.factor_changes().replace_recovery_codes(user, &hashes).await
    }
}

fn code(random: &dyn Random) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0; DIGITS]);
    random.fill(&mut *bytes);
    // 256 is a multiple of 32: every digit is equally likely.
    Zeroizing::new(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect())
}

/// Replaces recovery codes.
#[derive(Clone)]
pub struct RenewRecoveryCodes {
    checks: FactorChecks,
}

impl RenewRecoveryCodes {
    /// The use case over the same ports as `checks`.
    pub fn new(checks: FactorChecks) -> Self {
        Self { checks }
    }

    /// Gives the actor's account ten new codes; those before are void. A mail reports it.
    ///
    /// # Errors
    /// [`FactorError::NoFactor`] where the account has none that could be lost; [`FactorError::TooWeak`] where the actor did
    /// not show one; [`FactorError::Throttled`] after too many renewals.
    pub async fn renew(&self, actor: &Actor, origin: &Origin) -> Result<RecoveryCodes, FactorError> {
        let ports = &self.checks.ports;
        let codes = RecoveryCodes::generate(&*ports.random);
        let now = ports.clock.now();
        ports
            .retrying(|| async {
                let mut tx = ports.store.begin().await?;
                let held = tx.user_changes().hold(actor.who).await?;
                let held = held.filter(|user| !user.disabled).ok_or(FactorError::CallerGone)?;
                let standing = Standing::of(&mut *tx, actor.who).await?;
                if !standing.is_owed() {
                    return Err(FactorError::NoFactor);
                }
                strong_enough(actor, &standing)?;
                // Codes outlive the session: one that ended meanwhile leaves none behind.
                let session = actor.session().ok_or(FactorError::CallerGone)?;
                tx.sessions().live(session).await?.ok_or(FactorError::CallerGone)?;
                let renewals = AttemptKey::of("recovery codes", &actor.who.to_string(), None);
                if self.checks.are_limited() && !tx.attempts().fail(renewals, now, RENEWALS).await? {
                    let until = tx.attempts().blocked_until(renewals, now).await?;
                    return Err(wait(now, until.unwrap_or(now)).into());
                }
                codes.store(&mut *tx, actor.who).await?;
                let postbox = &self.checks.postbox;
                let letter = |reader| postbox.letters.recovery_codes_made(reader);
                let notice = Reader::of(&held).map(letter).transpose()?;
                postbox.notify(&mut *tx, ports, &held, notice).await?;
                let event = Event::new(now, EventKind::RecoveryCodesMade, actor, origin);
                tx.events().append(&event.of(actor.who).in_session(actor.session())).await?;
                Ok(tx.commit().await?)
            })
            .await?;
        Ok(codes)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use keyward_auth::SystemRandom;

    use super::super::answer::normalized;
    use super::*;

    #[test]
    fn ten_codes_are_ten_and_are_read_as_they_are_shown() {
        let codes = RecoveryCodes::generate(&SystemRandom);
        let shown = codes.shown();
        assert_eq!(shown.iter().collect::<HashSet<_>>().len(), CODES);
        for (shown, code) in shown.iter().zip(&codes.0) {
            assert_eq!(shown.len(), DIGITS + 3);
            assert_eq!(normalized(shown), *code);
            assert_eq!(normalized(&shown.to_uppercase()), *code);
        }
    }
}
