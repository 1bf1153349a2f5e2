//! Posts behind locks, and the published ones for anyone.

use keyward_api::testing::app::{PASSWORD, TestApp};
use keyward_domain::upkeep::deleted_accounts::DeletedAccounts;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};

use crate::support::{start, write};

#[tokio::test]
async fn a_post_comes_back_as_it_was_written() {
    let app = start().await;
    let ana = app.user("ana").await;
    let written = json!({ "title": "Hello", "content": "My first post.", "published": false });
    let post = ana.post("/posts", written).await.assert_status(201).json();
    let expected = json!({ "id": post["id"], "title": "Hello", "content": "My first post.", "published": false,
        "created_at": post["created_at"], "updated_at": post["created_at"],
        "owner": { "id": ana.id, "name": "ana" } });
    assert_eq!(post, expected);
    assert_eq!(ana.get(&format!("/posts/{}", post["id"])).await.assert_status(200).json(), post);
}

#[tokio::test]
async fn a_post_is_published_unless_it_says_otherwise() {
    let app = start().await;
    let ana = app.user("ana").await;
    let post = ana.post("/posts", json!({ "title": "t", "content": "c" })).await.assert_status(201);
    assert_eq!(post.json()["published"], true);
}

#[tokio::test]
async fn the_owner_comes_from_the_token_whatever_the_body_says() {
    let app = start().await;
    let (ana, eve) = (app.user("ana").await, app.user("eve").await);
    let body =
        json!({ "title": "t", "content": "c", "owner_id": ana.id, "owner": { "id": ana.id }, "id": 99 });
    let post = eve.post("/posts", body).await.assert_status(201).json();
    assert_eq!(post["owner"]["id"], eve.id);
    assert_ne!(post["id"], 99);
}

#[tokio::test]
async fn replacing_a_post_replaces_all_of_it_but_its_id_owner_and_birth() {
    let app = start().await;
    let ana = app.user("ana").await;
    let id = write(&ana, "Old", false).await;
    let before = ana.get(&format!("/posts/{id}")).await.json();
    app.clock.advance(time::Duration::seconds(2));
    let replacement = json!({ "title": "New", "content": "new" });
    let after = ana.put(&format!("/posts/{id}"), replacement).await.assert_status(200).json();
    assert_eq!(
        (&after["title"], &after["content"], &after["published"]),
        (&json!("New"), &json!("new"), &json!(true))
    );
    assert_eq!(
        (&after["id"], &after["owner"], &after["created_at"]),
        (&before["id"], &before["owner"], &before["created_at"])
    );
    assert!(after["updated_at"].as_str() > before["updated_at"].as_str());
    assert_eq!(ana.get(&format!("/posts/{id}")).await.json(), after);
    assert_eq!(ana.put(&format!("/posts/{id}"), json!({ "title": "half" })).await.fault()["type"], "missing");
}

#[tokio::test]
async fn a_deleted_post_is_gone() {
    let app = start().await;
    let ana = app.user("ana").await;
    let path = format!("/posts/{}", write(&ana, "Hello", true).await);
    ana.delete(&path).await.assert_status(204);
    for answer in [
        ana.get(&path).await,
        ana.delete(&path).await,
        app.anonymous().get(&path.replace("posts", "blog")).await,
    ] {
        let id = path.rsplit('/').next().unwrap();
        assert_eq!(answer.assert_status(404).detail(), format!("post with id: {id} was not found"));
    }
}

#[tokio::test]
async fn somebody_elses_post_can_be_read_but_not_written() {
    let app = start().await;
    let (ana, eve, root) = (app.user("ana").await, app.user("eve").await, app.admin("root").await);
    let path = format!("/posts/{}", write(&ana, "Hello", true).await);
    for other in [&eve, &root] {
        other.get(&path).await.assert_status(200);
        let answers =
            [other.put(&path, json!({ "title": "t", "content": "c" })).await, other.delete(&path).await];
        for answer in answers {
            assert_eq!(answer.assert_status(403).detail(), "Not authorized to perform requested action");
        }
    }
    assert_eq!(ana.get(&path).await.json()["title"], "Hello");
}

