//! Following the security events as they are recorded, none left out.
//!
//! PostgreSQL shows events in the order of commits, which is not that of their numbers. So what was read last is read again
//! until every transaction that may have been at work then is over.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use crate::model::events::Event;
use crate::model::store_error::StoreError;
use crate::ports::store::Store;

/// How many events are read at once.
const PAGE: u64 = 500;
/// For how many rounds at least what was read is read again: a transaction takes a number before it can be seen to be at
/// work.
const ROUNDS: usize = 5;

/// Follows the security events.
pub struct EventTail {
    store: Arc<dyn Store>,
    /// Nothing more will appear up to this number.
    settled: i64,
    /// The numbers beyond it that were returned.
    seen: BTreeSet<i64>,
    /// How far earlier rounds came, the oldest first: the last number, and the first transaction that had not begun.
    marks: VecDeque<(i64, u64)>,
}

impl EventTail {
    /// Begins after the newest events, and returns them: at most `limit`, the oldest first.
    pub async fn begin(store: Arc<dyn Store>, limit: u64) -> Result<(Self, Vec<(i64, Event)>), StoreError> {
        // More than are returned: before the newest ones, a late one may still appear.
        let newest = store.autocommit().events().newest(None, limit.max(PAGE)).await?;
        let settled = newest.first().map_or(0, |(number, _)| *number - 1);
        let seen = newest.iter().map(|(number, _)| *number).collect();
        let skipped = newest.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
        let tail = Self { store, settled, seen, marks: VecDeque::new() };
        Ok((tail, newest.into_iter().skip(skipped).collect()))
    }

    /// Returns the events that have appeared since the last call, by ascending number.
    pub async fn next(&mut self) -> Result<Vec<(i64, Event)>, StoreError> {
        let mut repositories = self.store.autocommit();
        let open = repositories.events().writers().await?;
        let (mut new, mut after) = (Vec::new(), self.settled);
        loop {
            let page = repositories.events().since(after, PAGE).await?;
            let more = page.len() as u64 == PAGE;
            after = page.last().map_or(after, |(number, _)| *number);
            new.extend(page.into_iter().filter(|(number, _)| self.seen.insert(*number)));
            if !more {
                break;
            }
        }
        self.settle(open.oldest);
        // What begins from here on takes later numbers.
        let begun = repositories.events().writers().await?.next;
        self.marks.push_back((after, begun));
        Ok(new)
    }

    /// Lets go of what earlier rounds came to, if no transaction below `oldest` is at work.
    fn settle(&mut self, oldest: u64) {
        while self.marks.len() >= ROUNDS
            && let Some((last, _)) = self.marks.front().filter(|(_, begun)| *begun <= oldest)
        {
            self.settled = self.settled.max(*last);
            self.marks.pop_front();
        }
        self.seen = self.seen.split_off(&(self.settled + 1));
    }
}
