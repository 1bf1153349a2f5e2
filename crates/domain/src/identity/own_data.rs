//! What is kept about an account, as its owner downloads it: lists that are read a page at a time, so that a long one costs no more memory
//! than a short one.

use std::sync::Arc;

use async_trait::async_trait;

use crate::model::store_error::StoreError;
use crate::values::ids::UserId;
use crate::values::page::Slice;

/// One page of a list: its items, each as one JSON value, and the cursor of the next page.
pub type OwnPage = Slice<String, String>;

/// A list of what is kept about accounts.
#[async_trait]
pub trait OwnDataSource: Send + Sync {
    /// Returns the items of this user that follow the cursor `after`, a page of the list before; `None` for the first page. A page has at
    /// most some hundred items, and about [`PAGE_BYTES`](crate::values::page::PAGE_BYTES).
    ///
    /// # Errors
    /// The store's.
    async fn page(&self, user: UserId, after: Option<String>) -> Result<OwnPage, StoreError>;
}

/// A list with its name in the file.
#[derive(Clone)]
pub struct OwnList {
    pub name: &'static str,
    pub source: Arc<dyn OwnDataSource>,
}
