//! What a resource does when an account is deleted.

use std::pin::Pin;

use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::ids::UserId;

use super::connections::Open;
use super::db::Db;

/// A step of a deletion. It runs in the transaction that deletes the account, before the account's row is removed, and a
/// failure undoes the whole deletion.
pub type Leaving = for<'a> fn(&'a mut Db<Open>, UserId) -> LeavingStep<'a>;

/// A step under way.
pub type LeavingStep<'a> = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + 'a>>;
