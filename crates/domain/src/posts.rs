//! Posts: written by their owners, read by everyone who may; a draft is its owner's alone.

use std::fmt;

use async_trait::async_trait;
use time::OffsetDateTime;

use crate::model::store_error::StoreError;
use crate::model::users::Name;
use crate::ports::bundle::Ports;
use crate::values::failure::{Failure, Kind};
use crate::values::ids::UserId;
use crate::values::page::{Page, Slice};
use crate::values::text::Text;

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

/// Who wrote a post, as others may see them: never with an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Their account.
    pub id: UserId,
    /// What others call them.
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

/// How many bytes of contents a page may have, beyond its first post: anybody may write long ones, and everybody lists them.
pub const PAGE_BYTES: u64 = 1024 * 1024;

/// Where posts are kept.
#[async_trait]
pub trait PostRepository: Send {
    /// Adds a post; [`StoreError::Dangling`] when its owner is gone.
    async fn insert(&mut self, owner: UserId, draft: &Draft, now: OffsetDateTime)
    -> Result<Post, StoreError>;
    /// The post of that id, published or not.
    async fn find(&mut self, id: PostId) -> Result<Option<Post>, StoreError>;
    /// One page, by ascending id, that ends early where contents would take more than [`PAGE_BYTES`].
    async fn list(&mut self, filter: &PostFilter, page: Page) -> Result<Slice<Post>, StoreError>;
    /// Replaces a post if it is this owner's; says whether it was.
    async fn replace(
        &mut self,
        id: PostId,
        owner: UserId,
        draft: &Draft,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError>;
    /// Removes a post if it is this owner's; says whether it was.
    async fn delete(&mut self, id: PostId, owner: UserId) -> Result<bool, StoreError>;
}

/// Why a use case of this module did not happen.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// There is no such post that the caller may know of.
    #[error("post with id: {0} was not found")]
    NotFound(PostId),
    /// Somebody else's post.
    #[error("Not authorized to perform requested action")]
    NotOwner,
    /// The writer's account is gone, though their token was still good.
    #[error("Could not validate credentials")]
    WriterGone,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for PostError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound(_) => Kind::NotFound,
            Self::NotOwner => Kind::Forbidden,
            Self::WriterGone => Kind::Unauthenticated,
            Self::Store(error) => error.kind(),
        }
    }
}

/// The use cases of posts.
#[derive(Clone)]
pub struct Posts {
    ports: Ports,
}

impl Posts {
    /// Use cases over these ports.
    pub fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Writes a post.
    pub async fn create(&self, owner: UserId, draft: &Draft) -> Result<Post, PostError> {
        let now = self.ports.clock.now();
        let written = self.ports.store.autocommit().posts().insert(owner, draft, now).await;
        written.map_err(|error| match error {
            StoreError::Dangling => PostError::WriterGone,
            other => PostError::Store(other),
        })
    }

    /// A post as `reader` may see it; nobody in particular sees published ones only.
    pub async fn find(&self, reader: Option<UserId>, id: PostId) -> Result<Post, PostError> {
        let mut found = match reader {
            Some(_) => None,
            None => self.ports.store.replica().posts().find(id).await?,
        };
        if found.is_none() {
            found = self.ports.store.autocommit().posts().find(id).await?;
        }
        found.filter(|post| visible(post, reader)).ok_or(PostError::NotFound(id))
    }

    /// One page of the posts that fit `filter`.
    pub async fn list(&self, filter: &PostFilter, page: Page) -> Result<Slice<Post>, PostError> {
        let store = &self.ports.store;
        // Whoever logged in may look for what they have just written.
        let mut repositories = if filter.visible_to.is_some() { store.autocommit() } else { store.replica() };
        Ok(repositories.posts().list(filter, page).await?)
    }

    /// Replaces the owner's own post.
    pub async fn replace(&self, owner: UserId, id: PostId, draft: &Draft) -> Result<Post, PostError> {
        let now = self.ports.clock.now();
        self.ports
            .retrying(|| async {
                let mut tx = self.ports.store.begin().await?;
                let replaced = tx.posts().replace(id, owner, draft, now).await?;
                let found = tx.posts().find(id).await?;
                if !replaced {
                    return Err(refusal(found, owner, id));
                }
                tx.commit().await?;
                found.ok_or(PostError::NotFound(id))
            })
            .await
    }

    /// Removes the owner's own post.
    pub async fn delete(&self, owner: UserId, id: PostId) -> Result<(), PostError> {
        let mut repositories = self.ports.store.autocommit();
        if repositories.posts().delete(id, owner).await? {
            return Ok(());
        }
        Err(refusal(repositories.posts().find(id).await?, owner, id))
    }
}

fn visible(post: &Post, reader: Option<UserId>) -> bool {
    post.published || reader == Some(post.owner.id)
}

/// Why a write by `caller` touched nothing: a post they may see is not theirs; any other is not there.
fn refusal(found: Option<Post>, caller: UserId, id: PostId) -> PostError {
    match found {
        Some(post) if visible(&post, Some(caller)) => PostError::NotOwner,
        _ => PostError::NotFound(id),
    }
}
