//! OAuth2 clients.

use keyward_auth::{Algorithm, ScopeSet, SecretHash};
use keyward_domain::model::clients::{Client, ClientChange, ClientSettings};
use keyward_domain::model::store_error::StoreError;
use keyward_domain::ports::store::Store;
use keyward_domain::values::ids::ClientId;
use keyward_domain::values::logout_uri::Backchannel;
use keyward_domain::values::resource_uri::ResourceUri;
use keyward_domain::values::text::Text;
use keyward_domain::values::uris::RedirectUri;

use crate::support::{at, open};

fn settings() -> ClientSettings {
    let uris = |texts: &[&str]| texts.iter().map(|text| RedirectUri::parse(text).unwrap()).collect();
    ClientSettings {
        name: Text::parse("Ünïcode & Söns").unwrap(),
        scope: ScopeSet::parse("invoices:read").unwrap(),
        redirect_uris: uris(&["https://app.example.com/cb", "com.example.app:/cb"]),
        logout_uris: uris(&["https://app.example.com/"]),
        resources: vec![ResourceUri::parse("https://api.example.com").unwrap()],
        id_token_alg: Algorithm::EdDsa,
        first_party: true,
        device: true,
        require_par: true,
        backchannel: Backchannel::parse("https://app.example.com/logout").unwrap(),
        backchannel_session_required: true,
    }
}

fn client(id: &str) -> Client {
    Client {
        id: ClientId::parse(id).unwrap(),
        secret: Some(SecretHash::of("secret")),
        settings: settings(),
        created_at: at(3),
    }
}

#[tokio::test]
async fn every_field_of_a_client_comes_back() {
    let database = open().await;
    database.autocommit().clients().insert(&client("a")).await.unwrap();
    let found = database.autocommit().clients().find(&ClientId::parse("a").unwrap()).await.unwrap().unwrap();
    let Client { id, secret, settings, created_at } = client("a");
    assert_eq!((found.id, found.settings, found.created_at), (id, settings, created_at));
    assert_eq!(found.secret, secret);
    let public = Client { secret: None, ..client("p") };
    database.autocommit().clients().insert(&public).await.unwrap();
    assert!(database.autocommit().clients().find(&public.id).await.unwrap().unwrap().is_public());
    assert_eq!(database.autocommit().clients().count().await.unwrap(), 2);
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

#[tokio::test]
async fn a_change_touches_what_it_names_alone_and_a_secret_is_replaced_where_there_is_one() {
    let database = open().await;
    let (a, p) = (client("a"), Client { secret: None, ..client("p") });
    for client in [&a, &p] {
        database.autocommit().clients().insert(client).await.unwrap();
    }
    let find = async |id| database.autocommit().clients().find(id).await.unwrap().unwrap();
    let nothing = ClientChange::default();
    assert!(database.autocommit().clients().change(&a.id, &nothing).await.unwrap());
    assert_eq!(find(&a.id).await.settings, a.settings);
    let change = ClientChange {
        logout_uris: Some(Vec::new()),
        first_party: Some(false),
        require_par: Some(false),
        ..ClientChange::default()
    };
    assert!(database.autocommit().clients().change(&a.id, &change).await.unwrap());
    let expected =
        ClientSettings { logout_uris: Vec::new(), first_party: false, require_par: false, ..settings() };
    assert_eq!(find(&a.id).await.settings, expected);
    assert_eq!(find(&p.id).await.settings, settings(), "another client");
    let other = ClientId::parse("other").unwrap();
    assert!(!database.autocommit().clients().change(&other, &change).await.unwrap());

    let new = SecretHash::of("new");
    assert!(database.autocommit().clients().replace_secret(&a.id, &new).await.unwrap());
    assert_eq!(find(&a.id).await.secret, Some(new));
    assert!(!database.autocommit().clients().replace_secret(&p.id, &new).await.unwrap());
    assert!(find(&p.id).await.is_public());
}
