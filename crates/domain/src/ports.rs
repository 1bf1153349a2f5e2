//! The ports every use case stands on, in one bundle.

use std::sync::Arc;

use keyward_auth::Random;

use crate::clock::Clock;
use crate::hashing::Hashing;
use crate::store::Store;
use crate::users::UserId;

/// What the use cases need from outside.
#[derive(Clone)]
pub struct Ports {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Unguessable bytes.
    pub random: Arc<dyn Random>,
    /// Slow password work.
    pub hashing: Arc<dyn Hashing>,
    /// Who must hear of changed accounts and ended sessions.
    pub changes: Arc<dyn Changes>,
}

/// Told, after the commit, that what anyone remembers of this user's account and sessions may no longer hold.
pub trait Changes: Send + Sync {
    /// Something about `user` or their sessions changed.
    fn changed(&self, user: UserId);
}
