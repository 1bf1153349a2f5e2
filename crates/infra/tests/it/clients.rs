//! OAuth2 clients.

use keyward_auth::{ScopeSet, SecretHash};
use keyward_domain::clients::{Client, ClientId};
use keyward_domain::store::{Store, StoreError};
use keyward_domain::text::Text;

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
