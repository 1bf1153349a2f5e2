//! Example posts for `keyward seed`.

use keyward_api::foundation::Foundation;
use keyward_api::resources::resource::{Seeded, Seeding};
use keyward_domain::values::ids::UserId;

use crate::domain::post::{Content, Draft, Title};
use crate::domain::posts::Posts;
use crate::wiring::posts_on;

const POSTS: [(&str, &str); 3] = [
    ("Hello", "This is what a post looks like."),
    ("Locks", "An operation with a padlock in the documentation needs a token; one without it does not."),
    ("Drafts", "A post that is not published is seen by its owner alone."),
];

/// Writes the user's posts.
pub fn seed(foundation: &Foundation, Seeded { user, .. }: Seeded) -> Seeding<'_> {
    Box::pin(async move { write(&posts_on(foundation), user).await.map_err(|error| error.to_string()) })
}

async fn write(posts: &Posts, owner: UserId) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    for (title, content) in POSTS {
        let draft = Draft {
            title: Title::parse(title)?,
            content: Content::parse(content)?,
            published: title != "Drafts",
        };
        posts.create(owner, &draft).await?;
    }
    Ok(())
}