#[tokio::test]
async fn a_draft_is_invisible_to_others() {
    let app = start().await;
    let (ana, eve, root) = (app.user("ana").await, app.user("eve").await, app.admin("root").await);
    let id = write(&ana, "Draft", false).await;
    let (path, missing) = (format!("/posts/{id}"), format!("post with id: {id} was not found"));
    for other in [&eve, &root] {
        let answers = [
            other.get(&path).await,
            other.put(&path, json!({ "title": "t", "content": "c" })).await,
            other.delete(&path).await,
            app.anonymous().get(&format!("/blog/{id}")).await,
        ];
        for answer in answers {
            assert_eq!(answer.assert_status(404).detail(), missing);
        }
        assert!(other.get("/posts").await.ids().is_empty());
        assert!(other.get("/posts?search=Draft").await.ids().is_empty());
    }
    assert_eq!(ana.get("/posts").await.ids(), [id]);
    assert!(app.anonymous().get("/blog").await.ids().is_empty());
    ana.get(&path).await.assert_status(200);
}

#[tokio::test]
async fn owner_me_lists_only_my_own_posts() {
    let app = start().await;
    let (ana, eve) = (app.user("ana").await, app.user("eve").await);
    let (first, draft) = (write(&ana, "One", true).await, write(&ana, "Two", false).await);
    let hers = write(&eve, "Three", true).await;
    assert_eq!(ana.get("/posts?owner=me").await.ids(), [first, draft]);
    assert_eq!(ana.get("/posts").await.ids(), [first, draft, hers]);
    assert_eq!(eve.get("/posts?owner=me").await.ids(), [hers]);
    let fault = ana.get("/posts?owner=you").await.fault();
    assert_eq!((&fault["type"], &fault["loc"]), (&json!("literal_error"), &json!(["query", "owner"])));
}

#[tokio::test]
async fn a_search_finds_titles_in_any_letter_case_and_takes_every_sign_literally() {
    let app = start().await;
    let ana = app.user("ana").await;
    let (rust, percent) =
        (write(&ana, "Learning RUST", true).await, write(&ana, "100% \\_ 'real'", true).await);
    let ubung = write(&ana, "\u{dc}BUNG macht", true).await;
    for (query, found) in [
        ("rust", vec![rust]),
        ("LEARNING%20r", vec![rust]),
        ("%25", vec![percent]),
        ("_", vec![percent]),
        ("%5C", vec![percent]),
        ("'real'", vec![percent]),
        ("'%20OR%201=1%20--", vec![]),
        ("%C3%BCbung", vec![ubung]),
        ("nothing", vec![]),
        ("", vec![rust, percent, ubung]),
    ] {
        assert_eq!(ana.get(&format!("/posts?search={query}")).await.ids(), found, "{query}");
    }
}

#[tokio::test]
async fn anyone_reads_the_blog_and_only_what_is_published() {
    let app = start().await;
    let ana = app.user("ana").await;
    let (shown, draft) = (write(&ana, "Shown", true).await, write(&ana, "Draft", false).await);
    assert_eq!(app.anonymous().get("/blog").await.ids(), [shown]);
    let post = app.anonymous().get(&format!("/blog/{shown}")).await.assert_status(200).json();
    assert_eq!((&post["title"], &post["owner"]["name"]), (&json!("Shown"), &json!("ana")));
    for id in [draft, 999_999] {
        let answer = app.anonymous().get(&format!("/blog/{id}")).await.assert_status(404);
        assert_eq!(answer.detail(), format!("post with id: {id} was not found"));
    }
    assert!(ana.get(&format!("/blog/{draft}")).await.status == 404, "not even for its owner: that is /posts");
}

#[tokio::test]
async fn a_text_has_its_bounds_in_characters() {
    let app = start().await;
    let ana = app.user("ana").await;
    let try_to_write =
        |title: String, content: String| ana.post("/posts", json!({ "title": title, "content": content }));
    try_to_write("\u{1f40e}".repeat(300), "\u{e4}".repeat(100_000)).await.assert_status(201);
    let faults = try_to_write("t".repeat(301), String::new()).await.faults();
    assert_eq!(
        (&faults[0]["type"], &faults[0]["ctx"]),
        (&json!("string_too_long"), &json!({ "max_length": 300 }))
    );
    assert_eq!(faults[0]["msg"], "String should have at most 300 characters");
    assert_eq!(
        (&faults[1]["type"], &faults[1]["ctx"]),
        (&json!("string_too_short"), &json!({ "min_length": 1 }))
    );
    assert_eq!(faults[1]["msg"], "String should have at least 1 character");
    assert_eq!(
        try_to_write("t".to_owned(), "c".repeat(100_001)).await.fault()["loc"],
        json!(["body", "content"])
    );
    let fault = ana.get(&format!("/posts?search={}", "s".repeat(301))).await.fault();
    assert_eq!(fault["loc"], json!(["query", "search"]));
}

