//! `/blog`: published posts for anyone. Without a `CurrentUser` there is no lock.

use axum::Json;
use axum::extract::State;
use keyward_api::error::ApiError;
use keyward_api::extract::Paged;
use keyward_web::{Listing, Path};

use super::wire::Post;
use crate::domain::post::{PostFilter, PostId};
use crate::domain::posts::Posts;

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
