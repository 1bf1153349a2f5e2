//! Whether clients are told of logouts.

use keyward_api::wiring::database::OpenDatabase;

use super::report::Finding::{self, Good, Note};

/// The logouts that wait; `None` where the database cannot say. A client that cannot be reached is not this server's fault.
pub(super) async fn waiting(database: &OpenDatabase) -> Option<Finding> {
    let backlog = database.repositories().logouts().backlog().await.ok()?;
    let waiting = backlog.waiting;
    Some(match backlog.failing {
        0 => Good(format!("{waiting} wait for clients")),
        failing => {
            Note(format!("{waiting} wait for clients, {failing} of them were tried in vain: see the log"))
        }
    })
}
