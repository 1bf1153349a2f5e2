//! Notes when API keys are used. A note that takes long goes on beside the request that uses the key, and one that fails refuses none.

use std::sync::Arc;
use std::time::Duration;

use keyward_domain::identity::standing_keys::{NOTED_EVERY, StandingKeys};
use keyward_domain::model::api_keys::ApiKey;
use keyward_domain::values::clock::Clock;
use keyward_domain::values::ids::ApiKeyId;
use quick_cache::sync::Cache;
use time::OffsetDateTime;
use tokio::sync::Semaphore;

/// Number of keys whose last note is remembered.
const REMEMBERED: usize = 10_000;
/// Number of notes under way at once. Beyond these, a use is noted at a later one.
const UNDER_WAY: usize = 4;
/// How long a request waits for a note.
const PATIENCE: Duration = Duration::from_millis(100);

/// Notes uses. Cheap to clone; clones note together.
#[derive(Clone)]
pub struct KeyUses(Arc<Parts>);

struct Parts {
    clock: Arc<dyn Clock>,
    keys: StandingKeys,
    /// When a note was last begun, successful or not.
    begun: Cache<ApiKeyId, OffsetDateTime>,
    under_way: Arc<Semaphore>,
}

impl KeyUses {
    pub(crate) fn new(clock: Arc<dyn Clock>, keys: StandingKeys) -> Self {
        let under_way = Arc::new(Semaphore::new(UNDER_WAY));
        Self(Arc::new(Parts { clock, keys, begun: Cache::new(REMEMBERED), under_way }))
    }

    /// Notes that a key is used now, unless that was noted within the last minute.
    pub(crate) async fn note(&self, key: &ApiKey) {
        let Parts { clock, keys, begun, under_way } = &*self.0;
        let now = clock.now();
        let recent = |at: OffsetDateTime| at > now - NOTED_EVERY;
        if key.last_used_at.is_some_and(recent) || begun.get(&key.id).is_some_and(recent) {
            return;
        }
        let Ok(permit) = Arc::clone(under_way).try_acquire_owned() else { return };
        begun.insert(key.id, now);
        let (keys, key) = (keys.clone(), key.clone());
        let note = tokio::spawn(async move {
            if let Err(cause) = keys.note_use(&key, now).await {
                tracing::warn!(?cause, "the use of an API key could not be noted");
            }
            drop(permit);
        });
        drop(tokio::time::timeout(PATIENCE, note).await);
    }
}
