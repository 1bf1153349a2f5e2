//! Orders: all or nothing, once, at the price of the day.

use keyward_api::testing::answer::Answer;
use keyward_api::testing::person::Person;
use keyward_api::testing::race::{at_once, count};
use serde_json::{Value, json};

use crate::cart::{add, cart};
use crate::catalog::{product, spec, stock};
use crate::support::start;

const ADDRESS: &str = "1 Main Street, Springfield";

pub(crate) async fn order(person: &Person) -> Answer {
    person.post("/orders", json!({ "shipping_address": ADDRESS })).await
}

async fn order_as(person: &Person, key: &str, address: &str) -> Answer {
    let body = json!({ "shipping_address": address });
    person.call("POST", "/orders").header("idempotency-key", key).json(&body).send().await
}

/// An order of this many pieces.
pub(crate) async fn bought(person: &Person, product: i64, quantity: u32) -> Value {
    add(person, product, quantity).await.assert_status(201);
    order(person).await.assert_status(201).json()
}

fn path(order: &Value) -> String {
    format!("/orders/{}", order["id"])
}

pub(crate) async fn set(person: &Person, order: &Value, status: &str) -> Answer {
    person.patch(&path(order), json!({ "order_status": status })).await
}

#[tokio::test]
async fn an_order_takes_the_stock_keeps_the_price_and_empties_the_cart() {
    let app = start().await;
    let (root, ana) = (app.admin("root").await, app.user("ana").await);
    let (one, two) = (product(&root, "One", 0.1, 5).await, product(&root, "Two", 19.99, 5).await);
    add(&ana, two, 3).await.assert_status(201);
    add(&ana, one, 3).await.assert_status(201);
    let order = order(&ana).await.assert_status(201).json();
    let expected = json!({ "id": order["id"], "order_date": order["order_date"], "order_amount": 60.27,
        "order_status": "PROCESSING", "shipping_address": ADDRESS, "order_details": [
            { "product_id": one, "name": "One", "price": 0.1, "quantity": 3 },
            { "product_id": two, "name": "Two", "price": 19.99, "quantity": 3 } ] });
    assert_eq!(order, expected);
    assert_eq!((stock(&app, one).await, stock(&app, two).await), (2, 2));
    assert_eq!(cart(&ana).await, json!({ "items": [], "total": 0.0 }));
    let shelf = root.get(&format!("/products/{one}")).await.json()["category"]["id"].as_i64().unwrap();
    root.put(&format!("/products/{one}"), spec("Renamed", 99.0, 5, shelf)).await.assert_status(200);
    root.delete(&format!("/products/{two}")).await.assert_status(204);
    assert_eq!(ana.get(&path(&order)).await.assert_status(200).json(), expected);
    assert_eq!(ana.get("/orders").await.assert_status(200).json(), json!([expected]));
}

#[tokio::test]
async fn an_order_is_confirmed_by_mail_and_a_refused_one_is_not() {
    let app = start().await;
    let (root, ana) = (app.admin("root").await, app.user("ana").await);
    order(&ana).await.assert_status(404);
    let id = product(&root, "Tea", 2.5, 5).await;
    let order = bought(&ana, id, 2).await;
    let mail = app.letter().await;
    assert_eq!(mail.letter.subject, format!("Your order {} at Keyward", order["id"]));
    assert!(mail.letter.text.contains("2 x Tea: 5.00"), "{}", mail.letter.text);
}

#[tokio::test]
async fn a_price_a_sum_or_an_owner_that_the_buyer_sends_counts_for_nothing() {
    let app = start().await;
    let (root, ana, eve) = (app.admin("root").await, app.user("ana").await, app.user("eve").await);
    let id = product(&root, "Dear", 500.0, 5).await;
    let line = json!({ "product_id": id, "quantity": 2, "price": 0.01, "subtotal": 0.02, "total": 0.02,
        "product": { "id": id, "price": 0.01 }, "user_id": eve.id });
    let line = ana.post("/cart/items", line).await.assert_status(201).json();
    assert_eq!((&line["product"]["price"], &line["subtotal"]), (&json!(500.0), &json!(1000.0)));
    let change = json!({ "quantity": 3, "price": 0.01, "subtotal": 0.03, "product_id": 0 });
    let changed = ana.patch(&format!("/cart/items/{}", line["id"]), change).await.assert_status(200).json();
    assert_eq!((&changed["product"]["id"], &changed["subtotal"]), (&json!(id), &json!(1500.0)));
    let order = json!({ "shipping_address": ADDRESS, "order_amount": 0.01, "total": 0.01, "user_id": eve.id,
        "order_status": "SHIPPED", "order_details": [{ "product_id": id, "price": 0.01, "quantity": 1 }] });
    let order = ana.post("/orders", order).await.assert_status(201).json();
    assert_eq!((&order["order_amount"], &order["order_status"]), (&json!(1500.0), &json!("PROCESSING")));
    let line = json!([{ "product_id": id, "name": "Dear", "price": 500.0, "quantity": 3 }]);
    assert_eq!(order["order_details"], line);
    assert_eq!(ana.get("/orders").await.json(), json!([order]));
    assert_eq!(eve.get("/orders").await.json(), json!([]));
}

