//! What a registration of a passkey asks for, and what comes of it.

use time::OffsetDateTime;

use super::error::FactorError;
use super::recovery_codes::RecoveryCodes;
use super::standing::Standing;
use crate::model::passkeys::{MOST_PASSKEYS, NewPasskey, Passkey, PasskeyName};
use crate::model::store_error::StoreError;
use crate::model::users::User;
use crate::ports::store::Transaction;
use crate::ports::webauthn::{Attestation, Registered};
use crate::values::ids::UserId;
use crate::values::relying_party::RelyingParty;

/// What an authenticator is to make.
#[derive(Clone, Debug)]
pub struct RegistrationRequest {
    /// What the answer has to repeat. Good once, for five minutes, for this account.
    pub challenge: Vec<u8>,
    /// Whom the passkey is for.
    pub party: RelyingParty,
    /// The user handle: the same for all passkeys of an account. It says nothing about the account.
    pub handle: Vec<u8>,
    /// The account.
    pub user: User,
    /// The COSE algorithms that it may have, the preferred first.
    pub algorithms: Vec<i32>,
    /// The passkeys that the account has.
    pub existing: Vec<Passkey>,
}

/// A passkey that was registered.
pub struct RegisteredPasskey {
    /// The passkey.
    pub passkey: Passkey,
    /// Recovery codes, where it is the account's first second factor.
    pub codes: Option<RecoveryCodes>,
}

/// Refuses one more passkey where the account has as many as it may have.
pub(super) fn has_room(standing: &Standing) -> Result<(), FactorError> {
    let full = standing.passkeys.len() >= MOST_PASSKEYS;
    if full { Err(FactorError::TooManyPasskeys) } else { Ok(()) }
}

/// Stores a passkey that was checked.
pub(super) async fn store(
    tx: &mut dyn Transaction,
    user: UserId,
    handle: Vec<u8>,
    registered: &Registered,
    attestation: &Attestation,
    name: &PasskeyName,
    now: OffsetDateTime,
) -> Result<Passkey, FactorError> {
    let Registered { credential, key, counter, backup_eligible } = registered.clone();
    let transports = attestation.transports.clone();
    let name = name.clone();
    let new = NewPasskey {
        user,
        credential,
        handle,
        key,
        counter,
        backup_eligible,
        transports,
        name,
        created_at: now,
    };
    tx.passkey_changes().insert(&new).await.map_err(|error| match error {
        StoreError::Taken => FactorError::PasskeyTaken,
        StoreError::Dangling => FactorError::CallerGone,
        other => other.into(),
    })
}
