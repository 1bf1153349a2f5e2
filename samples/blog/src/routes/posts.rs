//! `/posts`: posts behind locks. `CurrentUser` is the lock: it checks the token and draws the padlock.

use axum::Json;
use axum::extract::State;
use axum::response::NoContent;
use keyward_api::access::current_user::CurrentUser;
use keyward_api::answers::refused::Refused;
use keyward_api::answers::success::Created;
use keyward_api::extract::Paged;
use keyward_web::{Body, Both, Listing, Path};

use super::scope;
use super::wire::{Post, PostList, PostWrite};
use crate::domain::post::{PostFilter, PostId};
use crate::domain::posts::{NoPost, NoRoom, OthersPost, Posts, TooFast};

/// Posts: everybody's published ones, and my drafts
#[utoipa::path(get, path = "/posts", tag = "posts")]
pub async fn list_posts(
    user: CurrentUser<scope::PostsRead>,
    State(posts): State<Posts>,
    Paged { page, filter: PostList { search, owner }, here }: Paged<Post, PostList>,
) -> Result<Listing<Post>, Refused> {
    let filter = PostFilter { visible_to: Some(user.who), owner: owner.map(|_| user.who), search };
    Ok(here.listing(posts.list(&filter, page).await?))
}

/// Write a post
#[utoipa::path(post, path = "/posts", tag = "posts")]
pub async fn create_post(
    user: CurrentUser<scope::PostsWrite>,
    State(posts): State<Posts>,
    Body(draft): Body<PostWrite>,
) -> Result<Created<Post>, Refused<(NoRoom, TooFast)>> {
    let post = posts.create(user.who, &draft.into()).await?;
    Ok(Created(post.into()))
}

/// A post
#[utoipa::path(get, path = "/posts/{id}", tag = "posts")]
pub async fn read_post(
    user: CurrentUser<scope::PostsRead>,
    State(posts): State<Posts>,
    Path(id): Path<PostId>,
) -> Result<Json<Post>, Refused<NoPost>> {
    Ok(Json(posts.find(Some(user.who), id).await?.into()))
}

/// Replace a post of mine
#[utoipa::path(put, path = "/posts/{id}", tag = "posts")]
pub async fn replace_post(
    user: CurrentUser<scope::PostsWrite>,
    State(posts): State<Posts>,
    Both(Path(id), Body(draft)): Both<Path<PostId>, Body<PostWrite>>,
) -> Result<Json<Post>, Refused<(NoPost, OthersPost, TooFast)>> {
    Ok(Json(posts.replace(user.who, id, &draft.into()).await?.into()))
}

/// Delete a post of mine
#[utoipa::path(delete, path = "/posts/{id}", tag = "posts")]
pub async fn delete_post(
    user: CurrentUser<scope::PostsWrite>,
    State(posts): State<Posts>,
    Path(id): Path<PostId>,
) -> Result<NoContent, Refused<(NoPost, OthersPost)>> {
    posts.delete(user.who, id).await?;
    Ok(NoContent)
}
