//! The catalogue: open to readers, written by administrators alone.

use keyward_api::testing::app::TestApp;
use keyward_api::testing::person::Person;
use serde_json::{Value, json};

use crate::support::start;

/// A category of that name: its id.
pub(crate) async fn category(root: &Person, name: &str) -> i64 {
    root.post("/categories", json!({ "name": name })).await.assert_status(201).json()["id"].as_i64().unwrap()
}

pub(crate) fn spec(name: &str, price: f64, quantity: u32, category: i64) -> Value {
    json!({ "name": name, "description": "d", "price": price, "quantity": quantity, "category_id": category })
}

/// A product in a category of its own: its id.
pub(crate) async fn product(root: &Person, name: &str, price: f64, quantity: u32) -> i64 {
    let category = category(root, "Things").await;
    let answer = root.post("/products", spec(name, price, quantity, category)).await.assert_status(201);
    answer.json()["id"].as_i64().unwrap()
}

/// How many pieces are left.
pub(crate) async fn stock(app: &TestApp, product: i64) -> i64 {
    let answer = app.anonymous().get(&format!("/products/{product}")).await.assert_status(200);
    answer.json()["quantity"].as_i64().unwrap()
}

#[tokio::test]
async fn anybody_reads_what_an_administrator_wrote() {
    let app = start().await;
    let (root, nobody) = (app.admin("root").await, app.anonymous());
    assert_eq!(nobody.get("/categories").await.assert_status(200).json(), json!([]));
    assert_eq!(nobody.get("/products").await.assert_status(200).json(), json!([]));
    let books = category(&root, "Books").await;
    let answer = root.post("/products", spec("Rust", 39.9, 12, books)).await.assert_status(201).json();
    let expected = json!({ "id": answer["id"], "name": "Rust", "description": "d", "price": 39.9, "quantity": 12,
        "category": { "id": books, "name": "Books" } });
    assert_eq!(answer, expected);
    let path = format!("/products/{}", answer["id"]);
    assert_eq!(nobody.get(&path).await.assert_status(200).json(), expected);
    assert_eq!(nobody.get("/products").await.assert_status(200).json(), json!([expected]));
    let shelf = format!("/categories/{books}");
    assert_eq!(nobody.get(&shelf).await.json(), json!({ "id": books, "name": "Books" }));
    root.put(&shelf, json!({ "name": "Tomes" })).await.assert_status(200);
    let replaced = root.put(&path, spec("Crab", 0.1, 0, books)).await.assert_status(200).json();
    assert_eq!((&replaced["price"], &replaced["category"]["name"]), (&json!(0.1), &json!("Tomes")));
    assert_eq!(nobody.get(&path).await.json(), replaced);
    let answer = root.delete(&shelf).await.assert_status(409);
    assert_eq!(answer.detail(), format!("category with id: {books} has products"));
    root.delete(&path).await.assert_status(204);
    root.delete(&shelf).await.assert_status(204);
    for path in [&path, &shelf] {
        nobody.get(path).await.assert_status(404);
        root.delete(path).await.assert_status(404);
    }
    root.put(&shelf, json!({ "name": "x" })).await.assert_status(404);
    let shelf = category(&root, "Other").await;
    let answer = root.put(&path, spec("x", 1.0, 1, shelf)).await.assert_status(404);
    assert_eq!(
        answer.detail(),
        format!("product with id: {} was not found", path.rsplit('/').next().unwrap())
    );
}

#[tokio::test]
async fn users_and_strangers_write_nothing() {
    let app = start().await;
    let (root, ana) = (app.admin("root").await, app.user("ana").await);
    let id = product(&root, "Thing", 1.0, 1).await;
    let rows = [
        ("POST", "/categories".to_owned()),
        ("PUT", "/categories/1".to_owned()),
        ("DELETE", "/categories/1".to_owned()),
        ("POST", "/products".to_owned()),
        ("PUT", format!("/products/{id}")),
        ("DELETE", format!("/products/{id}")),
    ];
    for (method, path) in rows {
        app.anonymous().call(method, &path).json(&json!({})).send().await.assert_status(401);
        let answer = ana.call(method, &path).json(&json!({})).send().await.assert_status(403);
        assert_eq!(answer.detail(), "Not enough permissions");
        assert!(answer.header("www-authenticate").contains("scope=\"catalog:write\""));
    }
    assert_eq!(stock(&app, id).await, 1);
}

#[tokio::test]
async fn a_product_of_no_category_is_refused_in_the_contracts_words() {
    let app = start().await;
    let root = app.admin("root").await;
    let id = product(&root, "Thing", 1.0, 1).await;
    for category in [0, -1, 999, i64::MAX] {
        for answer in [
            root.post("/products", spec("x", 1.0, 1, category)).await,
            root.put(&format!("/products/{id}"), spec("x", 1.0, 1, category)).await,
        ] {
            assert_eq!(answer.assert_status(400).detail(), "You have provided invalid category id.");
        }
    }
    assert_eq!(app.anonymous().get("/products").await.ids(), [id]);
}

