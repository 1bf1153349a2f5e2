//! Nonces for proofs (RFC 9449, section 8): a time and its MAC, so that none is kept, and every process with the same master secret
//! knows those of the others.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::MasterSecret;

/// How long a nonce is good, in seconds.
const LIFE: i64 = 300;
/// How far the clock of another process may be ahead, in seconds.
const AHEAD: i64 = 60;
/// The bytes of the MAC that a nonce has.
const TAG: usize = 16;

/// A nonce: 32 characters of base64url.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DpopNonce([u8; 32]);

impl DpopNonce {
    /// The text, as it stands in the header `DPoP-Nonce`.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for DpopNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Makes nonces, and knows its own again for five minutes.
pub struct DpopNonces(Key);

impl DpopNonces {
    /// Nonces of every process that has this master secret.
    pub fn new(master: &MasterSecret) -> Self {
        Self(Key::new(HMAC_SHA256, &*master.derive("keyward dpop nonce v1", b"mac")))
    }

    /// A nonce that is good from `now`, in Unix seconds, on.
    pub fn issue(&self, now: i64) -> DpopNonce {
        let mut bytes = [0; 8 + TAG];
        bytes[..8].copy_from_slice(&now.to_be_bytes());
        bytes[8..].copy_from_slice(&self.tag(now));
        let mut text = [0; 32];
        // 24 bytes are 32 characters.
        let written = URL_SAFE_NO_PAD.encode_slice(bytes, &mut text);
        debug_assert_eq!(written, Ok(32));
        DpopNonce(text)
    }

    /// Whether a nonce is ours and still good.
    pub fn accept(&self, nonce: &str, now: i64) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(nonce) else { return false };
        let Some((time, tag)) = bytes.split_first_chunk::<8>() else { return false };
        let made = i64::from_be_bytes(*time);
        let age = now.saturating_sub(made);
        (-AHEAD..LIFE).contains(&age) && verify_slices_are_equal(&self.tag(made), tag).is_ok()
    }

    fn tag(&self, time: i64) -> [u8; TAG] {
        let mut tag = [0; TAG];
        tag.copy_from_slice(&sign(&self.0, &time.to_be_bytes()).as_ref()[..TAG]);
        tag
    }
}

impl fmt::Debug for DpopNonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DpopNonces(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandom;

    #[test]
    fn a_nonce_is_good_for_five_minutes_where_it_was_made() {
        let master = MasterSecret::generate(&SystemRandom);
        let (nonces, now) = (DpopNonces::new(&master), 1_000_000);
        let nonce = nonces.issue(now);
        let other = DpopNonces::new(&MasterSecret::generate(&SystemRandom));
        assert!(DpopNonces::new(&master).accept(nonce.as_str(), now), "in another process");
        assert!(nonces.accept(nonce.as_str(), now + LIFE - 1) && nonces.accept(nonce.as_str(), now - AHEAD));
        assert!(
            !nonces.accept(nonce.as_str(), now + LIFE) && !nonces.accept(nonce.as_str(), now - AHEAD - 1)
        );
        assert!(!other.accept(nonce.as_str(), now));
        for index in 0..32 {
            let mut changed = nonce.0;
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            assert!(!nonces.accept(DpopNonce(changed).as_str(), now), "{index}");
        }
        for text in ["", "x", "AAAA", &format!("{}A", nonce.as_str()), &nonce.as_str()[..31], "\u{e4}"] {
            assert!(!nonces.accept(text, now), "{text}");
        }
        assert!(!nonces.accept(other.issue(i64::MIN).as_str(), i64::MAX));
    }
}