#[tokio::test]
async fn a_name_that_changes_changes_on_old_posts_too() {
    let app = start().await;
    let ana = app.user("ana").await;
    let id = write(&ana, "Hello", true).await;
    ana.patch("/users/me", json!({ "name": "Ana M." })).await.assert_status(200);
    assert_eq!(app.anonymous().get(&format!("/blog/{id}")).await.json()["owner"]["name"], "Ana M.");
    ana.patch("/users/me", json!({ "name": null })).await.assert_status(200);
    assert_eq!(app.anonymous().get(&format!("/blog/{id}")).await.json()["owner"]["name"], Value::Null);
}

#[tokio::test]
async fn nothing_of_a_deleted_account_is_shown_and_its_rows_go_in_batches() {
    let app = start().await;
    let (ana, bob) = (app.user("ana").await, app.user("bob").await);
    let many = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) \
         INSERT INTO posts (owner_id, title, title_folded, content, published, created_at, updated_at) \
         SELECT {}, 'many', 'many', 'x', TRUE, 0, 0 FROM n",
        ana.id
    );
    app.database.connection().execute_unprepared(&many).await.unwrap();
    let mine = write(&ana, "Many of mine", true).await;
    let his = write(&bob, "Many of his", true).await;
    let delete = ana.call("DELETE", "/users/me").json(&json!({ "password": PASSWORD }));
    delete.send().await.assert_status(204);
    let left = async || {
        let rows = format!("SELECT count(*) AS n FROM posts WHERE owner_id = {}", ana.id);
        let connection = app.database.connection();
        let rows = Statement::from_string(connection.get_database_backend(), rows);
        connection.query_one_raw(rows).await.unwrap().unwrap().try_get::<i64>("", "n").unwrap()
    };
    assert_eq!(left().await, 3_001, "the answer does not wait for that");
    for round in ["before", "after"] {
        for path in ["/posts", "/blog", "/posts?search=many", "/posts?search=an"] {
            assert_eq!(bob.get(path).await.assert_status(200).ids(), [his], "{path} {round}");
        }
        bob.get(&format!("/posts/{mine}")).await.assert_status(404);
        app.anonymous().get(&format!("/blog/{mine}")).await.assert_status(404);
        DeletedAccounts::new(app.ports.clone()).remove().await.unwrap();
        assert_eq!(left().await, 0);
    }
    let again = app.user("ana").await;
    assert!(again.id > bob.id, "the address is free, the id is not given again");
}

#[tokio::test]
async fn an_account_has_a_bounded_number_of_posts_and_writes_them_at_a_rate() {
    let app = TestApp::with_resources(vec![keyward_blog::resource()], &["--throttle", "on"]).await;
    let (ana, bob) = (app.user("ana").await, app.user("bob").await);
    let many = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999) \
         INSERT INTO posts (owner_id, title, title_folded, content, published, created_at, updated_at) \
         SELECT {}, 'many', 'many', 'x', FALSE, 0, 0 FROM n",
        ana.id
    );
    app.database.connection().execute_unprepared(&many).await.unwrap();
    let last = write(&ana, "the last", true).await;
    let post = json!({ "title": "one more", "content": "c" });
    let refused = ana.post("/posts", post.clone()).await.assert_status(409).json();
    assert_eq!(refused["code"], "account_full", "{refused}");
    ana.delete(&format!("/posts/{last}")).await.assert_status(204);
    write(&ana, "another", true).await;
    let path = format!("/posts/{}", write(&bob, "mine", false).await);
    let mut written = 0;
    let refused = loop {
        let answer = bob.put(&path, post.clone()).await;
        if answer.status == 429 {
            break answer;
        }
        written += 1;
        answer.assert_status(200);
        assert!(written < 10_000, "there is no rate");
    };
    assert!(written >= 1_199, "{written}");
    assert_eq!(refused.header("retry-after"), "1");
    while bob.post("/posts", post.clone()).await.status != 429 {}
    // Each account by itself.
    ana.put(&path, post.clone()).await.assert_status(403);
    app.clock.advance(time::Duration::seconds(2));
    bob.put(&path, post).await.assert_status(200);
}
