//! The WebAuthn port: checks what authenticators answer (W3C Web Authentication, level 3, section 7). Pure: it knows no
//! account and no row.

use crate::model::passkeys::CredentialKey;
use crate::values::relying_party::RelyingParty;

/// The answer to a registration, its binary fields decoded.
#[derive(Clone, Debug)]
pub struct Attestation {
    /// The credential id that the browser reports.
    pub id: Vec<u8>,
    /// What the browser says of the ceremony, in JSON.
    pub client_data: Vec<u8>,
    /// What the authenticator made, in CBOR.
    pub attestation_object: Vec<u8>,
    /// How the browser reaches the authenticator.
    pub transports: Vec<String>,
}

/// The answer to a request for a passkey, its binary fields decoded.
#[derive(Clone, Debug)]
pub struct Assertion {
    /// The credential id.
    pub id: Vec<u8>,
    /// What the browser says of the ceremony, in JSON.
    pub client_data: Vec<u8>,
    /// What the authenticator says of it.
    pub authenticator_data: Vec<u8>,
    /// The signature over both.
    pub signature: Vec<u8>,
    /// The user handle that the authenticator keeps with the passkey.
    pub user_handle: Option<Vec<u8>>,
}

/// A new credential that was sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// Its id.
    pub credential: Vec<u8>,
    /// Its public key.
    pub key: CredentialKey,
    /// Its signature counter.
    pub counter: u32,
    /// Whether it may be synced between devices.
    pub backup_eligible: bool,
}

/// What an assertion says whose signature was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asserted {
    /// The signature counter.
    pub counter: u32,
    /// Whether the passkey may be synced between devices.
    pub backup_eligible: bool,
}

/// Why an answer of an authenticator is refused, in words for a log, which implementations write: callers learn only that it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unsound(pub String);

/// Why an answer is refused that the port had nothing against, or was not asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// No passkey has this credential id.
    UnknownPasskey,
    /// Nothing names the account.
    NoUserHandle,
    /// The user handle is another account's.
    OtherUserHandle,
    /// The account is disabled or deleted.
    NoAccount,
    /// The challenge is not one of this server's, is of another ceremony, or has expired.
    Challenge,
    /// The challenge was made for another account.
    OtherAccount,
    /// The passkey may be synced by now, or may not any more: that never changes.
    BackupEligibility,
    /// The challenge was used, or is void since the account changed; or the passkey was removed; or its counter went back.
    Overtaken,
}

impl Unfit {
    /// Its name, for a log.
    pub fn code(self) -> &'static str {
        match self {
            Self::UnknownPasskey => "unknown_passkey",
            Self::NoUserHandle => "no_user_handle",
            Self::OtherUserHandle => "other_user_handle",
            Self::NoAccount => "no_account",
            Self::Challenge => "challenge",
            Self::OtherAccount => "other_account",
            Self::BackupEligibility => "backup_eligibility",
            Self::Overtaken => "overtaken",
        }
    }
}

/// Checks what authenticators answer. Every check includes: challenge, type, origin and relying party; no page in a frame of
/// another origin; a user who was present and verified; a permitted algorithm; and bounds on every size.
pub trait Webauthn: Send + Sync {
    /// The relying party that is checked for.
    fn party(&self) -> &RelyingParty;
    /// The COSE algorithms that new passkeys may have, the preferred first.
    fn algorithms(&self) -> &[i32];
    /// The challenge that an answer says it is for. Nothing is checked by that.
    fn challenge(&self, client_data: &[u8]) -> Option<Vec<u8>>;
    /// Checks the answer to a registration.
    ///
    /// # Errors
    /// [`Unsound`].
    fn registered(&self, challenge: &[u8], attestation: &Attestation) -> Result<Registered, Unsound>;
    /// Checks the answer to a request for the passkey with this key. The counter is the caller's to compare.
    ///
    /// # Errors
    /// [`Unsound`].
    fn asserted(
        &self,
        challenge: &[u8],
        assertion: &Assertion,
        key: &CredentialKey,
    ) -> Result<Asserted, Unsound>;
    /// A public key that no passkey has, of the commonest algorithm: what an answer by an unknown passkey is compared with, so that
    /// it costs what a known one does.
    fn stand_in(&self) -> CredentialKey;
    /// Notes in the log why an answer is refused.
    fn note(&self, unfit: Unfit);
}
