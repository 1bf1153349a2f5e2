//! The use cases of posts. Only its owner changes a post; a draft is visible to its owner alone, a published post to all.

use std::sync::Arc;

use keyward_auth::ErrorCode;
use keyward_domain::limits::waits::Throttled;
use keyward_domain::limits::writes::WriteLimit;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::ports::bundle::Ports;
use keyward_domain::values::codes;
use keyward_domain::values::failure::{Failure, Kind};
use keyward_domain::values::ids::UserId;
use keyward_domain::values::page::{Page, Slice};

use super::post::{Draft, MOST_POSTS, Post, PostFilter, PostId};
use super::store::BlogStore;

/// The post is another user's.
pub const NOT_OWNER: ErrorCode = ErrorCode::new("not_owner");

/// Why a use case of posts failed.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// There is no such post, or it is another user's draft.
    #[error("post with id: {0} was not found")]
    NotFound(PostId),
    #[error("Not authorized to perform requested action")]
    NotOwner,
    /// The account has as many posts as it may have.
    #[error("You have as many posts as an account may have, {MOST_POSTS}. Delete some.")]
    Full,
    /// The account writes too fast.
    #[error(transparent)]
    TooFast(#[from] Throttled),
    /// The writer's account was deleted while their token was still valid.
    #[error("Could not validate credentials")]
    WriterGone,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for PostError {
    fn kind(&self) -> Kind {
        match self {
            Self::NotFound(_) => Kind::NotFound,
            Self::NotOwner => Kind::Forbidden,
            Self::Full => Kind::Conflict,
            Self::TooFast(_) => Kind::Throttled,
            Self::WriterGone => Kind::Unauthenticated,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::NotFound(_) => codes::NOT_FOUND,
            Self::NotOwner => NOT_OWNER,
            Self::Full => codes::ACCOUNT_FULL,
            Self::TooFast(_) => codes::TOO_MANY_ATTEMPTS,
            Self::WriterGone => ErrorCode::INVALID_TOKEN,
            Self::Store(error) => error.code(),
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooFast(Throttled { seconds }) => Some(*seconds),
            _ => None,
        }
    }
}

keyward_domain::cases! {
    /// No such post.
    NoPost => PostError::NotFound(PostId(9));
    /// The account has as many posts as it may have.
    NoRoom => PostError::Full;
    /// The account writes too fast: try again after `Retry-After` seconds.
    TooFast => PostError::TooFast(Throttled { seconds: 1 });
    /// Another user's post.
    OthersPost => PostError::NotOwner;
}

/// The use cases of posts.
#[derive(Clone)]
pub struct Posts {
    ports: Ports,
    store: Arc<dyn BlogStore>,
    writes: WriteLimit,
}

impl Posts {
    /// Use cases over these ports.
    pub fn new(ports: Ports, store: Arc<dyn BlogStore>, writes: WriteLimit) -> Self {
        Self { ports, store, writes }
    }

    pub async fn create(&self, owner: UserId, draft: &Draft) -> Result<Post, PostError> {
        let now = self.ports.clock.now();
        self.writes.spend(owner, now)?;
        let mut posts = self.store.posts();
        // Those written at the same moment may exceed it by as many.
        if posts.count_of(owner).await? >= MOST_POSTS {
            return Err(PostError::Full);
        }
        let written = posts.insert(owner, draft, now).await;
        written.map_err(|error| match error {
            StoreError::Dangling => PostError::WriterGone,
            other => PostError::Store(other),
        })
    }

    /// Finds a post that `reader` may see. Without a reader, only a published one.
    pub async fn find(&self, reader: Option<UserId>, id: PostId) -> Result<Post, PostError> {
        let mut found = match reader {
            Some(_) => None,
            None => self.store.posts_replica().find(id).await?,
        };
        if found.is_none() {
            found = self.store.posts().find(id).await?;
        }
        found.filter(|post| visible(post, reader)).ok_or(PostError::NotFound(id))
    }

    /// Returns one page of the posts that match `filter`.
    pub async fn list(&self, filter: &PostFilter, page: Page) -> Result<Slice<Post>, PostError> {
        // A user who is logged in may look for what they have just written, which a replica may not have yet.
        let mut posts =
            if filter.visible_to.is_some() { self.store.posts() } else { self.store.posts_replica() };
        Ok(posts.list(filter, page).await?)
    }

    /// Replaces the owner's own post.
    pub async fn replace(&self, owner: UserId, id: PostId, draft: &Draft) -> Result<Post, PostError> {
        let now = self.ports.clock.now();
        self.writes.spend(owner, now)?;
        self.ports
            .retrying(|| async {
                let mut tx = self.store.begin().await?;
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

    /// Deletes the owner's own post.
    pub async fn delete(&self, owner: UserId, id: PostId) -> Result<(), PostError> {
        let mut posts = self.store.posts();
        if posts.delete(id, owner).await? {
            return Ok(());
        }
        Err(refusal(posts.find(id).await?, owner, id))
    }
}

fn visible(post: &Post, reader: Option<UserId>) -> bool {
    post.published || reader == Some(post.owner.id)
}

/// Why a write by `caller` changed nothing: a post that they see belongs to another user; one that they do not see does
/// not exist for them.
fn refusal(found: Option<Post>, caller: UserId, id: PostId) -> PostError {
    match found {
        Some(post) if visible(&post, Some(caller)) => PostError::NotOwner,
        _ => PostError::NotFound(id),
    }
}
