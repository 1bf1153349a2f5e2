//! What a post is, the rules for posts, and the port that stores them.

pub mod post;
pub mod posts;
pub mod store;
