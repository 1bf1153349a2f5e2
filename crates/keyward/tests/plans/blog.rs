//! Calls of the blog's repository.

use keyward_blog::domain::post::{Content, Draft, PostFilter, PostId, Title};
use keyward_blog::domain::store::BlogTransaction;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::page::Page;

use crate::Inspector;
use crate::accounts::after;
use crate::data::RARE;

pub(crate) async fn all(inspector: &mut Inspector) {
    posts(inspector).await;
    lists_of_posts(inspector).await;
}

async fn posts(inspector: &mut Inspector) {
    let id = inspector.rows / 2 + 1;
    let owner = UserId(1 + id * 7919 % inspector.rows);
    let id = PostId(id);
    let draft = Draft {
        title: Title::parse("New").unwrap(),
        content: Content::parse("New").unwrap(),
        published: true,
    };
    let long = Draft { content: Content::parse(&"New".repeat(10_000)).unwrap(), ..draft.clone() };
    inspector
        .of("posts.insert", async |db| {
            db.posts().insert(owner, &draft, after(0)).await.unwrap();
        })
        .await;
    inspector
        .of("posts.find", async |db| {
            db.posts().find(id).await.unwrap().unwrap();
        })
        .await;
    inspector
        .of("posts.replace", async |db| {
            assert!(db.posts().replace(id, owner, &draft, after(0)).await.unwrap());
        })
        .await;
    inspector
        .of("posts.list", async |db| {
            assert!(db.posts().replace(id, owner, &long, after(0)).await.unwrap());
            let page = Page { limit: 50, after: Some(id.0 - 1) };
            let list = db.posts().list(&PostFilter::default(), page).await.unwrap();
            assert_eq!(list.items[0].content, long.content, "it is too long for the first statement");
        })
        .await;
    inspector
        .of("posts.delete", async |db| {
            assert!(db.posts().delete(id, owner).await.unwrap());
        })
        .await;
    inspector
        .of("posts.count_of", async |db| {
            assert!(db.posts().count_of(owner).await.unwrap() > 0);
        })
        .await;
}

async fn lists_of_posts(inspector: &mut Inspector) {
    let (rows, importer) = (inspector.rows, UserId(2));
    let search = |part: &str| Some(part.to_owned());
    let reader = Some(UserId(rows / 3));
    let filters = [
        ("published", PostFilter::default()),
        ("as a reader sees them", PostFilter { visible_to: reader, ..PostFilter::default() }),
        ("with many drafts", PostFilter { visible_to: Some(importer), ..PostFilter::default() }),
        ("of whom only drafts are", PostFilter { owner: Some(importer), visible_to: reader, search: None }),
        ("one's own", PostFilter { owner: Some(importer), visible_to: Some(importer), search: None }),
        ("with a common word", PostFilter { visible_to: reader, search: search("post"), owner: None }),
        ("with a rare word", PostFilter { visible_to: reader, search: search(RARE), owner: None }),
        ("with an unknown word", PostFilter { visible_to: reader, search: search("xyzzy"), owner: None }),
        ("with no letter", PostFilter { visible_to: reader, search: search("!!!"), owner: None }),
        ("with one letter", PostFilter { visible_to: reader, search: search("~"), owner: None }),
        (
            "of one owner with a word",
            PostFilter { owner: reader, visible_to: reader, search: search("post") },
        ),
    ];
    for (what, filter) in filters {
        let first = list_posts(inspector, &filter, None).await;
        let deep = list_posts(inspector, &filter, Some(rows / 2)).await;
        inspector.pages("posts.list", what, first, deep);
    }
}

async fn list_posts(
    inspector: &mut Inspector,
    filter: &PostFilter,
    after: Option<i64>,
) -> Vec<(sea_orm::Statement, crate::judge::Cost)> {
    let page = Page { limit: 50, after };
    inspector
        .costs("posts.list", async |db| {
            db.posts().list(filter, page).await.unwrap();
        })
        .await
}