#[tokio::test]
async fn what_is_wrong_with_a_price_is_said_of_the_smallest_and_the_largest_numbers_too() {
    let app = start().await;
    let root = app.admin("root").await;
    for (price, kind) in [
        ("5e-324", "decimal_max_places"),
        ("0.001", "decimal_max_places"),
        ("-5e-324", "greater_than_equal"),
        ("-1", "greater_than_equal"),
        ("10000000", "less_than_equal"),
        ("1e300", "less_than_equal"),
    ] {
        let body = format!(r#"{{"name":"x","description":"","price":{price},"quantity":0,"category_id":1}}"#);
        let answer = root.call("POST", "/products").body("application/json", body).send().await;
        assert_eq!(answer.assert_status(422).faults()[0]["type"], kind, "{price}");
    }
}

#[tokio::test]
async fn prices_and_quantities_that_are_none_change_nothing() {
    let app = start().await;
    let root = app.admin("root").await;
    let id = product(&root, "Thing", 1.5, 7).await;
    let path = format!("/products/{id}");
    let before = root.get(&path).await.json();
    let shelf = before["category"]["id"].as_i64().unwrap();
    let prices = [
        "-0.01", "-1", "1.001", "10000000", "1e300", "1e400", "-1e400", "NaN", "Infinity", "\"1\"", "null",
        "true", "[1]",
    ];
    let quantities =
        ["-1", "1.5", "1.0", "1e3", "1000001", "9223372036854775808", "NaN", "\"1\"", "null", "true"];
    let bodies =
        prices.map(|price| (price, "1")).into_iter().chain(quantities.map(|quantity| ("1", quantity)));
    for (price, quantity) in bodies {
        let body = format!(
            r#"{{"name":"x","description":"d","price":{price},"quantity":{quantity},"category_id":{shelf}}}"#
        );
        for (method, path) in [("POST", "/products"), ("PUT", &path)] {
            let answer = root.call(method, path).body("application/json", body.clone()).send().await;
            assert_eq!(answer.faults().len(), 1, "{body}");
        }
    }
    assert_eq!(root.get("/products").await.assert_status(200).json(), json!([before]));
    for price in ["0", "0.0", "-0", "9999999.99", "1e2", "19.990"] {
        let body =
            format!(r#"{{"name":"x","description":"","price":{price},"quantity":0,"category_id":{shelf}}}"#);
        let answer = root.call("PUT", &path).body("application/json", body).send().await.assert_status(200);
        assert_eq!(answer.json()["price"].as_f64(), Some(price.parse::<f64>().unwrap() + 0.0), "{price}");
    }
}

#[tokio::test]
async fn products_are_searched_filtered_and_paged() {
    let app = start().await;
    let (root, nobody) = (app.admin("root").await, app.anonymous());
    let (books, toys) = (category(&root, "Books").await, category(&root, "Toys").await);
    let mut ids = Vec::new();
    for (name, shelf) in [("Rust book", books), ("100% wool", toys), ("RUSTY car", toys), ("Ökonomie", books)]
    {
        let answer = root.post("/products", spec(name, 1.0, 1, shelf)).await.assert_status(201);
        ids.push(answer.json()["id"].as_i64().unwrap());
    }
    let rows: [(String, Vec<i64>); 8] = [
        (String::new(), ids.clone()),
        (format!("?category_id={toys}"), vec![ids[1], ids[2]]),
        ("?search=rust".to_owned(), vec![ids[0], ids[2]]),
        (format!("?search=rust&category_id={books}"), vec![ids[0]]),
        ("?search=%25".to_owned(), vec![ids[1]]),
        ("?search=%C3%B6KON".to_owned(), vec![ids[3]]),
        ("?search=_".to_owned(), vec![]),
        ("?category_id=999".to_owned(), vec![]),
    ];
    for (query, expected) in rows {
        assert_eq!(nobody.get(&format!("/products{query}")).await.ids(), expected, "{query}");
    }
    let first = nobody.get(&format!("/products?limit=1&category_id={toys}")).await;
    assert_eq!(first.ids(), [ids[1]]);
    let second = nobody.get(&first.next().unwrap()).await;
    assert_eq!((second.ids(), second.next()), (vec![ids[2]], None));
    let shelves = nobody.get("/categories?limit=1").await;
    assert_eq!(shelves.ids(), [books]);
    assert_eq!(nobody.get(&shelves.next().unwrap()).await.ids(), [toys]);
    for query in ["limit=0", "limit=201", "limit=x", "after=1", "category_id=x", "after=nonsense"] {
        nobody.get(&format!("/products?{query}")).await.fault();
    }
}
