//! What wakes the jobs of this process: its own commits, and the notifications of other processes on the same database.

use keyward_domain::ports::announce::{Change, Subscriber};
use keyward_infra::database::store::Database;
use tokio::sync::Notify;

/// Wakes the jobs that a change concerns.
#[derive(Default)]
pub(crate) struct Wakes {
    /// A mail was put into the outbox.
    pub(crate) mail: Notify,
    /// A logout waits to be delivered to a client.
    pub(crate) logouts: Notify,
    pub(crate) keys: Notify,
}

impl Subscriber for Wakes {
    fn changed(&self, change: Change) {
        match change {
            Change::Mail => self.mail.notify_one(),
            Change::Logout => self.logouts.notify_one(),
            Change::Keys | Change::Anything => self.keys.notify_one(),
            Change::User(_) => {}
        }
    }
}

/// Receives the notifications of other processes until dropped.
pub(crate) async fn listen(database: Database) {
    let disconnected = |reason: String| {
        tracing::warn!(reason, "changes elsewhere are noticed only within the revocation bound");
    };
    database.listen(disconnected).await;
}
