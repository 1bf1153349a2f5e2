//! The list of posts in pages, by the `Link` of each answer.

use crate::support::{start, write};

#[tokio::test]
async fn following_the_links_visits_every_post_once() {
    let app = start().await;
    let ana = app.user("ana").await;
    let mut written = Vec::new();
    for number in 0..5 {
        written.push(write(&ana, &format!("Number {number}"), true).await);
    }
    for first in ["/posts?limit=2", "/posts?owner=me&search=number&limit=2", "/blog?limit=2"] {
        let (mut visited, mut next) = (Vec::new(), Some(first.to_owned()));
        while let Some(path) = next {
            let page = ana.get(&path).await;
            assert!(page.ids().len() <= 2, "{path}");
            visited.extend(page.ids());
            next = page.next();
        }
        assert_eq!(visited, written, "{first}");
    }
}

#[tokio::test]
async fn a_cursor_of_another_list_is_refused() {
    let app = start().await;
    let (root, _) = (app.admin("root").await, app.user("ana").await);
    let users = root.get("/users?limit=1").await.next().unwrap();
    let cursor = users.split_once("after=").unwrap().1;
    for list in ["/posts", "/blog"] {
        let fault = root.get(&format!("{list}?after={cursor}")).await.fault();
        assert_eq!(fault["loc"][1], "after", "{list}");
    }
}
