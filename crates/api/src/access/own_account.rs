//! The caller's own account, which front ends ask for on every page: from memory while nothing changed.
//!
//! What this process changes is seen at once, what another one changes within the revocation bound.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::body::Bytes;
use keyward_domain::identity::error::UserError;
use keyward_domain::identity::users::Users;
use keyward_domain::model::users::User;
use keyward_domain::values::actor::Actor;
use keyward_domain::values::ids::UserId;

use super::cache_use::CacheUse;
use super::epochs::Epochs;
use super::remembered::Remembered;

/// Accounts as their owners see them. Cheap to clone.
#[derive(Clone)]
pub struct OwnAccount(Arc<Parts>);

struct Parts {
    users: Users,
    remembered: Remembered<UserId, Arc<Account>, UserError>,
}

/// An account, and its answer once it was written.
pub struct Account {
    pub user: User,
    json: OnceLock<Bytes>,
}

impl Account {
    /// Its answer: what `write` makes of it, at the first call only.
    pub fn json(&self, write: impl FnOnce(&User) -> Bytes) -> Bytes {
        self.json.get_or_init(|| write(&self.user)).clone()
    }
}

impl OwnAccount {
    /// Accounts that are remembered for at most `bound`.
    pub(crate) fn new(users: Users, epochs: Arc<Epochs>, bound: Duration) -> Self {
        let remembered = Remembered::new("users", epochs, bound);
        Self(Arc::new(Parts { users, remembered }))
    }

    /// The actor's account.
    ///
    /// # Errors
    /// As [`Users::find_own`].
    pub async fn of(&self, actor: &Actor) -> Result<Arc<Account>, Arc<UserError>> {
        let Parts { users, remembered } = &*self.0;
        let find = || async {
            let user = users.find_own(actor).await?;
            Ok(Arc::new(Account { user, json: OnceLock::new() }))
        };
        remembered.get(actor.who, actor.who, find).await
    }

    /// How much the memory is used.
    pub(crate) fn usage(&self) -> CacheUse {
        self.0.remembered.usage()
    }
}
