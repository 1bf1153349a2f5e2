//! What a post is, and what is done with posts.

pub mod post;
pub mod posts;
pub mod store;
