//! A post, and the repository that stores posts.

use std::fmt;

use async_trait::async_trait;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::model::users::Name;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::page::{Page, Slice, json_bytes};
use keyward_domain::values::text::Text;
use time::OffsetDateTime;

/// How many posts an account may have.
pub const MOST_POSTS: u64 = 10_000;

/// The id of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PostId(pub i64);

impl fmt::Display for PostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

pub type Title = Text<1, 300>;
pub type Content = Text<1, 100_000>;

/// The author of a post, as other users see them: without an e-mail address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub id: UserId,
    /// The name, if they gave one.
    pub name: Option<Name>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    pub id: PostId,
    pub title: Title,
    pub content: Content,
    /// Whether others may read it.
    pub published: bool,
    /// When it was written.
    pub created_at: OffsetDateTime,
    /// When it was last replaced.
    pub updated_at: OffsetDateTime,
    pub owner: Owner,
}

/// What the owner of a post decides.
#[derive(Clone, Debug)]
pub struct Draft {
    pub title: Title,
    pub content: Content,
    /// Whether others may read it.
    pub published: bool,
}

/// Narrows a list of posts. The default is every published post.
#[derive(Clone, Debug, Default)]
pub struct PostFilter {
    /// Also the drafts of this user.
    pub visible_to: Option<UserId>,
    /// Only posts of this user.
    pub owner: Option<UserId>,
    /// Only posts whose title contains this text, in any letter case.
    pub search: Option<String>,
}

impl Post {
    /// The bytes of what its owner wrote.
    pub fn bytes(&self) -> u64 {
        (self.title.as_str().len() + self.content.as_str().len()) as u64
    }

    /// The same in JSON.
    pub fn json_bytes(&self) -> u64 {
        json_bytes(self.title.as_str()) + json_bytes(self.content.as_str())
    }
}

#[async_trait]
pub trait PostRepository: Send {
    /// Adds a post; [`StoreError::Dangling`] when its owner has been deleted.
    async fn insert(&mut self, owner: UserId, draft: &Draft, now: OffsetDateTime)
    -> Result<Post, StoreError>;
    /// Finds a post by its id, published or not.
    async fn find(&mut self, id: PostId) -> Result<Option<Post>, StoreError>;
    /// Returns one page, by ascending id. It ends early where the posts would exceed
    /// [`PAGE_BYTES`](keyward_domain::values::page::PAGE_BYTES), and where a search that no index helps has read enough.
    async fn list(&mut self, filter: &PostFilter, page: Page) -> Result<Slice<Post>, StoreError>;
    /// Replaces a post if it belongs to this owner. Returns whether it did.
    async fn replace(
        &mut self,
        id: PostId,
        owner: UserId,
        draft: &Draft,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError>;
    /// Deletes a post if it belongs to this owner. Returns whether it did.
    async fn delete(&mut self, id: PostId, owner: UserId) -> Result<bool, StoreError>;
    /// Returns the number of an owner's posts.
    async fn count_of(&mut self, owner: UserId) -> Result<u64, StoreError>;
}
