//! Calls of the shop's repositories.

use keyward_auth::SecretHash;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::page::Page;
use keyward_shop::domain::ids::{CategoryId, ItemId, OrderId, ProductId};
use keyward_shop::domain::money::Money;
use keyward_shop::domain::order::{Address, IdempotencyKey, Line, NewOrder, OrderStatus};
use keyward_shop::domain::product::{Description, Label, ProductFilter, ProductSpec};
use keyward_shop::domain::store::ShopTransaction;

use crate::Inspector;
use crate::accounts::after;
use crate::data::RARE;

pub(crate) async fn all(inspector: &mut Inspector) {
    catalog(inspector).await;
    lists_of_products(inspector).await;
    carts(inspector).await;
    orders(inspector).await;
}

async fn catalog(inspector: &mut Inspector) {
    let (category, product) = (CategoryId(inspector.rows / 300), ProductId(inspector.rows / 30));
    let name = Label::parse("New").unwrap();
    let spec = ProductSpec {
        name: name.clone(),
        description: Description::parse("New").unwrap(),
        price: Money::from_minor(100),
        quantity: 1,
        category,
    };
    inspector
        .of("catalog.insert_category", async |db| {
            db.catalog().insert_category(&name).await.unwrap();
        })
        .await;
    inspector
        .of("catalog.find_category", async |db| {
            db.catalog().find_category(category).await.unwrap().unwrap();
        })
        .await;
    inspector
        .of("catalog.rename_category", async |db| {
            assert!(db.catalog().rename_category(category, &name).await.unwrap());
        })
        .await;
    // One that is empty, and so can go.
    inspector
        .of("catalog.delete_category", async |db| {
            assert!(!db.catalog().delete_category(CategoryId(0)).await.unwrap());
        })
        .await;
    inspector
        .of("catalog.insert_product", async |db| {
            db.catalog().insert_product(&spec).await.unwrap();
        })
        .await;
    inspector
        .of("catalog.find_product", async |db| {
            db.catalog().find_product(product).await.unwrap().unwrap();
        })
        .await;
    inspector
        .of("catalog.replace_product", async |db| {
            assert!(db.catalog().replace_product(product, &spec).await.unwrap());
        })
        .await;
    inspector
        .of("catalog.delete_product", async |db| {
            assert!(db.catalog().delete_product(product).await.unwrap());
        })
        .await;
    inspector
        .of("catalog.take", async |db| {
            assert!(db.catalog().take(product, 1).await.unwrap());
        })
        .await;
    inspector.of("catalog.put_back", async |db| db.catalog().put_back(product, 1).await.unwrap()).await;
    for after in [None, Some(inspector.rows / 200)] {
        let page = Page { limit: 50, after };
        inspector
            .of("catalog.list_categories", async |db| {
                db.catalog().list_categories(page).await.unwrap();
            })
            .await;
    }
}

async fn lists_of_products(inspector: &mut Inspector) {
    let search = |part: &str| Some(part.to_owned());
    let category = Some(CategoryId(inspector.rows / 300));
    let filters = [
        ("all", ProductFilter::default()),
        ("of a category", ProductFilter { category, search: None }),
        ("with a common word", ProductFilter { category: None, search: search("product") }),
        ("with a rare word", ProductFilter { category: None, search: search(RARE) }),
        ("with an unknown word", ProductFilter { category: None, search: search("xyzzy") }),
        ("with no letter", ProductFilter { category: None, search: search("!!!") }),
        ("with one letter", ProductFilter { category: None, search: search("~") }),
    ];
    for (what, filter) in filters {
        let list = async |inspector: &mut Inspector, after| {
            let page = Page { limit: 50, after };
            let call = inspector.costs("catalog.list_products", async |db| {
                db.catalog().list_products(&filter, page).await.unwrap();
            });
            call.await
        };
        let (first, deep) = (list(inspector, None).await, list(inspector, Some(inspector.rows / 20)).await);
        inspector.pages("catalog.list_products", what, first, deep);
    }
}

async fn carts(inspector: &mut Inspector) {
    let number = inspector.rows / 30;
    let (user, product, item) = (UserId(number), ProductId(number), ItemId(number));
    inspector
        .of("carts.items", async |db| {
            assert_eq!(db.carts().items(user).await.unwrap().len(), 1);
        })
        .await;
    inspector
        .of("carts.find", async |db| {
            db.carts().find(user, item).await.unwrap().unwrap();
        })
        .await;
    inspector
        .of("carts.add", async |db| {
            assert_eq!(db.carts().add(user, product, 1, 9).await.unwrap(), Some(item));
        })
        .await;
    inspector
        .of("carts.count", async |db| {
            assert_eq!(db.carts().count(user).await.unwrap(), 1);
        })
        .await;
    inspector
        .of("carts.set", async |db| {
            assert!(db.carts().set(user, item, 3).await.unwrap());
        })
        .await;
    inspector
        .of("carts.remove", async |db| {
            assert!(db.carts().remove(user, item).await.unwrap());
        })
        .await;
    inspector
        .of("carts.empty", async |db| {
            assert_eq!(db.carts().empty(user).await.unwrap().len(), 1);
        })
        .await;
}

async fn orders(inspector: &mut Inspector) {
    let number = inspector.rows / 30;
    let (user, id) = (UserId(number), OrderId(number));
    let key = |text: &str| IdempotencyKey::parse(text).unwrap();
    let line = Line {
        product: ProductId(number),
        name: Label::parse("Product").unwrap(),
        price: Money::from_minor(100),
        quantity: 1,
    };
    let new = NewOrder {
        user,
        placed_at: after(0),
        amount: Money::from_minor(100),
        address: Address::parse("1 Main Street").unwrap(),
        lines: vec![line],
        key: Some((key("new"), SecretHash::of("body"))),
    };
    inspector
        .of("orders.insert", async |db| {
            db.orders().insert(&new).await.unwrap();
        })
        .await;
    inspector
        .of("orders.find", async |db| {
            db.orders().find(id).await.unwrap().unwrap();
        })
        .await;
    let known = key(&format!("key-{number}"));
    inspector
        .of("orders.find_by_key", async |db| {
            db.orders().find_by_key(user, &known).await.unwrap().unwrap();
        })
        .await;
    let (from, to) = (OrderStatus::Processing, OrderStatus::Shipped);
    inspector
        .of("orders.advance", async |db| {
            assert!(db.orders().advance(id, from, to).await.unwrap());
        })
        .await;
    inspector
        .of("orders.count_of", async |db| {
            assert_eq!(db.orders().count_of(user, Some(from)).await.unwrap(), 1);
        })
        .await;
    inspector
        .of("orders.call_off", async |db| {
            assert!(!db.orders().call_off(user).await.unwrap().is_empty());
        })
        .await;
    inspector.of("orders.give_up", async |db| db.orders().give_up(user, UserId(1)).await.unwrap()).await;
    for (what, whose) in [("all", None), ("one's own", Some(user))] {
        let list = async |inspector: &mut Inspector, after| {
            let page = Page { limit: 50, after };
            inspector
                .costs("orders.list", async |db| {
                    db.orders().list(whose, page).await.unwrap();
                })
                .await
        };
        let (first, deep) = (list(inspector, None).await, list(inspector, Some(inspector.rows / 20)).await);
        inspector.pages("orders.list", what, first, deep);
    }
}
