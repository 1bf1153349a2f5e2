//! Catalogue, carts and orders: stock and cart lines move by one statement, and an order keeps what it was placed with.

use keyward_auth::SecretHash;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::page::Page;
use keyward_infra::database::store::Database;
use keyward_shop::domain::ids::{CategoryId, ProductId};
use keyward_shop::domain::money::Money;
use keyward_shop::domain::order::{Address, IdempotencyKey, Line, NewOrder, OrderStatus};
use keyward_shop::domain::product::{Description, Label, ProductFilter, ProductSpec};
use keyward_shop::domain::store::ShopStore;
use time::{Duration, OffsetDateTime};

use crate::support::start;

/// A time with microseconds.
fn placed_at() -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::microseconds(1_795_305_600_123_456)
}

fn label(text: &str) -> Label {
    Label::parse(text).unwrap()
}

fn spec(category: CategoryId, name: &str, quantity: u32) -> ProductSpec {
    let (description, price) = (Description::parse("good").unwrap(), Money::from_minor(1_999));
    ProductSpec { name: label(name), description, price, quantity, category }
}

async fn category(database: &Database, name: &str) -> CategoryId {
    database.catalog().insert_category(&label(name)).await.unwrap().id
}

async fn product(database: &Database, category: CategoryId, name: &str, quantity: u32) -> ProductId {
    database.catalog().insert_product(&spec(category, name, quantity)).await.unwrap()
}

async fn left(database: &Database, product: ProductId) -> u32 {
    database.catalog().find_product(product).await.unwrap().unwrap().quantity
}

fn order(user: UserId, product: ProductId, key: Option<&str>) -> NewOrder {
    let price = Money::from_minor(1_999);
    NewOrder {
        user,
        placed_at: placed_at(),
        amount: price.times(2).unwrap(),
        address: Address::parse("1 Main Street").unwrap(),
        lines: vec![Line { product, name: label("Tea"), price, quantity: 2 }],
        key: key.map(|key| (IdempotencyKey::parse(key).unwrap(), SecretHash::of("address"))),
    }
}

#[tokio::test]
async fn products_are_found_by_category_and_by_any_part_of_the_name() {
    let app = start().await;
    let database = &app.database;
    let (teas, cups) = (category(database, "Teas").await, category(database, "Cups").await);
    let green = product(database, teas, "Grüner Tee", 3).await;
    let cup = product(database, cups, "TEETASSE", 1).await;
    product(database, cups, "Glass", 1).await;
    let found = async |category, search: &str, page| {
        let filter = ProductFilter { category, search: Some(search.to_owned()) };
        let rows = database.catalog().list_products(&filter, page).await.unwrap();
        rows.items.into_iter().map(|product| product.id).collect::<Vec<_>>()
    };
    assert_eq!(found(None, "tee", Page::default()).await, [green, cup]);
    assert_eq!(found(Some(teas), "GRÜN", Page::default()).await, [green]);
    assert_eq!(found(Some(cups), "grün", Page::default()).await, []);
    assert_eq!(found(None, "%", Page::default()).await, [], "a wildcard is a character");
    let after = Page { after: Some(green.0), ..Page::default() };
    assert_eq!(found(None, "tee", after).await, [cup]);
}

