//! Which keys are in use: one signs, the next is already published, earlier ones still verify (RFC 8725 section 3.5 asks for
//! rotation, design 7 says how). When to rotate and where keys are kept is the caller's.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::{Jwk, Jwks, KeyError, SigningKey, VerifyingKey};

/// The keys of one service. Immutable: a change makes a new ring, put in place by [`SharedKeyRing::replace`].
///
/// HS256 secrets have no `kid`, so of those only the current one counts: replacing it voids the tokens signed before.
#[derive(Clone, Debug)]
pub struct KeyRing {
    current: Option<SigningKey>,
    next: Option<SigningKey>,
    previous: Vec<VerifyingKey>,
}

impl KeyRing {
    /// A ring that signs with this key.
    pub fn new(current: SigningKey) -> Self {
        Self { current: Some(current), next: None, previous: Vec::new() }
    }

    /// A ring that only verifies, with another service's published keys. Keys of kinds not used here are skipped
    /// (RFC 7517 section 5).
    ///
    /// # Errors
    ///
    /// [`KeyError::Rejected`] where a key is malformed or weak, [`KeyError::DuplicateKid`] where a name is ambiguous,
    /// [`KeyError::NoUsableKey`] where nothing is left.
    pub fn from_jwks(jwks: &Jwks) -> Result<Self, KeyError> {
        let mut previous = Vec::new();
        let mut kids = HashSet::new();
        for jwk in &jwks.keys {
            match VerifyingKey::from_jwk(jwk) {
                Ok(key) if kids.insert(key.kid().map(str::to_owned)) => previous.push(key),
                Ok(_) => return Err(KeyError::DuplicateKid),
                Err(KeyError::Foreign(_)) => {}
                Err(error) => return Err(error),
            }
        }
        if previous.is_empty() {
            return Err(KeyError::NoUsableKey);
        }
        Ok(Self { current: None, next: None, previous })
    }

    /// The same ring with the key that is to sign after the next [`rotate`](Self::rotate): published from now on, so that
    /// every verifier knows it by then.
    #[must_use]
    pub fn with_next(self, next: SigningKey) -> Self {
        Self { next: Some(next), ..self }
    }

    /// The same ring with these earlier keys, whose tokens have not all expired.
    #[must_use]
    pub fn with_previous(self, previous: impl IntoIterator<Item = VerifyingKey>) -> Self {
        Self { previous: previous.into_iter().collect(), ..self }
    }

    /// The ring after a rotation: the next key signs, and what signed until now still verifies.
    ///
    /// # Errors
    ///
    /// [`KeyError::NothingNext`] where [`with_next`](Self::with_next) did not name a key.
    pub fn rotate(&self) -> Result<Self, KeyError> {
        let next = self.next.clone().ok_or(KeyError::NothingNext)?;
        let retired = self.current.as_ref().map(SigningKey::verifying_key);
        let previous = retired
            .into_iter()
            .chain(self.previous.iter().cloned())
            .filter(|key| key.kid().is_some())
            .collect();
        Ok(Self { current: Some(next), next: None, previous })
    }

    /// The key that signs; `None` in a ring that only verifies.
    pub fn current(&self) -> Option<&SigningKey> {
        self.current.as_ref()
    }

    /// The key that will sign after a rotation.
    pub fn next(&self) -> Option<&SigningKey> {
        self.next.as_ref()
    }

    /// The keys that only verify.
    pub fn previous(&self) -> &[VerifyingKey] {
        &self.previous
    }

    /// The keys to publish, the current one first. HS256 secrets are not among them.
    pub fn jwks(&self) -> Jwks {
        let mut keys: Vec<Jwk> = Vec::new();
        for jwk in self.verifying().filter_map(VerifyingKey::jwk) {
            if keys.iter().all(|other| other.kid != jwk.kid) {
                keys.push(jwk);
            }
        }
        Jwks { keys }
    }

    /// The key a token's header asks for. A `kid` is only ever compared with the names of this ring (RFC 8725 section 3.10).
    /// Without one there has to be no choice: a ring of a single key, or one that signs with HS256.
    pub fn find(&self, kid: Option<&str>) -> Option<&VerifyingKey> {
        let Some(kid) = kid else {
            let current = self.current.as_ref().map(SigningKey::public).filter(|key| key.kid().is_none());
            let mut all = self.verifying();
            return current.or_else(|| all.next().filter(|_| all.next().is_none()));
        };
        self.verifying().find(|key| key.kid() == Some(kid))
    }

    /// Whether exactly the same keys verify. Secrets cannot be compared: they count as changed.
    fn verifies_like(&self, other: &Self) -> bool {
        let public = |ring: &Self| ring.verifying().map(VerifyingKey::jwk).collect::<Option<Vec<Jwk>>>();
        public(self).is_some_and(|ours| public(other).is_some_and(|theirs| ours == theirs))
    }

    fn verifying(&self) -> impl Iterator<Item = &VerifyingKey> {
        self.current.iter().chain(&self.next).map(SigningKey::public).chain(&self.previous)
    }
}

/// A key ring that a running server can swap: clones share it, and the next token issued or checked sees the new one.
#[derive(Clone, Debug)]
pub struct SharedKeyRing(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    ring: RwLock<Arc<KeyRing>>,
    generation: AtomicU64,
}

