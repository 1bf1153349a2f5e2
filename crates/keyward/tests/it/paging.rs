//! Pages: a bare array, and the way to the next one in `Link`.

use keyward_api::testing::app::TestApp;
use keyward_api::testing::person::Person;
use serde_json::json;

use crate::app::{Starts, Writes};

/// Every id, following `Link` to its end.
async fn walk(reader: &Person, first: &str) -> Vec<Vec<i64>> {
    let (mut pages, mut next) = (Vec::new(), Some(first.to_owned()));
    while let Some(path) = next {
        let answer = reader.get(&path).await;
        pages.push(answer.ids());
        next = answer.next();
        assert!(pages.len() < 100, "Link leads round in circles");
    }
    pages
}

#[tokio::test]
async fn following_the_links_meets_every_row_once() {
    let app = TestApp::start().await;
    let (root, ana) = (app.admin("root").await, app.user("ana").await);
    let mut all = Vec::new();
    for number in 0..7 {
        all.push(ana.writes(&format!("Post {number}"), true).await);
    }
    for path in ["/posts?limit=3", "/blog?limit=3", "/posts?search=post&limit=3&owner=me"] {
        let pages = walk(&ana, path).await;
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 1], "{path}");
        assert_eq!(pages.concat(), all, "{path}");
    }
    assert_eq!(walk(&root, "/users?limit=1").await, [[root.id], [ana.id]]);
    assert_eq!(walk(&ana, "/posts?limit=7").await.len(), 1, "a full last page has no next one");
}

#[tokio::test]
async fn a_row_deleted_between_two_pages_costs_no_other_row() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let mut ids = Vec::new();
    for number in 0..4 {
        ids.push(ana.writes(&format!("Post {number}"), true).await);
    }
    let next = ana.get("/posts?limit=2").await.next().unwrap();
    for id in &ids[..2] {
        ana.delete(&format!("/posts/{id}")).await.assert_status(204);
    }
    assert_eq!(ana.get(&next).await.ids(), ids[2..]);
}

#[tokio::test]
async fn long_posts_come_a_few_at_a_time_and_none_is_left_out() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    // 100,000 characters of four bytes each: two and a half of them are a megabyte.
    let content = "\u{1f40e}".repeat(100_000);
    for number in 0..5 {
        let post = json!({ "title": format!("{number}"), "content": content, "published": number != 3 });
        ana.call("POST", "/posts").json(&post).send().await.assert_status(201);
    }
    for (person, path, expected) in [(&ana, "/posts", &[2, 2, 1][..]), (&app.anonymous(), "/blog", &[2, 2])] {
        let pages = walk(person, path).await;
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), expected, "{path}");
    }
}

#[tokio::test]
async fn a_page_weighs_what_it_has_as_sent() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    // 95,000 bytes each, and twice as many in JSON.
    let content = "\"".repeat(95_000);
    for number in 0..11 {
        let post = json!({ "title": format!("{number}"), "content": content });
        ana.call("POST", "/posts").json(&post).send().await.assert_status(201);
    }
    let mut path = Some("/blog?limit=11".to_owned());
    let mut rows = 0;
    while let Some(here) = path {
        let answer = app.anonymous().get(&here).await.assert_status(200);
        assert!(answer.text().len() < 1_200_000, "{} bytes", answer.text().len());
        rows += answer.json().as_array().unwrap().len();
        path = answer.next();
    }
    assert_eq!(rows, 11);
}

#[tokio::test]
async fn the_next_page_keeps_what_was_searched_for() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    for title in ["a&b=c one", "other", "a&b=c two"] {
        ana.writes(title, true).await;
    }
    let pages = walk(&ana, "/posts?limit=1&search=a%26b%3Dc").await;
    assert_eq!(pages.len(), 2, "{pages:?}");
}

#[tokio::test]
async fn an_empty_list_is_an_empty_array() {
    let app = TestApp::start().await;
    let answer = app.anonymous().get("/blog").await.assert_status(200);
    assert_eq!((answer.json(), answer.next()), (json!([]), None));
}

#[tokio::test]
async fn a_page_has_1_to_200_rows() {
    let app = TestApp::start().await;
    let root = app.admin("root").await;
    for path in ["/posts", "/users", "/blog"] {
        for limit in ["1", "200", "007"] {
            root.get(&format!("{path}?limit={limit}")).await.assert_status(200);
        }
        for (limit, kind) in [
            ("0", "greater_than_equal"),
            ("-1", "greater_than_equal"),
            ("201", "less_than_equal"),
            ("9223372036854775807", "less_than_equal"),
            ("9223372036854775808", "int_parsing"),
            ("1.5", "int_parsing"),
            ("1e1", "int_parsing"),
            ("%2B1", "int_parsing"),
            ("%D9%A1", "int_parsing"),
            ("ten", "int_parsing"),
        ] {
            let fault = root.get(&format!("{path}?limit={limit}")).await.fault();
            assert_eq!(
                (&fault["type"], &fault["loc"]),
                (&json!(kind), &json!(["query", "limit"])),
                "{limit}"
            );
        }
    }
}

#[tokio::test]
async fn a_cursor_we_did_not_make_is_refused() {
    let app = TestApp::start().await;
    let (root, _) = (app.admin("root").await, app.user("ana").await);
    let of_users = root.get("/users?limit=1").await.next().unwrap();
    let of_users = of_users.rsplit_once("after=").unwrap().1;
    let cut = &of_users[..of_users.len() - 1];
    for cursor in ["1", "AA", "!!!", "%00", "x%20y", cut, &format!("{of_users}A"), &"A".repeat(5000)] {
        for path in ["/users", "/posts", "/blog"] {
            let fault = root.get(&format!("{path}?after={cursor}")).await.fault();
            assert_eq!((&fault["type"], &fault["loc"]), (&json!("value_error"), &json!(["query", "after"])));
        }
    }
    let fault = root.get(&format!("/posts?after={of_users}")).await.fault();
    assert_eq!(fault["loc"], json!(["query", "after"]), "a cursor of another list");
}
