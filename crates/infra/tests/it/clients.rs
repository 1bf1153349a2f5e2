//! OAuth2 clients.

use keyward_auth::{ScopeSet, SecretHash};
use keyward_domain::model::clients::Client;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::ports::store::Store;
use keyward_domain::values::ids::ClientId;
use keyward_domain::values::text::Text;

use crate::support::{at, open};

fn client(id: &str) -> Client {
    Client {
        id: ClientId::parse(id).unwrap(),
        name: Text::parse("Ünïcode & Söns").unwrap(),
        scope: ScopeSet::parse("invoices:read").unwrap(),
        secret: SecretHash::of("secret"),
        created_at: at(3),
    }
}

#[tokio::test]
async fn every_field_of_a_client_comes_back() {
    let database = open().await;
    database.autocommit().clients().insert(&client("a")).await.unwrap();
    let found = database.autocommit().clients().find(&ClientId::parse("a").unwrap()).await.unwrap().unwrap();
    let Client { id, name, scope, secret, created_at } = client("a");
    assert_eq!((found.id, found.name, found.scope, found.created_at), (id, name, scope, created_at));
    assert_eq!(found.secret, secret);
    assert!(database.autocommit().clients().find(&ClientId::parse("A").unwrap()).await.unwrap().is_none());
}

#[tokio::test]
async fn an_id_is_given_to_one_client_only() {
    let database = open().await;
    database.autocommit().clients().insert(&client("a")).await.unwrap();
    let again = database.autocommit().clients().insert(&client("a")).await;
    assert!(matches!(again, Err(StoreError::Taken)));
}

#[tokio::test]
async fn clients_are_listed_by_id_and_one_that_is_removed_is_gone() {
    let database = open().await;
    for id in ["b", "c", "a"] {
        database.autocommit().clients().insert(&client(id)).await.unwrap();
    }
    let b = ClientId::parse("b").unwrap();
    let mut tx = database.begin().await.unwrap();
    assert!(tx.clients().hold(&b).await.unwrap());
    assert!(tx.clients().remove(&b).await.unwrap());
    assert!(!tx.clients().hold(&b).await.unwrap());
    assert!(!tx.clients().remove(&b).await.unwrap());
    tx.commit().await.unwrap();
    let left = database.autocommit().clients().list().await.unwrap();
    assert_eq!(left.iter().map(|client| client.id.as_str()).collect::<Vec<_>>(), ["a", "c"]);
    assert!(database.autocommit().clients().find(&b).await.unwrap().is_none());
}
