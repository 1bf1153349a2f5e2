//! The JSON of posts: what is answered, and what is read from a request.

use keyward_api::extract::{Fields, Input, List, Listed, read};
use keyward_api::fault::Flaw;
use keyward_api::routes::rfc3339::rfc3339;
use serde::Serialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::domain::post::{self, Draft};

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
            title: post.title.to_string(),
            content: post.content.to_string(),
            published: post.published,
            created_at: rfc3339(post.created_at),
            updated_at: rfc3339(post.updated_at),
            owner: PostOwner { id: post.owner.id.0, name: post.owner.name.map(|name| name.to_string()) },
        }
    }
}

/// What to write.
#[derive(ToSchema)]
#[schema(example = json!({ "title": "Hello", "content": "My first post.", "published": true }))]
#[expect(dead_code, reason = "documents what `read` reads")]
pub struct PostWrite {
    #[schema(min_length = 1, max_length = 300)]
    title: String,
    #[schema(min_length = 1, max_length = 100_000)]
    content: String,
    /// A post that is not published is a draft, which its owner alone sees.
    #[schema(default = true, required = false)]
    published: bool,
}

impl Input for PostWrite {
    type Value = Draft;

    const MAX_BODY: usize = 1024 * 1024;

    fn read(fields: &mut Fields<'_>) -> Option<Draft> {
        let title = fields.required("title", read::text);
        let content = fields.required("content", read::text);
        let published = fields.or_default("published", true, read::boolean);
        Some(Draft { title: title?, content: content?, published: published? })
    }
}

/// The byte in the cursors of this list. Each list of a server has its own.
pub const POSTS: List = List(b'p');

impl Listed for Post {
    const LIST: List = POSTS;
}

/// Which posts.
#[derive(IntoParams)]
#[expect(dead_code, reason = "documents what `read` reads")]
pub struct PostList {
    /// Only posts whose title holds this, in any letter case.
    #[param(nullable = false, max_length = 300)]
    search: Option<String>,
    /// `me`: only my own.
    #[param(nullable = false, inline)]
    owner: Option<Owned>,
}

/// Whose posts.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "documents what `read` reads")]
enum Owned {
    Me,
}

/// What `PostList` reads.
pub struct PostQuery {
    /// Only posts whose title contains this.
    pub search: Option<String>,
    /// Only posts of the caller.
    pub own: bool,
}

impl Input for PostList {
    type Value = PostQuery;

    fn read(fields: &mut Fields<'_>) -> Option<PostQuery> {
        let search =
            fields.optional("search", |value| read::text::<0, 300>(value).map(|text| text.to_string()));
        let own = fields.optional("owner", |value| match read::string(value)? {
            "me" => Ok(()),
            _ => Err(Flaw::with_ctx("literal_error", "Input should be 'me'", json!({ "expected": "'me'" }))),
        });
        Some(PostQuery { search: search?, own: own?.is_some() })
    }
}
