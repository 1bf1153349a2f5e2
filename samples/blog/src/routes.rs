//! The blog's operations, one line each.

pub mod blog;
pub mod posts;
pub mod scope;
pub mod wire;

use axum::extract::FromRef;
use keyward_api::resources::routes::Hosted;
use keyward_guard::endpoint;
use keyward_web::IntegerId;
use utoipa_axum::router::OpenApiRouter;

use crate::domain::post::PostId;
use crate::domain::posts::Posts;

/// Every operation, in the order of the documentation.
pub fn routes() -> OpenApiRouter<Hosted<Posts>> {
    OpenApiRouter::new()
        .routes(endpoint!(posts::list_posts))
        .routes(endpoint!(posts::create_post))
        .routes(endpoint!(posts::read_post))
        .routes(endpoint!(posts::replace_post))
        .routes(endpoint!(posts::delete_post))
        .routes(endpoint!(blog::list_blog))
        .routes(endpoint!(blog::read_blog_post))
}

impl FromRef<Hosted<Posts>> for Posts {
    fn from_ref(state: &Hosted<Posts>) -> Self {
        state.own.clone()
    }
}

impl IntegerId for PostId {
    fn from_integer(number: i64) -> Self {
        Self(number)
    }
}
