//! Which second factors an account has.

use keyward_auth::{PasswordHash, SecretHash};

use super::error::FactorError;
use crate::model::factors::Totp;
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
    /// How many unused recovery codes it has.
    pub recovery_codes: u64,
}

impl Standing {
    /// Looks them up.
    pub(crate) async fn of(
        repositories: &mut (impl Repositories + ?Sized),
        user: UserId,
    ) -> Result<Self, StoreError> {
        let totp = repositories.factors().totp(user).await?;
        // They come with a factor, and go with the last one.
        let recovery_codes =
            if totp.is_some() { repositories.factors().recovery_codes(user).await? } else { 0 };
        Ok(Self { totp, recovery_codes })
    }

    /// Whether the account owes a second factor at a login. Recovery codes alone do not count.
    pub fn is_owed(&self) -> bool {
        self.totp.is_some()
    }

    /// What will do as a second factor.
    pub fn methods(&self) -> Vec<Method> {
        let otp = self.totp.is_some().then_some(Method::Otp);
        otp.into_iter().chain((self.recovery_codes > 0).then_some(Method::RecoveryCode)).collect()
    }

    /// A digest of what a login hangs on: with another password or other factors it is another one.
    pub(crate) fn fingerprint(&self, hash: Option<&PasswordHash>) -> SecretHash {
        let since = self.totp.as_ref().map(|totp| totp.since.unix_timestamp_nanos());
        SecretHash::of(&format!("{}\n{since:?}", hash.map_or("", PasswordHash::as_str)))
    }
}

/// Where an account has a second factor, its factors are changed only by a session that has shown one since this factor was
/// enrolled: so that neither a stolen token with the password nor a factor that was removed takes it away.
pub(crate) fn strong_enough(actor: &Actor, standing: &Standing) -> Result<(), FactorError> {
    let Some(totp) = &standing.totp else { return Ok(()) };
    // Tokens carry whole seconds.
    let since = totp.since.unix_timestamp();
    let current = actor.proof.at.is_some_and(|at| at.unix_timestamp() >= since);
    if current && actor.proof.methods.are_strong() { Ok(()) } else { Err(FactorError::TooWeak) }
}
