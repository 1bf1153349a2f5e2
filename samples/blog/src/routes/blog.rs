//! `/blog`: published posts for anyone. Without a `CurrentUser` there is no lock.

use axum::Json;
use axum::extract::State;
use keyward_api::answers::refused::Refused;
use keyward_api::extract::Paged;
use keyward_web::{Listing, Path};

use super::wire::Post;
use crate::domain::post::{PostFilter, PostId};
use crate::domain::posts::{NoPost, Posts};

/// Published posts, for anyone
#[utoipa::path(get, path = "/blog", tag = "blog")]
pub async fn list_blog(
    State(posts): State<Posts>,
    Paged { page, here, .. }: Paged<Post>,
) -> Result<Listing<Post>, Refused> {
    Ok(here.listing(posts.list(&PostFilter::default(), page).await?))
}

/// A published post, for anyone
#[utoipa::path(get, path = "/blog/{id}", tag = "blog")]
pub async fn read_blog_post(
    State(posts): State<Posts>,
    Path(id): Path<PostId>,
) -> Result<Json<Post>, Refused<NoPost>> {
    Ok(Json(posts.find(None, id).await?.into()))
}
