//! The ledger: writes that were acknowledged, writes that may have happened, and broken promises.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// How many broken promises are told in full.
const TOLD: usize = 20;

/// A session whose end was acknowledged.
#[derive(Clone)]
pub(crate) struct Ended {
    pub(crate) access: String,
    pub(crate) refresh: String,
    /// When the answer was there.
    pub(crate) at: Instant,
}

#[derive(Default)]
pub(crate) struct Books {
    /// The ids of accounts, by address; `None` where the answer was lost.
    pub(crate) users: BTreeMap<String, Option<i64>>,
    /// The ids of posts, by title; `None` where the answer was lost.
    pub(crate) posts: BTreeMap<String, Option<i64>>,
    /// What orders came to, by id.
    pub(crate) orders: BTreeMap<i64, String>,
    /// Orders that were shipped.
    pub(crate) shipped: BTreeSet<i64>,
    /// Orders of accounts that were deleted.
    pub(crate) left: BTreeSet<i64>,
    /// Addresses and titles of accounts that were deleted.
    pub(crate) removed: BTreeSet<String>,
    pub(crate) deletions: u32,
    pub(crate) ended: Vec<Ended>,
    pub(crate) logins: u32,
    pub(crate) refreshes: u32,
    /// Sessions that were lost with an answer, since it took longer than the grace to ask again.
    pub(crate) lapsed: u32,
    broken: BTreeSet<String>,
}

/// The books, for many writers.
#[derive(Default)]
pub(crate) struct Ledger(Mutex<Books>);

impl Ledger {
    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A promise was broken.
    pub(crate) fn broken(&self, how: String) {
        eprintln!("  BROKEN: {how}");
        self.books().broken.insert(how);
    }

    /// Every broken promise, the first of them in full.
    pub(crate) fn all_broken(&self) -> Vec<String> {
        let books = self.books();
        let mut told: Vec<_> = books.broken.iter().take(TOLD).cloned().collect();
        if books.broken.len() > TOLD {
            told.push(format!("... and {} more", books.broken.len() - TOLD));
        }
        told
    }
}

impl Books {
    /// What was kept, in a line.
    pub(crate) fn summary(&self) -> String {
        let sure = |map: &BTreeMap<String, Option<i64>>| map.values().flatten().count();
        format!(
            "{} sign-ups, {} deletions, {} logins, {} refreshes, {} logouts, {} posts, {} orders",
            sure(&self.users) + self.deletions as usize,
            self.deletions,
            self.logins,
            self.refreshes,
            self.ended.len(),
            sure(&self.posts),
            self.orders.len(),
        )
    }
}