impl SharedKeyRing {
    /// Shares this ring.
    pub fn new(ring: KeyRing) -> Self {
        Self(Arc::new(Shared { ring: RwLock::new(Arc::new(ring)), generation: AtomicU64::new(0) }))
    }

    /// The ring in place now.
    pub fn load(&self) -> Arc<KeyRing> {
        Arc::clone(&self.0.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another ring in place, for all clones.
    pub fn replace(&self, ring: KeyRing) {
        let mut place = self.0.ring.write().unwrap_or_else(PoisonError::into_inner);
        let changed = !place.verifies_like(&ring);
        *place = Arc::new(ring);
        if changed {
            // After the ring and under its lock: a reader of this number reads this ring, or a later one.
            self.0.generation.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Which keys count: another number after every [`replace`](Self::replace) that changed any that verifies. What was
    /// concluded from the keys of one generation says nothing in the next.
    pub fn generation(&self) -> u64 {
        self.0.generation.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Algorithm;

    fn key() -> SigningKey {
        SigningKey::generate(Algorithm::EdDsa).unwrap()
    }

    fn kids(ring: &KeyRing) -> Vec<String> {
        ring.jwks().keys.into_iter().filter_map(|jwk| jwk.kid).collect()
    }

    #[test]
    fn the_next_key_is_published_before_it_signs_and_the_last_after() {
        let (first, second) = (key(), key());
        let (one, two) = (first.kid().unwrap().to_owned(), second.kid().unwrap().to_owned());
        let ring = KeyRing::new(first);
        assert_eq!(kids(&ring), [one.as_str()]);
        assert_eq!(ring.rotate().unwrap_err(), KeyError::NothingNext);

        let ring = ring.with_next(second);
        assert_eq!(kids(&ring), [one.as_str(), two.as_str()]);
        assert_eq!(ring.current().unwrap().kid(), Some(one.as_str()));

        let ring = ring.rotate().unwrap();
        assert_eq!(kids(&ring), [two.as_str(), one.as_str()]);
        assert_eq!(ring.current().unwrap().kid(), Some(two.as_str()));
        assert!(ring.next().is_none());
        assert!(ring.find(Some(&one)).is_some());
        assert_eq!(kids(&ring.with_previous([])), [two]);
    }

    #[test]
    fn a_token_without_a_kid_needs_a_ring_without_a_choice() {
        let ring = KeyRing::new(key());
        assert!(ring.find(None).is_some());
        assert!(ring.clone().with_next(key()).find(None).is_none());
        assert!(ring.with_previous([key().verifying_key()]).find(None).is_none());
    }

    #[test]
    fn an_hs256_secret_is_found_without_a_kid_and_never_published() {
        let [old, new] = [[1; 32], [2; 32]].map(|secret| SigningKey::hs256(&secret).unwrap());
        let ring = KeyRing::new(old).with_next(new).with_previous([key().verifying_key()]);
        assert_eq!(ring.find(None).unwrap().algorithm(), Algorithm::Hs256);
        assert_eq!(ring.jwks().keys.len(), 1);
        assert_eq!(ring.rotate().unwrap().previous().len(), 1);
    }

    #[test]
    fn a_published_set_becomes_a_ring_that_only_verifies() {
        let published = KeyRing::new(key()).with_next(SigningKey::generate(Algorithm::Es256).unwrap()).jwks();
        let ring = KeyRing::from_jwks(&published).unwrap();
        assert_eq!(ring.jwks(), published);
        assert!(ring.current().is_none());

        let mut twice = published.clone();
        twice.keys[1].kid = twice.keys[0].kid.clone();
        assert_eq!(KeyRing::from_jwks(&twice).unwrap_err(), KeyError::DuplicateKid);

        let mut foreign = published;
        foreign.keys[0].crv = Some("Ed448".to_owned());
        assert_eq!(KeyRing::from_jwks(&foreign).unwrap().jwks().keys.len(), 1);
        foreign.keys[1].use_ = Some("enc".to_owned());
        assert_eq!(KeyRing::from_jwks(&foreign).unwrap_err(), KeyError::NoUsableKey);
    }

    #[test]
    fn a_replaced_ring_is_seen_by_every_clone() {
        let shared = SharedKeyRing::new(KeyRing::new(key()));
        let clone = shared.clone();
        let held = shared.load();
        clone.replace(held.as_ref().clone().with_next(key()).rotate().unwrap());
        assert_ne!(kids(&shared.load()), kids(&held));
    }

    #[test]
    fn a_generation_lasts_while_the_same_keys_verify() {
        let (first, second) = (key(), key());
        let shared = SharedKeyRing::new(KeyRing::new(first.clone()));
        let begin = shared.generation();
        shared.replace(KeyRing::new(first.clone()));
        assert_eq!(shared.generation(), begin, "the same keys, loaded again");
        shared.replace(KeyRing::new(first.clone()).with_next(second.clone()));
        let added = shared.generation();
        assert_ne!(added, begin);
        shared.replace(KeyRing::new(second));
        assert_ne!(shared.generation(), added, "a key was withdrawn");
        let secret = || KeyRing::new(SigningKey::hs256(&[1; 32]).unwrap());
        let shared = SharedKeyRing::new(secret());
        shared.replace(secret());
        assert_ne!(shared.generation(), 0, "secrets cannot be compared");
    }
}
