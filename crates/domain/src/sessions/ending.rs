//! Ending one session, for whichever reason.

use crate::model::events::{Event, EventKind};
use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;
use crate::values::by::By;
use crate::values::ids::{SessionId, UserId};
use crate::values::origin::Origin;

/// Ends a session and records why. Returns whether it was live.
pub(crate) async fn end(
    ports: &Ports,
    user: UserId,
    id: SessionId,
    why: EventKind,
    by: By,
    origin: &Origin,
) -> Result<bool, StoreError> {
    let now = ports.clock.now();
    ports
        .retrying(|| async {
            let mut tx = ports.store.begin().await?;
            // A session that is being opened in it, or instead of it, is there by then, or finds it ended.
            tx.user_changes().hold(user).await?;
            let ended = match why {
                EventKind::RefreshReused | EventKind::CodeReused => {
                    tx.session_endings().revoke_reused(user, id, now).await?
                }
                _ => tx.session_endings().revoke(user, id, now).await?,
            };
            if ended {
                tx.events().append(&Event::new(now, why, by.clone(), origin).of(user).in_session(id)).await?;
            }
            tx.commit().await?;
            Ok(ended)
        })
        .await
}
