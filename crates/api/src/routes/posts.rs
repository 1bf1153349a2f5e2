//! Posts on the wire: behind locks at `/posts`, for anyone at `/blog`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use keyward_domain::posts::{self, Draft, PostFilter, PostId, Posts};
use serde::Serialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use crate::access::current_user::{CurrentUser, scope};
use crate::error::ApiError;
use crate::extract::{Body, Both, Fields, Input, List, Listed, Listing, Paged, Path, read};
use crate::fault::Flaw;
use crate::routes::rfc3339::rfc3339;

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
    owner: Owner,
}

/// Who wrote a post.
#[derive(Serialize, ToSchema)]
pub struct Owner {
    #[schema(example = 1)]
    id: i64,
    #[schema(required, example = "Ana")]
    name: Option<String>,
}

impl From<posts::Post> for Post {
    fn from(post: posts::Post) -> Self {
        Self {
            id: post.id.0,
            title: post.title.to_string(),
            content: post.content.to_string(),
            published: post.published,
            created_at: rfc3339(post.created_at),
            updated_at: rfc3339(post.updated_at),
            owner: Owner { id: post.owner.id.0, name: post.owner.name.map(|name| name.to_string()) },
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

impl Listed for Post {
    const LIST: List = List::Posts;
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

/// What was asked for: posts whose title holds something, one's own.
pub struct PostQuery {
    search: Option<String>,
    own: bool,
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

/// Posts: everybody's published ones, and my drafts
#[utoipa::path(get, path = "/posts", tag = "posts", responses((status = 200, description = "One page", body = [Post],
    headers(("Link" = String, description = "The next page, where there is one (RFC 8288)")))))]
pub async fn list_posts(
    user: CurrentUser<scope::PostsRead>,
    State(posts): State<Posts>,
    Paged { page, filter: PostQuery { search, own }, here }: Paged<Post, PostList>,
) -> Result<Listing<Post>, ApiError> {
    let filter = PostFilter { visible_to: Some(user.id), owner: own.then_some(user.id), search };
    Ok(here.listing(posts.list(&filter, page).await?))
}

/// Write a post
#[utoipa::path(post, path = "/posts", tag = "posts", responses((status = 201, description = "The post", body = Post)))]
pub async fn create_post(
    user: CurrentUser<scope::PostsWrite>,
    State(posts): State<Posts>,
    Body(draft): Body<PostWrite>,
) -> Result<(StatusCode, Json<Post>), ApiError> {
    let post = posts.create(user.id, &draft).await?;
    Ok((StatusCode::CREATED, Json(post.into())))
}

/// A post
#[utoipa::path(get, path = "/posts/{id}", tag = "posts", responses(
    (status = 200, description = "The post", body = Post),
    (status = 404, description = "No such post", body = ref("#/components/schemas/Error")),
))]
pub async fn read_post(
    user: CurrentUser<scope::PostsRead>,
    State(posts): State<Posts>,
    Path(id): Path<PostId>,
) -> Result<Json<Post>, ApiError> {
    Ok(Json(posts.find(Some(user.id), id).await?.into()))
}

/// Replace a post of mine
#[utoipa::path(put, path = "/posts/{id}", tag = "posts", responses(
    (status = 200, description = "The post", body = Post),
    (status = 404, description = "No such post", body = ref("#/components/schemas/Error")),
))]
pub async fn replace_post(
    user: CurrentUser<scope::PostsWrite>,
    State(posts): State<Posts>,
    Both(Path(id), Body(draft)): Both<Path<PostId>, Body<PostWrite>>,
) -> Result<Json<Post>, ApiError> {
    Ok(Json(posts.replace(user.id, id, &draft).await?.into()))
}

/// Delete a post of mine
#[utoipa::path(delete, path = "/posts/{id}", tag = "posts", responses(
    (status = 204, description = "Gone"),
    (status = 404, description = "No such post", body = ref("#/components/schemas/Error")),
))]
pub async fn delete_post(
    user: CurrentUser<scope::PostsWrite>,
    State(posts): State<Posts>,
    Path(id): Path<PostId>,
) -> Result<StatusCode, ApiError> {
    posts.delete(user.id, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Published posts, for anyone
#[utoipa::path(get, path = "/blog", tag = "blog", responses((status = 200, description = "One page", body = [Post],
    headers(("Link" = String, description = "The next page, where there is one (RFC 8288)"))),
    (status = 503, description = "Overloaded", body = ref("#/components/schemas/Error")),
))]
pub async fn list_blog(
    State(posts): State<Posts>,
    Paged { page, here, .. }: Paged<Post>,
) -> Result<Listing<Post>, ApiError> {
    Ok(here.listing(posts.list(&PostFilter::default(), page).await?))
}

/// A published post, for anyone
#[utoipa::path(get, path = "/blog/{id}", tag = "blog", responses(
    (status = 200, description = "The post", body = Post),
    (status = 404, description = "No such post", body = ref("#/components/schemas/Error")),
    (status = 503, description = "Overloaded", body = ref("#/components/schemas/Error")),
))]
pub async fn read_blog_post(
    State(posts): State<Posts>,
    Path(id): Path<PostId>,
) -> Result<Json<Post>, ApiError> {
    Ok(Json(posts.find(None, id).await?.into()))
}
