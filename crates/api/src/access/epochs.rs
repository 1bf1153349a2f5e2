//! When anything last changed about a user: what lets remembered answers be given until then, and wakes those
//! who wait.
//!
//! Every user has an epoch. An answer holds only while the epoch read *before* asking the database is still
//! the user's epoch, so an answer from before a change is never given after it.

use std::sync::atomic::{AtomicU64, Ordering};

use keyward_domain::ports::announce::{Change, Subscriber};
use keyward_domain::values::ids::UserId;
use tokio::sync::watch;

/// How many epochs there are; users share them by id, which costs a forgotten answer now and then.
const EPOCHS: usize = 4096;

/// When anything last changed about whom.
pub struct Epochs {
    users: Box<[AtomicU64]>,
    /// Wakes all tasks that wait for a change, of any user.
    any: watch::Sender<()>,
}

impl Default for Epochs {
    fn default() -> Self {
        Self { users: (0..EPOCHS).map(|_| AtomicU64::new(0)).collect(), any: watch::Sender::default() }
    }
}

impl Epochs {
    fn of(&self, user: UserId) -> &AtomicU64 {
        let index = user.0.unsigned_abs() % EPOCHS as u64;
        &self.users[usize::try_from(index).unwrap_or(0)]
    }

    /// The epoch of this user.
    pub(crate) fn now(&self, user: UserId) -> u64 {
        self.of(user).load(Ordering::SeqCst)
    }

    /// Changes from now on, about anybody.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.any.subscribe()
    }
}

impl Subscriber for Epochs {
    fn changed(&self, change: Change) {
        match change {
            Change::User(user) => drop(self.of(user).fetch_add(1, Ordering::SeqCst)),
            Change::Anything => {
                for epoch in &self.users {
                    epoch.fetch_add(1, Ordering::SeqCst);
                }
            }
            Change::Keys | Change::Mail | Change::Logout => return,
        }
        self.any.send_replace(());
    }
}
