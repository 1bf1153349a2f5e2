//! A server that dies between an order and its mail: the mail still goes, once.
#![expect(clippy::unwrap_used, reason = "clippy's exemption for tests does not know their helpers")]

#[path = "foreign/server.rs"]
mod server;

use std::net::TcpListener;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use keyward_infra::testing::fresh_database;
use serde_json::{Value, json};

use server::{Installation, ask, send};

const PASSWORD: &str = "a long pass phrase";

#[test]
fn a_mail_survives_the_death_of_the_server_that_should_have_sent_it() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let database = runtime.block_on(fresh_database());
    let settings = vec![
        ("KEYWARD_DATABASE_URL", database.url.clone()),
        ("KEYWARD_ISSUER", "http://keyward.example".to_owned()),
        ("KEYWARD_MASTER_SECRET", "for all of the servers of this test".to_owned()),
        ("KEYWARD_ARGON2_MEMORY", "64".to_owned()),
        ("KEYWARD_NEW_PASSWORD", PASSWORD.to_owned()),
    ];
    // The first server has a mail server that takes the connection and then says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let smtp = ("KEYWARD_SMTP_URL", format!("smtp://{}", silent.local_addr().unwrap()));
    let stuck = Installation::new([settings.clone(), vec![smtp]].concat());
    let installation = Installation::new(settings);
    let folder = installation.folder.path().join("data/mail");
    let server = stuck.start();
    let address = server.address.clone();
    let user = json!({ "email": "ana@example.com", "password": PASSWORD });
    let signed_up = ask(&address, "POST /signup", "", &user).unwrap().body;
    let id = ask(&address, "GET /users/me", signed_up["access_token"].as_str().unwrap(), &Value::Null);
    let id = id.unwrap().body["id"].clone();
    runtime.block_on(make_admin(&database, id.as_i64().unwrap()));
    let login = json!({ "username": "ana@example.com", "password": PASSWORD });
    let tokens = ask(&address, "POST /login", "", &login).unwrap().body;
    let told = |line: &str, body: Value| {
        let answer = ask(&address, line, tokens["access_token"].as_str().unwrap(), &body).unwrap();
        assert_eq!(answer.status, 201, "{line}: {}", answer.body);
        answer.body
    };
    let category = told("POST /categories", json!({ "name": "Tea" }))["id"].clone();
    let product =
        json!({ "name": "Tea", "description": "Leaves", "price": 1, "quantity": 1, "category_id": category });
    let product = told("POST /products", product)["id"].clone();
    // Four deliveries to one domain run at once, so the mail of the order has to wait.
    let others: Vec<String> = (0..4).map(|number| format!("ben{number}@example.com")).collect();
    let under_way = others.iter().map(|email| {
        let user = json!({ "email": email, "password": PASSWORD });
        assert_eq!(ask(&address, "POST /signup", "", &user).unwrap().status, 201);
        let forgotten = json!({ "email": email });
        assert_eq!(ask(&address, "POST /password-recovery", "", &forgotten).unwrap().status, 202);
        silent.accept().unwrap()
    });
    let _under_way: Vec<_> = under_way.collect();
    told("POST /cart/items", json!({ "product_id": product }));
    told("POST /orders", json!({ "shipping_address": "1 Main Street" }));
    drop(server);
    let waiting = installation.run(&["outbox", "list", "--state", "waiting"]);
    assert_eq!(
        waiting.matches("\"attempts\":0").count(),
        1,
        "it was killed before the mail's turn: {waiting}"
    );

    let again = installation.start();
    let begun = Instant::now();
    while files(&folder) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "the mail does not come");
        sleep(Duration::from_millis(50));
    }
    while installation.run(&["outbox", "list", "--state", "sent"]).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(20), "that it went is not noted");
    }
    drop(send(&again.address, "GET /health/live", "", &Value::Null));
    drop(again);
    let third = installation.start();
    sleep(Duration::from_millis(500));
    drop(third);
    assert_eq!(files(&folder), 1);
}

async fn make_admin(database: &keyward_infra::testing::TestDatabase, id: i64) {
    use keyward_domain::model::users::UserChange;
    use keyward_domain::ports::store::Store;
    use keyward_domain::values::ids::UserId;
    use keyward_domain::values::scopes::Role;
    let change = UserChange { role: Some(Role::Admin), ..UserChange::default() };
    let open = database.connect().await;
    let mut tx = open.begin().await.unwrap();
    tx.user_changes().update(UserId(id), &change).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    open.close().await.unwrap();
}

fn files(folder: &Path) -> usize {
    folder.read_dir().map_or(0, Iterator::count)
}
