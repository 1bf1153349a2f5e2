//! The security events of one's own account.

use crate::model::events::Event;
use crate::model::store_error::StoreError;
use crate::ports::bundle::Ports;
use crate::values::ids::UserId;
use crate::values::page::{Page, Slice};

/// Lists the security events of an account.
#[derive(Clone)]
pub struct OwnEvents {
    ports: Ports,
}

impl OwnEvents {
    /// The use case over these ports.
    pub fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// One page of the events of a user, the oldest first, each with its number.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(&self, user: UserId, page: Page) -> Result<Slice<(i64, Event)>, StoreError> {
        let mut repositories = self.ports.store.autocommit();
        let found = repositories.events().of_user(user, page.after, page.fetch()).await?;
        Ok(Slice::cut(found, page, |(number, _)| *number))
    }
}
