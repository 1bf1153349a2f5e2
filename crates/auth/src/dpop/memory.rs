//! The proofs that were used lately, in the memory of one process.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::mem::take;
use std::sync::{Mutex, PoisonError};

use super::proof::{AHEAD, DpopProof, OLDEST};

/// How long a proof is remembered at least, in seconds: for as long as it could be shown again.
const SPAN: i64 = OLDEST + AHEAD;
/// The greatest number of proofs in one span.
const MOST: usize = 250_000;
/// The greatest number of proofs of one key in one span.
const MOST_OF_A_KEY: u32 = 20_000;

/// Whether a proof is used for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofUse {
    /// It is.
    First,
    /// It was used before.
    Again,
    /// That cannot be said: too many proofs were used lately, of this key or altogether.
    Full,
}

/// Remembers the proofs that were used in the last 90 s, for up to 180 s: 250,000 in a span of 90 s, 20,000 of one key. It takes 50 MB
/// at most.
///
/// Another process has a memory of its own. There, and in this one after a restart, the same proof could be used once more within
/// its 90 s, together with its token.
#[derive(Default)]
pub struct ProofMemory(Mutex<Spans>);

#[derive(Default)]
struct Spans {
    begun_at: i64,
    current: Span,
    before: Span,
}

#[derive(Default)]
struct Span {
    proofs: HashSet<[u8; 16]>,
    keys: HashMap<[u8; 16], u32>,
}

impl ProofMemory {
    /// Remembers a proof that is used at `now`, in Unix seconds, and says whether that is the first time. To be asked last, once
    /// everything else about the request is known to be right.
    pub fn remember(&self, proof: &DpopProof, now: i64) -> ProofUse {
        let mut spans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        spans.go_on(now);
        let identity = proof.identity();
        if spans.current.proofs.contains(&identity) || spans.before.proofs.contains(&identity) {
            return ProofUse::Again;
        }
        let current = &mut spans.current;
        if current.proofs.len() >= MOST {
            return ProofUse::Full;
        }
        let of_key = current.keys.entry(proof.key()).or_default();
        if *of_key >= MOST_OF_A_KEY {
            return ProofUse::Full;
        }
        *of_key += 1;
        current.proofs.insert(identity);
        ProofUse::First
    }
}

impl Spans {
    fn go_on(&mut self, now: i64) {
        let passed = now.saturating_sub(self.begun_at);
        if passed < SPAN {
            return;
        }
        let last = take(&mut self.current);
        self.before = if passed < 2 * SPAN { last } else { Span::default() };
        self.begun_at = now;
    }
}

impl fmt::Debug for ProofMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProofMemory").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Thumbprint;

    fn proof(key: &str, id: &str) -> DpopProof {
        DpopProof::named(Thumbprint::parse(&key.repeat(43)[..43]).unwrap(), id)
    }

    #[test]
    fn a_proof_is_used_once_for_as_long_as_it_could_be_shown_again() {
        for offset in [0, 1, SPAN - 1] {
            let memory = ProofMemory::default();
            let begun = 1_000_000;
            memory.remember(&proof("E", "x"), begun);
            let used = begun + offset;
            assert_eq!(memory.remember(&proof("A", "x"), used), ProofUse::First);
            for later in [0, 1, SPAN / 2, SPAN - 1, SPAN] {
                assert_eq!(
                    memory.remember(&proof("A", "x"), used + later),
                    ProofUse::Again,
                    "{offset} {later}"
                );
            }
            assert_eq!(
                memory.remember(&proof("A", "x"), used + 3 * SPAN),
                ProofUse::First,
                "it is forgotten"
            );
        }
    }

    #[test]
    fn the_same_id_of_another_key_is_another_proof() {
        let memory = ProofMemory::default();
        assert_eq!(memory.remember(&proof("A", "b.c"), 1), ProofUse::First);
        assert_eq!(memory.remember(&proof("Q", "b.c"), 1), ProofUse::First);
        assert_eq!(memory.remember(&proof("A", "c"), 1), ProofUse::First);
    }

    #[test]
    fn a_memory_that_is_full_says_so_and_takes_proofs_again_later() {
        let memory = ProofMemory::default();
        for number in 0..MOST {
            let key = (number / 10_000).to_string();
            assert_eq!(memory.remember(&proof(&format!("A{key}"), &number.to_string()), 1), ProofUse::First);
        }
        assert_eq!(memory.remember(&proof("Q", "more"), 1), ProofUse::Full);
        assert_eq!(memory.remember(&proof("A0", "7"), 1), ProofUse::Again);
        assert_eq!(memory.remember(&proof("Q", "more"), 1 + SPAN), ProofUse::First);
    }

    #[test]
    fn one_key_cannot_fill_the_memory() {
        let memory = ProofMemory::default();
        for number in 0..MOST_OF_A_KEY {
            assert_eq!(memory.remember(&proof("A", &number.to_string()), 1), ProofUse::First);
        }
        assert_eq!(memory.remember(&proof("A", "more"), 1), ProofUse::Full);
        assert_eq!(memory.remember(&proof("A", "1"), 1), ProofUse::Again);
        assert_eq!(memory.remember(&proof("Q", "more"), 1), ProofUse::First);
        assert_eq!(memory.remember(&proof("A", "more"), 1 + 2 * SPAN), ProofUse::First);
    }
}
