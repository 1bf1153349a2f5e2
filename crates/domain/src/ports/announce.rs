//! Announcing changes: what this process remembers, or waits for, must not outlive a change in the store.

use crate::values::ids::UserId;

/// A change in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// An account or its sessions.
    User(UserId),
    Keys,
    /// A mail was put into the outbox.
    Mail,
    /// A logout waits to be delivered to a client.
    Logout,
    /// Anything: changes may have been missed.
    Anything,
}

/// Is notified of changes once they are committed. A change may be announced more than once.
pub trait Subscriber: Send + Sync {
    /// `change` was committed, or may have been. Must return at once.
    fn changed(&self, change: Change);
}
