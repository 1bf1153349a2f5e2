//! An account's posts, drafts too, in the file that its owner downloads.

use std::sync::Arc;

use async_trait::async_trait;
use keyward_api::foundation::Core;
use keyward_api::resources::own_data::item;
use keyward_domain::identity::own_data::{OwnDataSource, OwnPage};
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::page::{MAX_LIMIT, Page, Slice};

use crate::domain::post::PostFilter;
use crate::domain::posts::{PostError, Posts};
use crate::routes::wire;
use crate::wiring;

struct OwnPosts(Posts);

/// Reads an account's posts.
pub(crate) fn posts(core: &Core) -> Arc<dyn OwnDataSource> {
    Arc::new(OwnPosts(wiring::posts(core)))
}

#[async_trait]
impl OwnDataSource for OwnPosts {
    async fn page(&self, user: UserId, after: Option<String>) -> Result<OwnPage, StoreError> {
        let filter = PostFilter { visible_to: Some(user), owner: Some(user), search: None };
        let page = Page { limit: MAX_LIMIT, after: after.and_then(|after| after.parse().ok()) };
        let posts = self.0.list(&filter, page).await.map_err(|error| match error {
            PostError::Store(error) => error,
            other => StoreError::Internal(Box::new(other)),
        })?;
        let Slice { items, next } = posts.try_map(|post| item(&wire::Post::from(post)))?;
        Ok(Slice { items, next: next.map(|next| next.to_string()) })
    }
}
