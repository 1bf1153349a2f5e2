//! The scopes that the locks ask for. `TITLE` is what *Authorize* in `/docs` shows.

use keyward_guard::Scope;

pub struct PostsRead;

impl Scope for PostsRead {
    const NAME: &'static str = "posts:read";
    const TITLE: &'static str = "Read posts";
}

/// Write one's own posts.
pub struct PostsWrite;

impl Scope for PostsWrite {
    const NAME: &'static str = "posts:write";
    const TITLE: &'static str = "Write, change and delete your own posts";
}
