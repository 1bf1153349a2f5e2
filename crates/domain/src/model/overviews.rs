//! What administrators see of accounts, beside the accounts themselves.

use std::collections::BTreeMap;

use async_trait::async_trait;
use time::OffsetDateTime;

use super::store_error::StoreError;
use crate::values::ids::UserId;
use crate::values::proof::Method;

/// What an account did last, and what it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// When it last logged in; `None` where it has not since logins are noted.
    pub last_login_at: Option<OffsetDateTime>,
    /// What will do as its second factor; empty where it has none.
    pub factors: Vec<Method>,
}

/// Notes logins, and looks overviews up.
#[async_trait]
pub trait OverviewRepository: Send {
    /// Notes that an account logged in. A time before the one that is noted changes nothing.
    async fn note_login(&mut self, user: UserId, at: OffsetDateTime) -> Result<(), StoreError>;
    /// Looks these accounts up, all in one statement. Ids without an account are left out.
    async fn of(&mut self, users: &[UserId]) -> Result<BTreeMap<UserId, Overview>, StoreError>;
}
