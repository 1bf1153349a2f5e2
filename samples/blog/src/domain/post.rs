//! Posts and their repository.

use std::fmt;

use async_trait::async_trait;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::model::users::Name;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::page::{Page, Slice};
use keyward_domain::values::text::Text;
use time::OffsetDateTime;

/// The id of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PostId(pub i64);

impl fmt::Display for PostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A post's title.
pub type Title = Text<1, 300>;
/// A post's text.
pub type Content = Text<1, 100_000>;

/// Who wrote a post, as others may see them: never with an e-mail address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Their account.
    pub id: UserId,
    /// The name that others see.
    pub name: Option<Name>,
}

/// A post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// The id.
    pub id: PostId,
    /// The title.
    pub title: Title,
    /// The text.
    pub content: Content,
    /// Whether others may read it.
    pub published: bool,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it was last replaced.
    pub updated_at: OffsetDateTime,
    /// Who wrote it.
    pub owner: Owner,
}

/// What an owner writes.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The title.
    pub title: Title,
    /// The text.
    pub content: Content,
    /// Whether others may read it.
    pub published: bool,
}

/// Which posts are wanted.
#[derive(Clone, Debug, Default)]
pub struct PostFilter {
    /// Only published posts, and the drafts of this user.
    pub visible_to: Option<UserId>,
    /// Only posts of this user.
    pub owner: Option<UserId>,
    /// Only posts whose title holds this text, whatever its letter case.
    pub search: Option<String>,
}

/// How many bytes of contents a page may have, beyond its first post: anyone may write long ones, and everyone lists them.
pub const PAGE_BYTES: u64 = 1024 * 1024;

/// Stores posts.
#[async_trait]
pub trait PostRepository: Send {
    /// Adds a post; [`StoreError::Dangling`] when its owner has been deleted.
    async fn insert(&mut self, owner: UserId, draft: &Draft, now: OffsetDateTime)
    -> Result<Post, StoreError>;
    /// Finds a post by its id, published or not.
    async fn find(&mut self, id: PostId) -> Result<Option<Post>, StoreError>;
    /// Returns one page, by ascending id, that ends early where contents would take more than [`PAGE_BYTES`].
    async fn list(&mut self, filter: &PostFilter, page: Page) -> Result<Slice<Post>, StoreError>;
    /// Replaces a post if it is this owner's. Returns whether it was.
    async fn replace(
        &mut self,
        id: PostId,
        owner: UserId,
        draft: &Draft,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError>;
    /// Removes a post if it is this owner's. Returns whether it was.
    async fn delete(&mut self, id: PostId, owner: UserId) -> Result<bool, StoreError>;
    /// Removes every post of an owner.
    async fn delete_of(&mut self, owner: UserId) -> Result<(), StoreError>;
}
