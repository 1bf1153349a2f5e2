//! Refresh tokens: their text form and the proof that we made them. Which counter is the current one, and what a replay
//! means for its session, is decided where sessions are stored.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{MasterSecret, RefreshError};

const PREFIX: &str = "kwr_";
const LABEL: &str = "keyward refresh token v2";
/// Session id and counter.
const NAMED_BYTES: usize = 16 + 8;
/// Number of bytes of a session's salt.
const SALT_BYTES: usize = 16;
const TAG_BYTES: usize = 32;
const BYTES: usize = NAMED_BYTES + SALT_BYTES + TAG_BYTES;
const TEXT_BYTES: usize = (BYTES * 4).div_ceil(3);

/// The tokens of earlier versions have no salt in them: its session's row is needed to check one.
mod first {
    pub(super) const LABEL: &str = "keyward refresh token v1";
    pub(super) const BYTES: usize = super::NAMED_BYTES + super::TAG_BYTES;
    pub(super) const TEXT_BYTES: usize = (BYTES * 4).div_ceil(3);
}

/// A refresh token as its holder sees it: `kwr_` and 96 characters. `Debug` does not print it, memory is wiped.
#[derive(Clone)]
pub struct RefreshToken(Zeroizing<String>);

impl RefreshToken {
    /// The text to send to the client.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(..)")
    }
}

/// What a refresh token says about itself. Not to be believed before [`RefreshTokens::verify`]: it serves to find the
/// session, whose salt the check needs.
#[derive(Clone)]
pub struct RefreshClaim {
    /// The session the token belongs to.
    pub session: Uuid,
    /// How many refreshes went before.
    pub counter: u64,
    salt: Option<[u8; SALT_BYTES]>,
    tag: [u8; TAG_BYTES],
}

impl RefreshClaim {
    /// The salt that the token names, which its session must have. `None` for a token of an earlier version.
    pub fn salt(&self) -> Option<&[u8; SALT_BYTES]> {
        self.salt.as_ref()
    }
}

impl fmt::Debug for RefreshClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshClaim")
            .field("session", &self.session)
            .field("counter", &self.counter)
            .finish_non_exhaustive()
    }
}

/// Makes and checks refresh tokens: base64url of session id, counter (big endian), the session's salt and an HMAC-SHA256 over
/// all three, under a key derived from the master secret.
///
/// Without the master secret there is no HMAC, and without the session's row, or a token of it, no salt: neither alone forges
/// a token. The HMAC can be checked without the row; the row decides whether the salt is right.
#[derive(Clone)]
pub struct RefreshTokens {
    master: MasterSecret,
    key: hmac::Key,
}

impl fmt::Debug for RefreshTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshTokens(..)")
    }
}

impl RefreshTokens {
    /// Works with a master secret: under another one, every refresh token is void.
    pub fn new(master: &MasterSecret) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &*master.derive(LABEL, &[]));
        Self { master: master.clone(), key }
    }

    /// The token of a session at a counter. The same input gives the same token: a client that lost an answer can be given
    /// it again. `salt` is random and stored with the session.
    pub fn encode(&self, session: Uuid, counter: u64, salt: &[u8; SALT_BYTES]) -> RefreshToken {
        let mut bytes = Zeroizing::new([0; BYTES]);
        let (signed, tag) = bytes.split_at_mut(NAMED_BYTES + SALT_BYTES);
        signed[..NAMED_BYTES].copy_from_slice(&named(session, counter));
        signed[NAMED_BYTES..].copy_from_slice(salt);
        tag.copy_from_slice(hmac::sign(&self.key, signed).as_ref());

        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + TEXT_BYTES));
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(*bytes, &mut text);
        RefreshToken(text)
    }

    /// Reads a token's text, of this version or an earlier one. Exactly one spelling is accepted: no padding, no stray bits,
    /// no other case.
    ///
    /// # Errors
    ///
    /// [`RefreshError::Malformed`] for everything else.
    pub fn parse(text: &str) -> Result<RefreshClaim, RefreshError> {
        let encoded = text.strip_prefix(PREFIX).ok_or(RefreshError::Malformed)?;
        let mut bytes = Zeroizing::new([0; BYTES]);
        let length = match encoded.len() {
            TEXT_BYTES => BYTES,
            first::TEXT_BYTES => first::BYTES,
            _ => return Err(RefreshError::Malformed),
        };
        let bytes = &mut bytes[..length];
        let read = URL_SAFE_NO_PAD.decode_slice(encoded, bytes).map_err(|_| RefreshError::Malformed)?;
        if read != length {
            return Err(RefreshError::Malformed);
        }
        let (named, rest) = bytes.split_at(NAMED_BYTES);
        let (salt, tag) = rest.split_at(rest.len() - TAG_BYTES);
        let malformed = |_| RefreshError::Malformed;
        Ok(RefreshClaim {
            session: Uuid::from_bytes(named[..16].try_into().map_err(malformed)?),
            counter: u64::from_be_bytes(named[16..].try_into().map_err(malformed)?),
            salt: salt.try_into().ok(),
            tag: tag.try_into().map_err(malformed)?,
        })
    }

    /// Whether we made this token for the session with this salt. Takes the same time for every wrong one of its version.
    pub fn verify(&self, claim: &RefreshClaim, salt: &[u8]) -> bool {
        let named = named(claim.session, claim.counter);
        let Some(own) = &claim.salt else {
            let key = hmac::Key::new(hmac::HMAC_SHA256, &*self.master.derive(first::LABEL, salt));
            return hmac::verify(&key, &named, &claim.tag).is_ok();
        };
        self.is_signed(&named, own, &claim.tag) & verify_slices_are_equal(own, salt).is_ok()
    }

    /// Whether no session can make this token genuine, which takes no look at one. Of a token of an earlier version that
    /// cannot be known, and the answer is `false`.
    pub fn is_forged(&self, claim: &RefreshClaim) -> bool {
        let named = named(claim.session, claim.counter);
        claim.salt.as_ref().is_some_and(|salt| !self.is_signed(&named, salt, &claim.tag))
    }

    fn is_signed(&self, named: &[u8], salt: &[u8; SALT_BYTES], tag: &[u8]) -> bool {
        let mut signed = [0; NAMED_BYTES + SALT_BYTES];
        signed[..NAMED_BYTES].copy_from_slice(named);
        signed[NAMED_BYTES..].copy_from_slice(salt);
        hmac::verify(&self.key, &signed, tag).is_ok()
    }
}

fn named(session: Uuid, counter: u64) -> [u8; NAMED_BYTES] {
    let mut named = [0; NAMED_BYTES];
    named[..16].copy_from_slice(session.as_bytes());
    named[16..].copy_from_slice(&counter.to_be_bytes());
    named
}
