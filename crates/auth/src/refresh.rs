//! Refresh tokens: their text form and the proof that we made them. Which counter is the current one, and what a replay
//! means for its session, is decided where sessions are stored.

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{MasterSecret, RefreshError};

const PREFIX: &str = "kwr_";
const LABEL: &str = "keyward refresh token v1";
/// Session id, counter, HMAC-SHA256.
const NAMED_BYTES: usize = 16 + 8;
const TAG_BYTES: usize = 32;
const TEXT_BYTES: usize = ((NAMED_BYTES + TAG_BYTES) * 4).div_ceil(3);

/// A refresh token as its holder sees it: `kwr_` and 75 characters. `Debug` does not print it, memory is wiped.
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
    tag: [u8; TAG_BYTES],
}

impl fmt::Debug for RefreshClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshClaim")
            .field("session", &self.session)
            .field("counter", &self.counter)
            .finish_non_exhaustive()
    }
}

/// Makes and checks refresh tokens: base64url of session id, counter (big endian) and an HMAC-SHA256 over both, under a key
/// derived from the master secret and the session's salt. A copy of the database alone forges none.
#[derive(Clone, Debug)]
pub struct RefreshTokens {
    master: MasterSecret,
}

impl RefreshTokens {
    /// Works with a master secret: under another one, every refresh token is void.
    pub fn new(master: &MasterSecret) -> Self {
        Self { master: master.clone() }
    }

    /// The token of a session at a counter. The same input gives the same token: a client that lost an answer can be given
    /// it again. `salt` is random, at least 16 bytes, and stored with the session.
    pub fn encode(&self, session: Uuid, counter: u64, salt: &[u8]) -> RefreshToken {
        let named = named(session, counter);
        let tag = hmac::sign(&self.key(salt), &named);
        let mut bytes = Zeroizing::new([0; NAMED_BYTES + TAG_BYTES]);
        bytes[..NAMED_BYTES].copy_from_slice(&named);
        bytes[NAMED_BYTES..].copy_from_slice(tag.as_ref());

        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + TEXT_BYTES));
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(*bytes, &mut text);
        RefreshToken(text)
    }

    /// Reads a token's text. Exactly one spelling is accepted: no padding, no stray bits, no other case.
    ///
    /// # Errors
    ///
    /// [`RefreshError::Malformed`] for everything else.
    pub fn parse(text: &str) -> Result<RefreshClaim, RefreshError> {
        let encoded = text
            .strip_prefix(PREFIX)
            .filter(|encoded| encoded.len() == TEXT_BYTES)
            .ok_or(RefreshError::Malformed)?;
        let mut bytes = Zeroizing::new([0; NAMED_BYTES + TAG_BYTES]);
        let length =
            URL_SAFE_NO_PAD.decode_slice(encoded, &mut *bytes).map_err(|_| RefreshError::Malformed)?;
        if length != bytes.len() {
            return Err(RefreshError::Malformed);
        }
        let (mut session, mut counter, mut tag) = ([0; 16], [0; 8], [0; TAG_BYTES]);
        session.copy_from_slice(&bytes[..16]);
        counter.copy_from_slice(&bytes[16..NAMED_BYTES]);
        tag.copy_from_slice(&bytes[NAMED_BYTES..]);
        Ok(RefreshClaim { session: Uuid::from_bytes(session), counter: u64::from_be_bytes(counter), tag })
    }

    /// Whether we made this token for the session with this salt. Takes the same time for every wrong one.
    pub fn verify(&self, claim: &RefreshClaim, salt: &[u8]) -> bool {
        hmac::verify(&self.key(salt), &named(claim.session, claim.counter), &claim.tag).is_ok()
    }

    fn key(&self, salt: &[u8]) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &*self.master.derive(LABEL, salt))
    }
}

fn named(session: Uuid, counter: u64) -> [u8; NAMED_BYTES] {
    let mut named = [0; NAMED_BYTES];
    named[..16].copy_from_slice(session.as_bytes());
    named[16..].copy_from_slice(&counter.to_be_bytes());
    named
}
