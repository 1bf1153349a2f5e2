//! Tokens whose signature was checked already, so that it is not checked again: by their exact bytes, and never one that
//! was refused.
//!
//! What may change is not remembered. Whether the token holds *now* is asked each time by `jwt.rs`, and whether its key is
//! still among those that count by the ring's generation: after a key was withdrawn nothing is found here any more. The
//! memory is bounded from the start; where it is full, the token that expires first makes room. Nothing here reads a clock.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use crate::Claims;

/// Number of tokens per lock. A keyed hash decides which ones, so no caller can fill one on purpose.
const WAYS: usize = 4;

/// Longer tokens are not remembered. Ours have about 500 bytes.
const LONGEST: usize = 1024;

/// Number of bytes at a token's end that choose its place: of its signature, which differ between any two genuine tokens.
const TAIL: usize = 32;

/// How much a verifier's memory is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryUse {
    /// How many tokens were known.
    pub hits: u64,
    /// How many were not.
    pub misses: u64,
    /// How many are remembered.
    pub entries: u64,
    /// How many are remembered at most.
    pub capacity: u64,
}

/// A token and what it says. `Zeroizing`: a token is as good as a password while it lasts.
struct Entry {
    hash: u64,
    generation: u64,
    token: Zeroizing<Box<[u8]>>,
    claims: Arc<Claims>,
}

/// The tokens remembered.
pub(crate) struct TokenMemory {
    sets: Box<[Mutex<Vec<Entry>>]>,
    hasher: RandomState,
    hits: AtomicU64,
    misses: AtomicU64,
    entries: AtomicU64,
}

impl TokenMemory {
    /// A memory for `tokens` tokens, or a few more.
    pub(crate) fn new(tokens: usize) -> Self {
        let sets = tokens.div_ceil(WAYS).max(1).next_power_of_two();
        Self {
            sets: (0..sets).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            entries: AtomicU64::new(0),
        }
    }

    /// What this very token says, if it was remembered under the keys of this generation.
    pub(crate) fn find(&self, token: &str, generation: u64) -> Option<Arc<Claims>> {
        let hash = self.hash(token);
        let is_it = |entry: &&Entry| {
            entry.hash == hash && entry.generation == generation && **entry.token == *token.as_bytes()
        };
        let found = self.set(hash).iter().find(is_it).map(|entry| Arc::clone(&entry.claims));
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// Remembers a token that is genuine by the keys of this generation.
    pub(crate) fn keep(&self, token: &str, generation: u64, claims: &Arc<Claims>) {
        if token.len() > LONGEST {
            return;
        }
        let hash = self.hash(token);
        let token = Zeroizing::new(token.as_bytes().into());
        let entry = Entry { hash, generation, token, claims: Arc::clone(claims) };
        let mut set = self.set(hash);
        if let Some(same) = set.iter_mut().find(|other| other.hash == hash) {
            *same = entry;
            return;
        }
        if set.len() < WAYS {
            set.push(entry);
            self.entries.fetch_add(1, Ordering::Relaxed);
            return;
        }
        // Those of other keys first, then by their end.
        let order = |other: &&mut Entry| (other.generation == generation, other.claims.exp);
        if let Some(oldest) = set.iter_mut().min_by_key(order) {
            *oldest = entry;
        }
    }

    /// How much it is used.
    pub(crate) fn usage(&self) -> MemoryUse {
        MemoryUse {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            entries: self.entries.load(Ordering::Relaxed),
            capacity: u64::try_from(self.sets.len() * WAYS).unwrap_or(u64::MAX),
        }
    }

    fn hash(&self, token: &str) -> u64 {
        let bytes = token.as_bytes();
        self.hasher.hash_one(&bytes[bytes.len().saturating_sub(TAIL)..])
    }

    fn set(&self, hash: u64) -> MutexGuard<'_, Vec<Entry>> {
        // A power of two: the lowest bits choose.
        let index = usize::try_from(hash % self.sets.len() as u64).unwrap_or(0);
        self.sets[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScopeSet;

    fn claims(exp: i64) -> Arc<Claims> {
        Arc::new(Claims {
            cnf: None,
            iss: "i".to_owned(),
            aud: vec!["a".to_owned()],
            sub: "s".to_owned(),
            sid: None,
            client_id: None,
            jti: "j".to_owned(),
            iat: 0,
            nbf: None,
            exp,
            scope: ScopeSet::default(),
            auth_time: None,
            acr: None,
            amr: Vec::new(),
        })
    }

    #[test]
    fn only_the_very_same_token_of_the_same_keys_is_known() {
        let memory = TokenMemory::new(64);
        let token = "a.b.c";
        memory.keep(token, 7, &claims(1));
        assert_eq!(memory.find(token, 7), Some(claims(1)));
        for (other, generation) in [("a.b.c", 8), ("a.b.C", 7), ("a.b.c ", 7), ("a.b.", 7), ("", 7)] {
            assert_eq!(memory.find(other, generation), None, "{other:?}");
        }
        assert_eq!(memory.usage(), MemoryUse { hits: 1, misses: 5, entries: 1, capacity: 64 });
    }

    #[test]
    fn a_full_memory_stays_within_its_bound_and_lets_the_oldest_go() {
        let memory = TokenMemory::new(WAYS);
        for end in 0..100 {
            memory.keep(&format!("token {end}"), 0, &claims(end));
        }
        assert_eq!(memory.usage().entries, WAYS as u64);
        let known: Vec<i64> =
            (0..100).filter(|end| memory.find(&format!("token {end}"), 0).is_some()).collect();
        assert_eq!(known, [96, 97, 98, 99]);
        memory.keep("of the new keys", 1, &claims(0));
        assert!(memory.find("of the new keys", 1).is_some());
    }

    #[test]
    fn what_is_too_long_is_not_kept() {
        let memory = TokenMemory::new(64);
        let long = "x".repeat(LONGEST + 1);
        memory.keep(&long, 0, &claims(1));
        assert_eq!(memory.find(&long, 0), None);
    }
}
