//! What an account can pile up, and what becomes of it when the account is deleted.

use keyward_api::testing::app::{PASSWORD, TestApp};
use keyward_domain::upkeep::deleted_accounts::DeletedAccounts;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::cart::add;
use crate::catalog::{product, stock};
use crate::orders::{bought, order, set};
use crate::support::start;

#[tokio::test]
async fn a_deleted_account_gives_back_what_was_not_shipped_and_what_was_stays_without_it() {
    let app = start().await;
    let (root, ana) = (app.admin("root").await, app.user("ana").await);
    let (one, two) = (product(&root, "One", 1.0, 50).await, product(&root, "Two", 1.0, 50).await);
    let mut orders = Vec::new();
    for (product, quantity) in [(one, 3), (two, 5), (one, 7), (two, 11)] {
        orders.push(bought(&ana, product, quantity).await);
    }
    set(&root, &orders[0], "SHIPPED").await.assert_status(200);
    set(&root, &orders[1], "CANCELLED").await.assert_status(200);
    assert_eq!((stock(&app, one).await, stock(&app, two).await), (40, 39));
    let delete = ana.call("DELETE", "/users/me").json(&json!({ "password": PASSWORD }));
    delete.send().await.assert_status(204);
    assert_eq!((stock(&app, one).await, stock(&app, two).await), (47, 50), "all but what was shipped");
    let shown = |orders: Value| orders.as_array().unwrap().clone();
    for round in ["before", "after"] {
        let left = shown(root.get("/orders/all").await.assert_status(200).json());
        assert_eq!(left.len(), 1, "{round} its rows are removed: {left:?}");
        assert_eq!((&left[0]["id"], &left[0]["order_status"]), (&orders[0]["id"], &json!("SHIPPED")));
        assert_eq!((&left[0]["shipping_address"], &left[0]["order_amount"]), (&json!(""), &json!(3.0)));
        set(&root, &orders[3], "SHIPPED").await.assert_status(404);
        DeletedAccounts::new(app.ports.clone()).remove().await.unwrap();
    }
    assert_eq!((stock(&app, one).await, stock(&app, two).await), (47, 50), "once");
    let users = root.get("/users").await.assert_status(200).json();
    assert_eq!(users.as_array().unwrap().len(), 1, "{users}");
}

#[tokio::test]
async fn an_account_has_a_bounded_number_of_orders_and_places_them_at_a_rate() {
    let app = TestApp::with_resources(vec![keyward_shop::resource()], &["--throttle", "on"]).await;
    let (root, ana) = (app.admin("root").await, app.user("ana").await);
    let thing = product(&root, "Thing", 1.0, 50).await;
    let many = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) \
         INSERT INTO orders (user_id, placed_at, amount, status, address) SELECT {}, 0, 1, 'PROCESSING', 'x' FROM n",
        ana.id
    );
    app.database.connection().execute_unprepared(&many).await.unwrap();
    add(&ana, thing, 1).await.assert_status(201);
    let refused = order(&ana).await.assert_status(409).json();
    assert_eq!(refused["code"], "account_full", "{refused}");
    assert_eq!(stock(&app, thing).await, 50);
    app.database.connection().execute_unprepared("UPDATE orders SET status = 'CANCELLED'").await.unwrap();
    order(&ana).await.assert_status(201);
    let mut last = order(&ana).await;
    for _ in 0..10_000 {
        if last.status == 429 {
            break;
        }
        last = order(&ana).await;
        assert!([404, 429].contains(&last.status.as_u16()), "{last:?}");
    }
    assert_eq!((last.status.as_u16(), last.header("retry-after")), (429, "1"));
}
