//! Accounts that are deleted while a resource is not mounted: its rows go with them, by foreign keys alone.

use keyward_infra::database::options::DatabaseOptions;
use keyward_infra::database::store::Database;
use keyward_infra::testing::rows;
use serde_json::{Value, json};

use super::installation::Installation;

/// The tables that hold what belongs to users, each with the column that names them.
const OWNED: [(&str, &str); 3] = [("posts", "owner_id"), ("orders", "user_id"), ("cart_items", "user_id")];

#[tokio::test]
async fn what_belongs_to_an_account_is_deleted_with_it_where_its_resource_is_not_mounted() {
    let installation = Installation::new().await;
    let facts = &installation.facts;
    let [ana, grace] = ["/users/ana/id", "/users/grace/id"].map(|path| facts.number(path));
    assert_eq!(owned(&installation, ana).await, [2, 3, 1]);
    assert_eq!(owned(&installation, grace).await, [3, 0, 0]);

    let server = installation.serve("shop");
    let ada = server.log_in("ada").0;
    server.answered(204, &format!("DELETE /users/{grace}"), &ada, &Value::Null);
    server.stop();
    let server = installation.serve("none");
    let password = json!({ "password": facts.text("/users/ana/password") });
    server.answered(204, "DELETE /users/me", &server.log_in("ana").0, &password);
    for user in [ana, grace] {
        let begun = std::time::Instant::now();
        while owned(&installation, user).await != [0, 0, 0] {
            assert!(begun.elapsed().as_secs() < 60, "the rows of {user} stay");
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    }
    server.stop();
    assert_eq!(count(&installation, "order_lines", |_| true).await, 0);

    let server = installation.serve("blog,shop");
    let bob = server.log_in("bob").0;
    for path in ["/posts", "/posts?search=%C3%84LTER", "/posts?search=Hello", "/orders"] {
        assert_eq!(server.answered(200, &format!("GET {path}"), &bob, &Value::Null), json!([]), "{path}");
    }
    assert_eq!(server.get("/blog"), json!([]));
    server.answered(404, &format!("GET /posts/{}", facts.number("/ana/post_id")), &bob, &Value::Null);
    let post = json!({ "title": "Hello again", "content": "content", "published": true });
    let written = server.answered(201, "POST /posts", &bob, &post);
    assert!(written["id"].as_i64().unwrap() > facts.number("/ana/draft_id"), "ids are never given twice");
    let found = server.answered(200, "GET /posts?search=Hello", &bob, &Value::Null);
    assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
}

/// How many posts, orders and lines in a cart an account has.
async fn owned(installation: &Installation, user: i64) -> [usize; 3] {
    let mut counts = [0; 3];
    for ((table, column), count_of) in OWNED.into_iter().zip(&mut counts) {
        *count_of = count(installation, table, |row| row[column] == Some(user.to_string())).await;
    }
    counts
}

/// How many rows of a table are such.
async fn count(installation: &Installation, table: &str, such: impl Fn(&rows::Row) -> bool) -> usize {
    let database = Database::connect(&installation.home.database_url(), DatabaseOptions::default()).await;
    let database = database.unwrap();
    let rows = rows::read(database.connection(), &[table.to_owned()]).await;
    database.close().await.unwrap();
    rows[table].iter().filter(|row| such(row)).count()
}
