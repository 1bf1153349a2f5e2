//! Whether clients are told of logouts.

use keyward_api::wiring::database::OpenDatabase;

use super::report::Finding::{self, Bad, Good, Note};

/// How many logouts that were tried in vain are worth a look.
const MANY: u64 = 100;

/// The logouts that wait; `None` where the database cannot say.
pub(super) async fn waiting(database: &OpenDatabase) -> Option<Finding> {
    let backlog = database.repositories().logouts().backlog().await.ok()?;
    let words = format!("{} wait, {} of them were tried in vain", backlog.waiting, backlog.failing);
    Some(match backlog.failing {
        0 => Good(format!("{} wait to be told to clients", backlog.waiting)),
        1..MANY => Note(words),
        _ => {
            let way = "see the log, which names the clients that cannot be reached, and correct their URIs";
            Bad(words, format!("{way} with `keyward client set ID --backchannel-logout-uri`"))
        }
    })
}
