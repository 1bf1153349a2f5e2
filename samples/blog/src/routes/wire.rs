//! The JSON of posts: what is answered, and what is read from a request.

use keyward_api::extract::read::text;
use keyward_api::routes::rfc3339::rfc3339;
use keyward_domain::values::text::Text;
use keyward_web::readers::choice;
use keyward_web::{Input, List, Listed};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::post::{self, Content, Draft, Title};

/// A post.
#[derive(Serialize, ToSchema)]
pub struct Post {
    #[schema(example = 1)]
    id: i64,
    #[schema(example = "Hello")]
    title: String,
    #[schema(example = "My first post.")]
    content: String,
    #[schema(example = true)]
    published: bool,
    #[schema(format = DateTime, example = "2026-01-31T12:00:00Z")]
    created_at: String,
    #[schema(format = DateTime, example = "2026-01-31T12:00:00Z")]
    updated_at: String,
    owner: PostOwner,
}

/// Who wrote a post.
#[derive(Serialize, ToSchema)]
#[schema(as = Owner)]
pub struct PostOwner {
    #[schema(example = 1)]
    id: i64,
    #[schema(required, example = "Ana")]
    name: Option<String>,
}

impl From<post::Post> for Post {
    fn from(post: post::Post) -> Self {
        Self {
            id: post.id.0,
            title: post.title.into_string(),
            content: post.content.into_string(),
            published: post.published,
            created_at: rfc3339(post.created_at),
            updated_at: rfc3339(post.updated_at),
            owner: PostOwner { id: post.owner.id.0, name: post.owner.name.map(Text::into_string) },
        }
    }
}

/// What to write.
#[derive(Input)]
#[input(
    max_body = 1024 * 1024,
    example = json!({ "title": "Hello", "content": "My first post.", "published": true }),
)]
pub struct PostWrite {
    #[input(read = text())]
    title: Title,
    #[input(read = text())]
    content: Content,
    /// A post that is not published is a draft, which its owner alone sees.
    #[input(default = true)]
    published: bool,
}

impl From<PostWrite> for Draft {
    fn from(PostWrite { title, content, published }: PostWrite) -> Self {
        Self { title, content, published }
    }
}

/// The byte in the cursors of this list. Each list of a server has its own.
pub const POSTS: List = List(b'p');

impl Listed for Post {
    const LIST: List = POSTS;
}

/// Which posts.
#[derive(Input)]
pub struct PostList {
    /// Only posts whose title holds this, in any letter case.
    #[input(length = 0..=300)]
    pub search: Option<String>,
    /// `me`: only my own.
    #[input(read = choice(&[("me", Owned::Me)]).described("Whose posts."))]
    pub owner: Option<Owned>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owned {
    Me,
}