#[tokio::test]
async fn a_category_stays_while_it_has_products_and_a_product_needs_one() {
    let app = start().await;
    let database = &app.database;
    let teas = category(database, "Teas").await;
    let tea = product(database, teas, "Tea", 1).await;
    let mut catalog = database.catalog();
    assert!(matches!(catalog.delete_category(teas).await, Err(StoreError::Dangling)));
    let nowhere = spec(CategoryId(teas.0 + 1), "Tea", 1);
    assert!(matches!(catalog.insert_product(&nowhere).await, Err(StoreError::Dangling)));
    assert!(matches!(catalog.replace_product(tea, &nowhere).await, Err(StoreError::Dangling)));
    assert!(catalog.replace_product(tea, &spec(teas, "Better tea", 5)).await.unwrap());
    assert!(catalog.rename_category(teas, &label("Tea")).await.unwrap());
    let better = catalog.find_product(tea).await.unwrap().unwrap();
    assert_eq!((better.name, better.quantity, better.category.name), (label("Better tea"), 5, label("Tea")));
    assert!(catalog.delete_product(tea).await.unwrap() && catalog.delete_category(teas).await.unwrap());
    assert!(!catalog.delete_product(tea).await.unwrap() && !catalog.delete_category(teas).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_takers_as_many_get_a_piece_as_there_are_pieces() {
    let app = start().await;
    let database = &app.database;
    let tea = product(database, category(database, "Teas").await, "Tea", 10).await;
    let takers: Vec<_> = (0..50)
        .map(|_| {
            let mut catalog = database.catalog();
            tokio::spawn(async move { catalog.take(tea, 1).await.unwrap() })
        })
        .collect();
    let mut took = 0;
    for taker in takers {
        took += u32::from(taker.await.unwrap());
    }
    assert_eq!((took, left(database, tea).await), (10, 0));
    database.catalog().put_back(tea, 3).await.unwrap();
    assert!(!database.catalog().take(tea, 4).await.unwrap());
    assert_eq!(left(database, tea).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cart_has_one_line_a_product_which_adds_up_to_a_bound() {
    let app = start().await;
    let database = &app.database;
    let ana = UserId(app.user("ana").await.id);
    let tea = product(database, category(database, "Teas").await, "Tea", 10).await;
    let adders: Vec<_> = (0..20)
        .map(|_| {
            let mut carts = database.carts();
            tokio::spawn(async move { carts.add(ana, tea, 2, 25).await.unwrap().is_some() })
        })
        .collect();
    let mut added = 0;
    for adder in adders {
        added += u32::from(adder.await.unwrap());
    }
    let items = database.carts().items(ana).await.unwrap();
    assert_eq!((added, items.len(), items[0].quantity), (12, 1, 24));
    assert_eq!(database.carts().add(ana, tea, 26, 25).await.unwrap(), None);
    let gone = database.carts().add(ana, ProductId(tea.0 + 1), 1, 25).await;
    assert!(matches!(gone, Err(StoreError::Dangling)));
}

#[tokio::test]
async fn a_line_is_its_owners_alone_and_goes_with_its_product() {
    let app = start().await;
    let database = &app.database;
    let (ana, bob) = (UserId(app.user("ana").await.id), UserId(app.user("bob").await.id));
    let teas = category(database, "Teas").await;
    let tea = product(database, teas, "Tea", 10).await;
    let line = database.carts().add(ana, tea, 2, 25).await.unwrap().unwrap();
    assert!(!database.carts().set(bob, line, 9).await.unwrap());
    assert!(!database.carts().remove(bob, line).await.unwrap());
    assert_eq!(database.carts().find(bob, line).await.unwrap(), None);
    assert!(database.carts().set(ana, line, 3).await.unwrap());
    assert_eq!(database.carts().empty(bob).await.unwrap(), []);
    assert_eq!(database.carts().empty(ana).await.unwrap(), [(tea, 3)]);
    assert_eq!(database.carts().empty(ana).await.unwrap(), []);
    database.carts().add(ana, tea, 1, 25).await.unwrap();
    database.catalog().delete_product(tea).await.unwrap();
    assert!(database.carts().items(ana).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_search_that_no_index_helps_reads_a_bounded_number_of_rows_and_finds_everything() {
    let app = start().await;
    let database = &app.database;
    let things = category(database, "Things").await;
    let mut tx = ShopStore::begin(database).await.unwrap();
    let mut wanted = Vec::new();
    for number in 1..=4_100 {
        let name = if number % 1_500 == 0 { "!!!" } else { "thing" };
        let spec = ProductSpec {
            name: label(name),
            description: Description::parse("").unwrap(),
            price: Money::from_minor(1),
            quantity: 1,
            category: things,
        };
        let id = tx.catalog().insert_product(&spec).await.unwrap();
        if name == "!!!" {
            wanted.push(id);
        }
    }
    tx.commit().await.unwrap();
    for (part, category) in [("!", None), ("!!", Some(things))] {
        let filter = ProductFilter { category, search: Some(part.to_owned()) };
        let (mut found, mut pages, mut after) = (Vec::new(), 0, None);
        loop {
            let page = Page { after, ..Page::default() };
            let slice = database.catalog().list_products(&filter, page).await.unwrap();
            found.extend(slice.items.into_iter().map(|product| product.id));
            pages += 1;
            after = slice.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!((found, pages), (wanted.clone(), 5), "{part}");
    }
}

#[tokio::test]
async fn a_page_of_long_descriptions_or_long_orders_ends_early() {
    let app = start().await;
    let database = &app.database;
    let ana = UserId(app.user("ana").await.id);
    let things = category(database, "Things").await;
    let mut tx = ShopStore::begin(database).await.unwrap();
    let mut product = None;
    for _ in 0..110 {
        let spec = ProductSpec {
            name: label("Thing"),
            description: Description::parse(&"\"".repeat(10_000)).unwrap(),
            price: Money::from_minor(1),
            quantity: 1,
            category: things,
        };
        product = Some(tx.catalog().insert_product(&spec).await.unwrap());
    }
    let long = order(ana, product.unwrap(), None);
    let line = Line { name: label(&"\"".repeat(200)), ..long.lines[0].clone() };
    for _ in 0..50 {
        let long = NewOrder { lines: vec![line.clone(); 100], ..long.clone() };
        tx.orders().insert(&long).await.unwrap();
    }
    tx.commit().await.unwrap();
    let page = Page { limit: 200, after: None };
    let products = database.catalog().list_products(&ProductFilter::default(), page).await.unwrap();
    assert_eq!((products.items.len(), products.next.is_some()), (52, true));
    let orders = database.orders().list(Some(ana), page).await.unwrap();
    assert_eq!((orders.items.len(), orders.next.is_some()), (20, true));
}

#[tokio::test]
async fn an_order_keeps_its_names_and_prices_and_a_users_key_is_taken_once() {
    let app = start().await;
    let database = &app.database;
    let (ana, bob) = (UserId(app.user("ana").await.id), UserId(app.user("bob").await.id));
    let tea = product(database, category(database, "Teas").await, "Tea", 10).await;
    let id = database.orders().insert(&order(ana, tea, Some("k"))).await.unwrap();
    assert!(matches!(database.orders().insert(&order(ana, tea, Some("k"))).await, Err(StoreError::Taken)));
    let other = database.orders().insert(&order(bob, tea, Some("k"))).await.unwrap();
    let key = IdempotencyKey::parse("k").unwrap();
    let named = database.orders().find_by_key(ana, &key).await.unwrap();
    assert_eq!(named, Some((id, SecretHash::of("address"))));
    database.catalog().delete_product(tea).await.unwrap();
    let kept = database.orders().find(id).await.unwrap().unwrap();
    assert_eq!((kept.lines, kept.status), (order(ana, tea, None).lines, OrderStatus::Processing));
    assert_eq!(kept.placed_at, placed_at());
    let list = async |user, page| {
        let rows = database.orders().list(user, page).await.unwrap();
        rows.items.into_iter().map(|order| order.id).collect::<Vec<_>>()
    };
    assert_eq!(list(Some(ana), Page::default()).await, [id]);
    assert_eq!(list(None, Page::default()).await, [id, other]);
    assert_eq!(list(None, Page { after: Some(id.0), ..Page::default() }).await, [other]);
}

#[tokio::test]
async fn an_order_moves_on_from_the_status_it_is_in_and_from_no_other() {
    let app = start().await;
    let database = &app.database;
    let ana = UserId(app.user("ana").await.id);
    let tea = product(database, category(database, "Teas").await, "Tea", 10).await;
    let id = database.orders().insert(&order(ana, tea, None)).await.unwrap();
    let mut orders = database.orders();
    assert!(!orders.advance(id, OrderStatus::Shipped, OrderStatus::Cancelled).await.unwrap());
    assert!(orders.advance(id, OrderStatus::Processing, OrderStatus::Shipped).await.unwrap());
    assert!(!orders.advance(id, OrderStatus::Processing, OrderStatus::Cancelled).await.unwrap());
    assert_eq!(orders.find(id).await.unwrap().unwrap().status, OrderStatus::Shipped);
}
