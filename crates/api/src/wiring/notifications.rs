//! What other processes on the same database notify of: this process forgets what they changed.

use std::sync::Arc;

use keyward_domain::ports::Changes;
use keyward_infra::{Database, Signal};
use tokio::sync::Notify;

use crate::access::epochs::Epochs;

/// Makes this process forget what others have changed.
#[derive(Clone)]
pub(crate) struct Notifications {
    pub(crate) database: Database,
    pub(crate) epochs: Arc<Epochs>,
    pub(crate) keys_changed: Arc<Notify>,
}

impl Notifications {
    /// Listens until dropped.
    pub(crate) async fn listen(self) {
        let Self { database, epochs, keys_changed } = self;
        let receive = |signal| match signal {
            Signal::User(user) => epochs.changed(user),
            Signal::Keys => keys_changed.notify_one(),
            Signal::Anything => {
                epochs.all_changed();
                keys_changed.notify_one();
            }
            Signal::Deaf(reason) => {
                tracing::warn!(reason, "changes elsewhere are noticed only within the revocation bound");
            }
        };
        database.listen(receive).await;
    }
}
