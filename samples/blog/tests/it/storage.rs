//! The repository of posts.

use std::collections::BTreeSet;

use keyward_blog::domain::post::{Content, Draft, Owner, Post, PostFilter, PostId, Title};
use keyward_blog::domain::store::BlogStore;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::model::users::Name;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::page::Page;
use keyward_infra::database::store::Database;
use sea_orm::ConnectionTrait;
use time::{Duration, OffsetDateTime};

use crate::support::start;

/// A time with microseconds.
fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::microseconds(1_795_305_600_123_456) + Duration::seconds(seconds)
}

fn draft(title: &str, published: bool) -> Draft {
    Draft { title: Title::parse(title).unwrap(), content: Content::parse("content").unwrap(), published }
}

async fn add(database: &Database, owner: UserId, title: &str, published: bool) -> PostId {
    database.posts().insert(owner, &draft(title, published), at(0)).await.unwrap().id
}

/// The titles that `filter` finds.
async fn titles(database: &Database, filter: PostFilter) -> Vec<String> {
    let found = database.posts().list(&filter, Page::default()).await.unwrap().items;
    found.into_iter().map(|post| post.title.to_string()).collect()
}

fn search(part: &str) -> PostFilter {
    PostFilter { search: Some(part.to_owned()), ..PostFilter::default() }
}

#[tokio::test]
async fn a_post_comes_back_as_it_was_written_with_its_owners_name() {
    let app = start().await;
    let database = &app.database;
    let ana = UserId(app.user("ana").await.id);
    let title = Title::parse(" 'Ein' \u{1F600} \\ \"Titel\"\n").unwrap();
    let content = Content::parse(&"ß\n".repeat(50_000)).unwrap();
    let draft = Draft { title: title.clone(), content: content.clone(), published: false };
    let mut posts = database.posts();
    let post = posts.insert(ana, &draft, at(3)).await.unwrap();
    let owner = Owner { id: ana, name: Some(Name::parse("ana").unwrap()) };
    let expected =
        Post { id: post.id, title, content, published: false, created_at: at(3), updated_at: at(3), owner };
    assert_eq!(post, expected);
    assert_eq!(posts.find(post.id).await.unwrap(), Some(expected.clone()));
    let own = PostFilter { visible_to: Some(ana), ..PostFilter::default() };
    assert_eq!(posts.list(&own, Page::default()).await.unwrap().items, [expected]);
}

#[tokio::test]
async fn a_post_of_nobody_dangles() {
    let app = start().await;
    let database = &app.database;
    let result = database.posts().insert(UserId(1), &draft("t", true), at(0)).await;
    assert!(matches!(result, Err(StoreError::Dangling)), "{result:?}");
}

