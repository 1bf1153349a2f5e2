//! Notifying this process of what it commits, and of what other processes announce.

use std::sync::{Arc, PoisonError, RwLock};

use keyward_domain::ports::announce::{Change, Subscriber};

/// The subscribers of this process.
#[derive(Default)]
pub(crate) struct Announcer(RwLock<Vec<Arc<dyn Subscriber>>>);

impl Announcer {
    pub(crate) fn subscribe(&self, subscriber: Arc<dyn Subscriber>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).push(subscriber);
    }

    pub(crate) fn announce(&self, change: Change) {
        for subscriber in self.0.read().unwrap_or_else(PoisonError::into_inner).iter() {
            subscriber.changed(change);
        }
    }
}

/// Changes that are announced when this is dropped.
pub(crate) struct Announcement {
    pub(crate) announcer: Arc<Announcer>,
    pub(crate) changes: Vec<Change>,
}

impl Drop for Announcement {
    fn drop(&mut self) {
        for change in self.changes.drain(..) {
            self.announcer.announce(change);
        }
    }
}
