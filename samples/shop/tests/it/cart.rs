//! The cart: there from the start, a line a product, and only one's own.

use keyward_api::testing::answer::Answer;
use keyward_api::testing::person::Person;
use keyward_api::testing::race::{at_once, count};
use serde_json::{Value, json};

use crate::catalog::{category, product, spec};
use crate::support::start;

pub(crate) async fn add(person: &Person, product: i64, quantity: u32) -> Answer {
    person.post("/cart/items", json!({ "product_id": product, "quantity": quantity })).await
}

pub(crate) async fn cart(person: &Person) -> Value {
    person.get("/cart").await.assert_status(200).json()
}

#[tokio::test]
async fn a_new_cart_is_empty_and_the_same_product_twice_is_one_line() {
    let app = start().await;
    let (root, ana) = (app.admin("root").await, app.user("ana").await);
    assert_eq!(cart(&ana).await, json!({ "items": [], "total": 0.0 }));
    let (one, two) = (product(&root, "One", 0.1, 50).await, product(&root, "Two", 19.99, 50).await);
    let line = ana.post("/cart/items", json!({ "product_id": one })).await.assert_status(201).json();
    assert_eq!((&line["quantity"], &line["subtotal"]), (&json!(1), &json!(0.1)));
    add(&ana, two, 3).await.assert_status(201);
    let again = add(&ana, one, 2).await.assert_status(201).json();
    assert_eq!((&again["id"], &again["quantity"], &again["subtotal"]), (&line["id"], &json!(3), &json!(0.3)));
    let now = cart(&ana).await;
    assert_eq!(now["total"], json!(60.27));
    assert_eq!(now["items"][0], again);
    assert_eq!(
        (&now["items"][1]["subtotal"], &now["items"][1]["product"]["id"]),
        (&json!(59.97), &json!(two))
    );
    let path = format!("/cart/items/{}", line["id"]);
    let set = ana.patch(&path, json!({ "quantity": 5 })).await.assert_status(200).json();
    assert_eq!((&set["quantity"], &set["subtotal"]), (&json!(5), &json!(0.5)));
    ana.delete(&path).await.assert_status(204);
    ana.delete(&path).await.assert_status(404);
    ana.patch(&path, json!({ "quantity": 5 })).await.assert_status(404);
    assert_eq!(cart(&ana).await["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_largest_cart_has_an_exact_total() {
    let app = start().await;
    let (root, ana) = (app.admin("root").await, app.user("ana").await);
    for _ in 0..3 {
        let id = product(&root, "Dear", 9_999_999.99, 1_000).await;
        add(&ana, id, 1_000).await.assert_status(201);
    }
    assert_eq!(cart(&ana).await["total"], json!(29_999_999_970.0));
}

#[tokio::test]
async fn quantities_that_are_none_change_nothing() {
    let app = start().await;
    let (root, ana) = (app.admin("root").await, app.user("ana").await);
    let id = product(&root, "Thing", 1.0, 2_000).await;
    let line = add(&ana, id, 2).await.assert_status(201).json();
    let before = cart(&ana).await;
    let path = format!("/cart/items/{}", line["id"]);
    let bad = [
        "0",
        "-1",
        "1.5",
        "1.0",
        "1e2",
        "1001",
        "99999999999999999999",
        "NaN",
        "Infinity",
        "\"2\"",
        "null",
        "true",
        "[]",
    ];
    for quantity in bad {
        let added = format!(r#"{{"product_id":{id},"quantity":{quantity}}}"#);
        let set = format!(r#"{{"quantity":{quantity}}}"#);
        ana.call("POST", "/cart/items").body("application/json", added).send().await.fault();
        ana.call("PATCH", &path).body("application/json", set).send().await.fault();
    }
    for product in ["\"1\"", "1.0", "null", "99999999999999999999"] {
        let body = format!(r#"{{"product_id":{product}}}"#);
        ana.call("POST", "/cart/items").body("application/json", body).send().await.fault();
    }
    for (quantity, status) in [(999, 409), (1_000, 409)] {
        add(&ana, id, quantity).await.assert_status(status);
    }
    assert_eq!(cart(&ana).await, before);
    add(&ana, id, 998).await.assert_status(201);
}

#[tokio::test]
async fn unknown_products_and_too_many_pieces_are_refused_in_the_contracts_words() {
    let app = start().await;
    let (root, ana) = (app.admin("root").await, app.user("ana").await);
    for id in [0, -1, 999, i64::MAX] {
        let answer = add(&ana, id, 1).await.assert_status(404);
        assert_eq!(answer.detail(), format!("product with id: {id} was not found"));
    }
    let id = product(&root, "Scarce", 1.0, 3).await;
    assert_eq!(add(&ana, id, 4).await.assert_status(409).detail(), "Item Out of Stock !");
    assert_eq!(cart(&ana).await["items"], json!([]));
    let line = add(&ana, id, 2).await.assert_status(201).json();
    assert_eq!(add(&ana, id, 2).await.assert_status(409).detail(), "Item Out of Stock !");
    let path = format!("/cart/items/{}", line["id"]);
    let answer = ana.patch(&path, json!({ "quantity": 4 })).await.assert_status(409);
    assert_eq!(answer.detail(), "Item Out of Stock !");
    assert_eq!(cart(&ana).await["items"], json!([line]));
}

#[tokio::test]
async fn a_cart_has_a_hundred_products_at_most() {
    let app = start().await;
    let (root, ana) = (app.admin("root").await, app.user("ana").await);
    let mut last = 0;
    for number in 0..101 {
        last = product(&root, &format!("Thing {number}"), 1.0, 9).await;
        if number < 100 {
            add(&ana, last, 1).await.assert_status(201);
        }
    }
    let answer = add(&ana, last, 1).await.assert_status(409);
    assert_eq!(answer.detail(), "A cart may hold at most 100 products.");
    let lines = cart(&ana).await["items"].as_array().unwrap().clone();
    assert_eq!(lines.len(), 100);
    add(&ana, lines[0]["product"]["id"].as_i64().unwrap(), 1).await.assert_status(201);
    let order = ana.post("/orders", json!({ "shipping_address": "1 Main Street" })).await.assert_status(201);
    assert_eq!(order.json()["order_amount"], json!(101.0));
}

#[tokio::test]
async fn a_cart_of_long_descriptions_is_bounded_in_bytes_as_sent() {
    const MIB: usize = 1024 * 1024;
    let app = start().await;
    let (root, ana) = (app.admin("root").await, app.user("ana").await);
    let things = category(&root, "Things").await;
    // Twice as long in JSON.
    let long = "\"".repeat(10_000);
    for number in 0..100 {
        let mut spec = spec(&format!("Thing {number}"), 1.0, 9, things);
        spec["description"] = json!(long);
        let id = root.post("/products", spec).await.assert_status(201).json()["id"].as_i64().unwrap();
        add(&ana, id, 1).await.assert_status(201);
    }
    let answer = ana.get("/cart").await.assert_status(200);
    let bytes = answer.text().len();
    assert!(bytes < MIB + 64 * 1024, "{bytes} bytes as sent");
    let cart = answer.json();
    let lines = cart["items"].as_array().unwrap();
    assert_eq!((lines.len(), &cart["total"]), (100, &json!(100.0)), "no line is left out");
    let whole = lines.iter().take_while(|line| line["product"]["description"] == json!(long)).count();
    assert!((40..=53).contains(&whole), "{whole} with their descriptions");
    for (number, line) in lines.iter().enumerate() {
        assert_eq!(line["product"]["name"], json!(format!("Thing {number}")));
        let description = if number < whole { json!(long) } else { json!("") };
        assert_eq!(line["product"]["description"], description, "{number}");
    }
}

#[tokio::test]
async fn a_cart_is_mine_alone_whatever_id_i_send() {
    let app = start().await;
    let (root, ana, eve) = (app.admin("root").await, app.user("ana").await, app.user("eve").await);
    let id = product(&root, "Thing", 1.0, 9).await;
    let hers = add(&ana, id, 2).await.assert_status(201).json();
    let mine = add(&eve, id, 1).await.assert_status(201).json();
    assert_ne!(hers["id"], mine["id"]);
    let path = format!("/cart/items/{}", hers["id"]);
    for person in [&eve, &root] {
        let answer = person.patch(&path, json!({ "quantity": 9 })).await.assert_status(404);
        assert_eq!(answer.detail(), format!("cart item with id: {} was not found", hers["id"]));
        person.delete(&path).await.assert_status(404);
    }
    eve.post("/cart/items", json!({ "product_id": id, "user_id": ana.id, "quantity": 1 })).await;
    assert_eq!(cart(&ana).await["items"], json!([hers]));
    for path in ["/cart", "/orders"] {
        app.anonymous().get(path).await.assert_status(401);
    }
}

#[tokio::test]
async fn a_product_that_is_deleted_leaves_every_cart() {
    let app = start().await;
    let (root, ana) = (app.admin("root").await, app.user("ana").await);
    let (gone, kept) = (product(&root, "Gone", 5.0, 9).await, product(&root, "Kept", 1.25, 9).await);
    add(&ana, gone, 1).await.assert_status(201);
    add(&ana, kept, 2).await.assert_status(201);
    root.delete(&format!("/products/{gone}")).await.assert_status(204);
    let now = cart(&ana).await;
    assert_eq!((now["items"].as_array().unwrap().len(), &now["total"]), (1, &json!(2.5)));
    add(&ana, gone, 1).await.assert_status(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_additions_at_once_none_is_lost() {
    let app = start().await;
    let (root, ana) = (app.admin("root").await, app.user("ana").await);
    let id = product(&root, "Thing", 1.0, 20).await;
    let answers = at_once(30, |_| {
        let ana = ana.clone();
        async move { add(&ana, id, 1).await }
    });
    let answers = answers.await;
    assert_eq!((count(&answers, 201), count(&answers, 409)), (20, 10));
    let now = cart(&ana).await;
    assert_eq!((now["items"].as_array().unwrap().len(), &now["items"][0]["quantity"]), (1, &json!(20)));
}