#[tokio::test]
async fn an_empty_cart_and_a_bad_address_order_nothing() {
    let app = start().await;
    let (root, ana) = (app.admin("root").await, app.user("ana").await);
    assert_eq!(order(&ana).await.assert_status(404).detail(), "No Items found in Cart !");
    let id = product(&root, "Thing", 1.0, 5).await;
    add(&ana, id, 1).await.assert_status(201);
    for address in [json!(""), json!(null), json!(1), json!("x".repeat(1_001)), json!("a\u{0}b")] {
        ana.post("/orders", json!({ "shipping_address": address })).await.fault();
    }
    for key in ["", &"k".repeat(256), "\u{e9}"] {
        order_as(&ana, key, ADDRESS).await.fault();
    }
    assert_eq!((stock(&app, id).await, ana.get("/orders").await.ids()), (5, vec![]));
    assert_eq!(cart(&ana).await["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_order_that_fails_leaves_everything_as_it_was_and_frees_its_key() {
    let app = start().await;
    let (root, ana, eve) = (app.admin("root").await, app.user("ana").await, app.user("eve").await);
    assert_eq!(order_as(&ana, "k", ADDRESS).await.status, 404);
    let (one, two) = (product(&root, "One", 1.0, 5).await, product(&root, "Two", 1.0, 2).await);
    add(&ana, one, 3).await.assert_status(201);
    add(&ana, two, 2).await.assert_status(201);
    let before = cart(&ana).await;
    bought(&eve, two, 1).await;
    let answer = order_as(&ana, "k", ADDRESS).await.assert_status(409);
    assert_eq!(answer.detail(), "Item Out of Stock !");
    assert_eq!((stock(&app, one).await, stock(&app, two).await), (5, 1));
    let after = cart(&ana).await;
    assert_eq!((&after["items"][0], &after["total"]), (&before["items"][0], &before["total"]));
    let line = format!("/cart/items/{}", before["items"][1]["id"]);
    ana.patch(&line, json!({ "quantity": 1 })).await.assert_status(200);
    order_as(&ana, "k", "another address").await.assert_status(201);
    assert_eq!((stock(&app, one).await, stock(&app, two).await), (2, 0));
}

#[tokio::test]
async fn the_same_key_gives_the_same_order_and_another_body_is_refused() {
    let app = start().await;
    let (root, ana, eve) = (app.admin("root").await, app.user("ana").await, app.user("eve").await);
    let id = product(&root, "Thing", 1.0, 9).await;
    add(&ana, id, 1).await.assert_status(201);
    let first = order_as(&ana, "key-1", ADDRESS).await.assert_status(201).json();
    assert_eq!(order_as(&ana, "key-1", ADDRESS).await.assert_status(201).json(), first);
    add(&ana, id, 2).await.assert_status(201);
    assert_eq!(order_as(&ana, "key-1", ADDRESS).await.assert_status(201).json(), first);
    let fault = order_as(&ana, "key-1", "elsewhere").await.fault();
    assert_eq!(fault["loc"], json!(["header", "Idempotency-Key"]));
    assert!(fault["msg"].as_str().unwrap().ends_with("the key was used with another body"), "{fault}");
    assert_eq!(
        cart(&ana).await["items"][0]["quantity"],
        2,
        "a repeated answer takes nothing out of the cart"
    );
    assert_eq!(
        order_as(&eve, "key-1", ADDRESS).await.assert_status(404).detail(),
        "No Items found in Cart !"
    );
    add(&eve, id, 1).await.assert_status(201);
    let hers = order_as(&eve, "key-1", "elsewhere").await.assert_status(201).json();
    assert_ne!(hers["id"], first["id"]);
    let second = order_as(&ana, "KEY-1", ADDRESS).await.assert_status(201).json();
    assert_ne!(second["id"], first["id"]);
    assert_eq!(stock(&app, id).await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_clicks_on_one_cart_make_one_order() {
    let app = start().await;
    let (root, ana) = (app.admin("root").await, app.user("ana").await);
    let id = product(&root, "Thing", 1.0, 50).await;
    for (key, good) in [(None, 1), (Some("k"), 8)] {
        let left = stock(&app, id).await;
        let orders = ana.get("/orders").await.ids().len();
        add(&ana, id, 2).await.assert_status(201);
        let answers = at_once(8, |_| {
            let ana = ana.clone();
            async move {
                match key {
                    Some(key) => order_as(&ana, key, ADDRESS).await,
                    None => order(&ana).await,
                }
            }
        });
        let answers = answers.await;
        assert_eq!((count(&answers, 201), count(&answers, 404)), (good, 8 - good));
        assert_eq!(ana.get("/orders").await.ids().len(), orders + 1);
        assert_eq!(stock(&app, id).await, left - 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_50_buyers_of_10_pieces_exactly_10_get_one() {
    let app = start().await;
    let root = app.admin("root").await;
    let id = product(&root, "Scarce", 1.0, 10).await;
    let mut buyers = Vec::new();
    for number in 0..50 {
        let buyer = app.user(&format!("buyer{number}")).await;
        add(&buyer, id, 1).await.assert_status(201);
        buyers.push(buyer);
    }
    let answers = at_once(50, |number| {
        let buyer = buyers[number].clone();
        async move { order(&buyer).await }
    });
    let answers = answers.await;
    assert_eq!((count(&answers, 201), count(&answers, 409)), (10, 40));
    assert_eq!(stock(&app, id).await, 0);
    assert_eq!(root.get("/orders/all").await.ids().len(), 10);
}

#[tokio::test]
async fn orders_are_mine_alone_and_an_administrator_lists_everybodys() {
    let app = start().await;
    let (root, ana, eve) = (app.admin("root").await, app.user("ana").await, app.user("eve").await);
    let id = product(&root, "Thing", 1.0, 9).await;
    let (hers, mine, more) =
        (bought(&ana, id, 1).await, bought(&eve, id, 1).await, bought(&ana, id, 1).await);
    for (person, order) in [(&eve, &hers), (&root, &hers), (&ana, &mine)] {
        let answer = person.get(&path(order)).await.assert_status(404);
        assert_eq!(answer.detail(), format!("order with id: {} was not found", order["id"]));
    }
    let ids = |orders: &[&Value]| -> Vec<i64> {
        orders.iter().map(|order| order["id"].as_i64().unwrap()).collect()
    };
    assert_eq!(ana.get("/orders").await.ids(), ids(&[&hers, &more]));
    assert_eq!(eve.get("/orders").await.ids(), ids(&[&mine]));
    let first = ana.get("/orders?limit=1").await;
    assert_eq!(first.ids(), ids(&[&hers]));
    assert_eq!(ana.get(&first.next().unwrap()).await.ids(), ids(&[&more]));
    assert_eq!(root.get("/orders/all").await.ids(), ids(&[&hers, &mine, &more]));
    ana.get("/orders/all").await.assert_status(403);
    set(&ana, &hers, "CANCELLED").await.assert_status(403);
    ana.get("/orders?limit=0").await.fault();
}

#[tokio::test]
async fn an_order_ships_or_is_called_off_once_and_calling_off_returns_the_stock() {
    let app = start().await;
    let (root, ana) = (app.admin("root").await, app.user("ana").await);
    let id = product(&root, "Thing", 2.5, 9).await;
    let (shipped, cancelled) = (bought(&ana, id, 2).await, bought(&ana, id, 3).await);
    set(&root, &shipped, "PROCESSING").await.assert_status(409);
    assert_eq!(set(&root, &shipped, "SHIPPED").await.assert_status(200).json()["order_status"], "SHIPPED");
    let answer = set(&root, &cancelled, "CANCELLED").await.assert_status(200).json();
    assert_eq!((&answer["order_status"], &answer["order_amount"]), (&json!("CANCELLED"), &json!(7.5)));
    assert_eq!(stock(&app, id).await, 7);
    for order in [&shipped, &cancelled] {
        for status in ["PROCESSING", "SHIPPED", "CANCELLED"] {
            let answer = set(&root, order, status).await.assert_status(409);
            assert!(answer.detail().starts_with("an order that is "));
        }
        for status in [json!("shipped"), json!("x"), json!(1), json!(null)] {
            root.patch(&path(order), json!({ "order_status": status })).await.fault();
        }
    }
    assert_eq!(stock(&app, id).await, 7);
    assert_eq!(ana.get(&path(&cancelled)).await.json(), answer);
    root.patch("/orders/999", json!({ "order_status": "SHIPPED" })).await.assert_status(404);
    let late = bought(&ana, id, 1).await;
    root.delete(&format!("/products/{id}")).await.assert_status(204);
    set(&root, &late, "CANCELLED").await.assert_status(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_called_off_by_many_at_once_returns_the_stock_once() {
    let app = start().await;
    let (root, ana) = (app.admin("root").await, app.user("ana").await);
    let id = product(&root, "Thing", 1.0, 9).await;
    let order = bought(&ana, id, 4).await;
    let answers = at_once(8, |_| {
        let (root, order) = (root.clone(), order.clone());
        async move { set(&root, &order, "CANCELLED").await }
    });
    let answers = answers.await;
    assert_eq!((count(&answers, 200), count(&answers, 409)), (1, 7));
    assert_eq!(stock(&app, id).await, 9);
}
