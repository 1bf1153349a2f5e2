//! Sealing: what must be stored where others can read it, such as private keys in a database, encrypted under the
//! master secret with AES-256-GCM (NIST SP 800-38D). Where sealed bytes are kept is the caller's.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::{MasterSecret, Random};

impl MasterSecret {
    /// Encrypts `plain` for the purpose `label` names, bound to `context` (such as a key id): nonce (12 bytes),
    /// ciphertext, tag (16 bytes).
    ///
    /// # Panics
    ///
    /// When `plain` is longer than 64 GiB.
    pub fn seal(&self, label: &str, context: &[u8], plain: &[u8], random: &dyn Random) -> Vec<u8> {
        let mut nonce = [0; NONCE_LEN];
        random.fill(&mut nonce);
        // Room for the tag from the start: a text that moved would leave a copy behind.
        let mut sealed = Vec::with_capacity(plain.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(plain);
        self.sealing_key(label)
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut sealed)
            .expect("AES-256-GCM takes up to 64 GiB");
        [&nonce[..], &sealed].concat()
    }

    /// What [`seal`](Self::seal) encrypted with the same master secret, label and context; `None` for anything else.
    pub fn open(&self, label: &str, context: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let mut plain = Zeroizing::new(sealed.to_vec());
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let length = self.sealing_key(label).open_in_place(nonce, Aad::from(context), &mut plain).ok()?.len();
        plain.truncate(length);
        Some(plain)
    }

    /// The same as text: `prefix`, then base64url without padding.
    pub fn seal_text(
        &self,
        prefix: &str,
        label: &str,
        plain: &[u8],
        random: &dyn Random,
    ) -> Zeroizing<String> {
        let sealed = self.seal(label, b"text", plain, random);
        Zeroizing::new(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(sealed)))
    }

    /// What [`seal_text`](Self::seal_text) encrypted with the same master secret, prefix and label; `None` for anything else.
    pub fn open_text(&self, prefix: &str, label: &str, text: &str) -> Option<Zeroizing<Vec<u8>>> {
        let sealed = URL_SAFE_NO_PAD.decode(text.strip_prefix(prefix)?).ok()?;
        self.open(label, b"text", &sealed)
    }

    fn sealing_key(&self, label: &str) -> LessSafeKey {
        let key = self.derive(label, b"seal");
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &*key).expect("AES-256 takes a key of 32 bytes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRandom;

    #[test]
    fn what_was_sealed_opens_with_the_same_secret_label_and_context_only() {
        let master = MasterSecret::generate(&SystemRandom);
        let sealed = master.seal("a", b"1", b"private", &SystemRandom);
        assert_eq!(master.open("a", b"1", &sealed).unwrap().as_slice(), b"private");
        assert!(master.open("b", b"1", &sealed).is_none());
        assert!(master.open("a", b"2", &sealed).is_none());
        assert!(MasterSecret::generate(&SystemRandom).open("a", b"1", &sealed).is_none());
    }

    #[test]
    fn a_changed_or_cut_text_does_not_open() {
        let master = MasterSecret::generate(&SystemRandom);
        let sealed = master.seal("a", b"1", b"private", &SystemRandom);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(master.open("a", b"1", &changed).is_none());
            assert!(master.open("a", b"1", &sealed[..at]).is_none());
        }
    }

    #[test]
    fn the_same_text_never_seals_alike_twice() {
        let master = MasterSecret::generate(&SystemRandom);
        let seal = || master.seal("a", b"1", b"private", &SystemRandom);
        assert_ne!(seal(), seal());
    }
}
