//! Which second factors an account has.

use std::fmt::Write as _;

use keyward_auth::{PasswordHash, SecretHash};
use time::OffsetDateTime;

use super::error::FactorError;
use crate::model::factors::{Factors, Totp};
use crate::model::passkeys::{MOST_PASSKEYS, Passkey};
use crate::model::store_error::StoreError;
use crate::ports::store::Repositories;
use crate::values::actor::Actor;
use crate::values::ids::UserId;
use crate::values::proof::Method;

/// The second factors of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Its authenticator app.
    pub totp: Option<Totp>,
    /// Its passkeys, by ascending id.
    pub passkeys: Vec<Passkey>,
    /// Number of unused recovery codes; 0 if the account has no other second factor.
    pub recovery_codes: u64,
}

impl Standing {
    /// Looks them up.
    pub(crate) async fn of(
        repositories: &mut (impl Repositories + ?Sized),
        user: UserId,
    ) -> Result<Self, StoreError> {
        let Factors { totp, passkeys, recovery_codes } = repositories.factors().of_user(user).await?;
        let passkeys = if passkeys {
            repositories.passkeys().of_user(user, MOST_PASSKEYS as u64).await?
        } else {
            Vec::new()
        };
        let has_factor = totp.is_some() || !passkeys.is_empty();
        let recovery_codes = if has_factor { recovery_codes } else { 0 };
        Ok(Self { totp, passkeys, recovery_codes })
    }

    /// Whether the account owes a second factor at a login. Recovery codes alone do not count.
    pub fn is_owed(&self) -> bool {
        self.totp.is_some() || !self.passkeys.is_empty()
    }

    /// What will do as a second factor; `passkeys` says whether this server offers passkeys.
    pub(super) fn methods(&self, passkeys: bool) -> Vec<Method> {
        let has = [
            (self.totp.is_some(), Method::Otp),
            (passkeys && !self.passkeys.is_empty(), Method::Passkey),
            (self.recovery_codes > 0, Method::RecoveryCode),
        ];
        has.into_iter().filter_map(|(has, method)| has.then_some(method)).collect()
    }

    /// A digest of what a login hangs on: with another password or other factors it is another one.
    pub(crate) fn fingerprint(&self, hash: Option<&PasswordHash>) -> SecretHash {
        let since = self.totp.as_ref().map(|totp| totp.since.unix_timestamp_nanos());
        let mut text = format!("{}\n{since:?}", hash.map_or("", PasswordHash::as_str));
        for passkey in &self.passkeys {
            // Writing to a `String` does not fail.
            let _ = write!(text, "\n{}", passkey.id);
        }
        SecretHash::of(&text)
    }

    /// When the newest of them was enrolled.
    pub fn since(&self) -> Option<OffsetDateTime> {
        let totp = self.totp.as_ref().map(|totp| totp.since);
        self.passkeys.iter().map(|passkey| passkey.new.created_at).chain(totp).max()
    }
}

/// Where an account has a second factor, its factors are changed only by a session that has shown one since the newest of them
/// was enrolled: so that neither a stolen token with the password nor a factor that was replaced takes it away.
pub(crate) fn strong_enough(actor: &Actor, standing: &Standing) -> Result<(), FactorError> {
    let Some(since) = standing.since() else { return Ok(()) };
    // Tokens carry whole seconds.
    let since = since.unix_timestamp();
    let current = actor.proof.at.is_some_and(|at| at.unix_timestamp() >= since);
    if current && actor.proof.methods.are_strong() { Ok(()) } else { Err(FactorError::TooWeak) }
}