#[tokio::test]
async fn a_post_is_replaced_and_removed_by_its_owner_only() {
    let app = start().await;
    let database = &app.database;
    let ana = UserId(app.user("ana").await.id);
    let bob = UserId(app.user("bob").await.id);
    let id = add(database, ana, "first", false).await;
    let other = add(database, ana, "other", true).await;
    let mut posts = database.posts();
    let before = posts.find(id).await.unwrap().unwrap();

    let second = Draft { content: Content::parse("more").unwrap(), ..draft("Second", true) };
    assert!(!posts.replace(id, bob, &second, at(5)).await.unwrap());
    assert_eq!(posts.find(id).await.unwrap().as_ref(), Some(&before));
    assert!(posts.replace(id, ana, &second, at(5)).await.unwrap());
    let after = Post {
        title: second.title.clone(),
        content: second.content.clone(),
        published: true,
        updated_at: at(5),
        ..before
    };
    assert_eq!(posts.find(id).await.unwrap(), Some(after));
    assert_eq!(titles(database, search("second")).await, ["Second"]);
    assert!(titles(database, search("first")).await.is_empty());

    assert!(!posts.delete(id, bob).await.unwrap());
    assert!(posts.delete(id, ana).await.unwrap());
    assert!(!posts.delete(id, ana).await.unwrap());
    assert!(!posts.replace(id, ana, &second, at(6)).await.unwrap());
    assert!(posts.find(id).await.unwrap().is_none());
    assert_eq!(posts.find(other).await.unwrap().unwrap().title.as_str(), "other");
    for absent in [i64::MIN, -1, 0, i64::MAX] {
        assert!(posts.find(PostId(absent)).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn an_id_is_never_given_again() {
    let app = start().await;
    let database = &app.database;
    let ana = UserId(app.user("ana").await.id);
    let first = add(database, ana, "first", true).await;
    database.posts().delete(first, ana).await.unwrap();
    assert!(add(database, ana, "second", true).await > first);
}

#[tokio::test]
async fn with_an_account_go_its_posts_and_no_others() {
    let app = start().await;
    let database = &app.database;
    let (ana, bob) = (UserId(app.user("ana").await.id), UserId(app.user("bob").await.id));
    for published in [true, false] {
        add(database, ana, "hers", published).await;
    }
    let his = add(database, bob, "his", false).await;
    let mut tx = database.begin().await.unwrap();
    assert!(tx.user_changes().delete(ana).await.unwrap());
    tx.commit().await.unwrap();
    assert!(database.posts().find(his).await.unwrap().is_some());
    // Not merely hidden by a join.
    let left = database.connection().execute_unprepared("DELETE FROM posts").await.unwrap();
    assert_eq!(left.rows_affected(), 1);
}

#[tokio::test]
async fn drafts_are_listed_for_their_owner_only() {
    let app = start().await;
    let database = &app.database;
    let ana = UserId(app.user("ana").await.id);
    let bob = UserId(app.user("bob").await.id);
    add(database, ana, "ana's draft", false).await;
    add(database, ana, "ana's post", true).await;
    add(database, bob, "bob's draft", false).await;
    add(database, bob, "bob's post", true).await;
    let filter = |visible_to, owner| PostFilter { visible_to, owner, search: None };
    assert_eq!(titles(database, filter(None, None)).await, ["ana's post", "bob's post"]);
    assert_eq!(titles(database, filter(Some(ana), None)).await, ["ana's draft", "ana's post", "bob's post"]);
    assert_eq!(titles(database, filter(Some(ana), Some(ana))).await, ["ana's draft", "ana's post"]);
    assert_eq!(titles(database, filter(Some(ana), Some(bob))).await, ["bob's post"]);
    assert_eq!(titles(database, filter(None, Some(ana))).await, ["ana's post"]);
    let of_drafts = PostFilter { visible_to: Some(ana), ..search("draft") };
    assert_eq!(titles(database, of_drafts).await, ["ana's draft"]);
}

#[tokio::test]
async fn a_search_means_its_characters_and_not_wildcards() {
    let app = start().await;
    let database = &app.database;
    let ana = UserId(app.user("ana").await.id);
    for title in ["100% sure", "100 sure", "snake_case", "snakeXcase", r"back\slash", "backslash", "it's"] {
        add(database, ana, title, true).await;
    }
    for (part, expected) in [
        ("100%", &["100% sure"][..]),
        ("%", &["100% sure"]),
        ("_", &["snake_case"]),
        ("e_c", &["snake_case"]),
        (r"\", &[r"back\slash"]),
        (r"\%", &[]),
        (r"k\s", &[r"back\slash"]),
        ("'", &["it's"]),
        ("sure", &["100% sure", "100 sure"]),
        ("100%sure", &[]),
        ("a\0", &[]),
    ] {
        assert_eq!(titles(database, search(part)).await, expected, "{part:?}");
    }
    assert_eq!(titles(database, search("")).await.len(), 7);
    for long in ["x".repeat(100_000), "%".repeat(100_000), "\u{130}".repeat(30_000)] {
        assert!(titles(database, search(&long)).await.is_empty());
    }
}

#[tokio::test]
async fn a_search_knows_no_letter_case_in_any_alphabet() {
    let app = start().await;
    let database = &app.database;
    let ana = UserId(app.user("ana").await.id);
    for title in ["Größe und ÄRGER", "ΟΔΟΣ", "МОСКВА", "ŻÓŁĆ"] {
        add(database, ana, title, true).await;
    }
    for (part, expected) in [
        ("GRÖSSE", &[][..]),
        ("GRÖß", &["Größe und ÄRGER"]),
        ("ärger", &["Größe und ÄRGER"]),
        ("οδος", &["ΟΔΟΣ"]),
        ("ΔΟΣ", &["ΟΔΟΣ"]),
        ("москва", &["МОСКВА"]),
        ("żółć", &["ŻÓŁĆ"]),
    ] {
        assert_eq!(titles(database, search(part)).await, expected, "{part:?}");
    }
}

#[tokio::test]
async fn the_longest_title_is_found_by_all_of_it() {
    let app = start().await;
    let database = &app.database;
    let ana = UserId(app.user("ana").await.id);
    // The letter that grows when its case is folded.
    let title = "\u{130}".repeat(Title::MAX);
    add(database, ana, &title, true).await;
    assert_eq!(titles(database, search(&title)).await, [title]);
}

#[tokio::test]
async fn pages_cover_every_post_once_while_others_come_and_go() {
    let app = start().await;
    let database = &app.database;
    let ana = UserId(app.user("ana").await.id);
    let mut ids = BTreeSet::new();
    for number in 0..25 {
        ids.insert(add(database, ana, &format!("p{number}"), number % 5 != 0).await);
    }
    let published: BTreeSet<_> = {
        let page = Page { limit: 200, after: None };
        let all = database.posts().list(&PostFilter::default(), page).await.unwrap();
        all.items.iter().map(|post| post.id).collect()
    };
    assert_eq!(published.len(), 20);

    let writer = {
        let database = database.clone();
        tokio::spawn(async move {
            for number in 0..40 {
                let id = add(&database, ana, &format!("new{number}"), true).await;
                if number % 2 == 0 {
                    database.posts().delete(id, ana).await.unwrap();
                }
            }
        })
    };
    let mut seen = Vec::new();
    let mut page = Page { limit: 4, after: None };
    loop {
        let rows = database.posts().list(&PostFilter::default(), page).await.unwrap();
        assert!(rows.items.len() <= 4);
        seen.extend(rows.items.iter().map(|post| post.id));
        if rows.next.is_none() {
            break;
        }
        page.after = rows.next;
    }
    writer.await.unwrap();
    assert!(seen.is_sorted_by(|left, right| left < right), "ascending, none twice: {seen:?}");
    assert!(published.is_subset(&seen.iter().copied().collect()), "none left out: {seen:?}");
}
