//! The fixtures through the repositories: migrated with any choice of sets, and read whole.

use std::sync::Arc;

use keyward_auth::{
    Algorithm, Argon2Params, Argon2idHasher, MasterSecret, Password, PasswordHash, PasswordHasher,
    RefreshTokens, SystemRandom, Verdict,
};
use keyward_blog::domain::post::{PostFilter, PostId};
use keyward_blog::domain::store::BlogStore;
use keyward_domain::model::mail::Lane;
use keyward_domain::model::outbox::{MailState, Recipients};
use keyward_domain::model::revocations::Position;
use keyward_domain::model::users::NewUser;
use keyward_domain::ports::store::Store;
use keyward_domain::values::clock::Clock;
use keyward_domain::values::email::Email;
use keyward_domain::values::ids::{ClientId, SessionId, UserId};
use keyward_domain::values::names::LoginName;
use keyward_domain::values::page::Page;
use keyward_domain::values::scopes::Role;
use keyward_infra::clock::SystemClock;
use keyward_infra::database::store::Database;
use keyward_infra::testing::{TestDatabase, empty_database, rows};
use keyward_migration::{MigrationSet, Schema, look, migrate};
use keyward_shop::domain::ids::OrderId;
use keyward_shop::domain::order::{IdempotencyKey, OrderStatus};
use keyward_shop::domain::product::ProductFilter;
use keyward_shop::domain::store::ShopStore;
use time::Duration;

use super::fixture::Yesterday;
use crate::resources::memos;

/// An open copy of the fixture for the database under test.
struct Opened {
    database: Database,
    facts: Yesterday,
    _home: TestDatabase,
}

impl Opened {
    async fn new() -> Self {
        let home = empty_database().await;
        let facts = Yesterday::copy_to(&home.url).await;
        Self { database: home.connect().await, facts, _home: home }
    }

    async fn migrate(&self, sets: &[MigrationSet]) {
        migrate(self.database.connection(), sets).await.unwrap();
        assert_eq!(look(self.database.connection(), sets).await.unwrap(), Schema::Current);
    }

    fn master(&self) -> MasterSecret {
        MasterSecret::from_bytes(self.facts.master).unwrap()
    }

    /// The accounts are there, and their passwords still match.
    async fn has_its_users(&self) {
        let hasher = Argon2idHasher::new(Argon2Params::default(), Arc::new(SystemRandom)).unwrap();
        for name in ["ada", "grace", "ana", "bob"] {
            let fact = |field: &str| self.facts.text(&format!("/users/{name}/{field}"));
            let email = LoginName::Email(Email::parse(fact("email")).unwrap());
            let found = self.database.autocommit().users().credentials_of(&email).await.unwrap().unwrap();
            assert_eq!(found.user.id, UserId(self.facts.number(&format!("/users/{name}/id"))));
            assert_eq!(found.user.role.as_str(), fact("role"));
            let verdict = hasher.verify(&Password::new(fact("password")), &found.hash.unwrap()).unwrap();
            assert!(matches!(verdict, Verdict::Match { .. }), "{name}");
        }
    }

    /// The session stands, its refresh token is the good one, and the other session is in the feed of ended
    /// ones.
    async fn has_its_sessions(&self) {
        let ana = UserId(self.facts.number("/users/ana/id"));
        let mut repositories = self.database.autocommit();
        let id = SessionId(self.facts.text("/ana/session_id").parse().unwrap());
        let live = repositories.sessions().live(id).await.unwrap().unwrap();
        let claim = RefreshTokens::parse(self.facts.text("/ana/refresh_token")).unwrap();
        assert_eq!((live.session.user, live.session.counter), (ana, claim.counter));
        assert!(RefreshTokens::new(&self.master()).verify(&claim, &live.session.salt));

        let ended = repositories.revocations().after(&Position::default(), 10).await.unwrap().unwrap();
        assert_eq!(ended.revocations.iter().map(|one| one.user).collect::<Vec<_>>(), [ana]);
        assert!(repositories.sessions().live(ended.revocations[0].session).await.unwrap().is_none());

        let client = ClientId::parse(self.facts.text("/client/id")).unwrap();
        let found = repositories.clients().find(&client).await.unwrap().unwrap();
        assert!(found.secret.unwrap().matches(self.facts.text("/client/secret")));
        let bob = UserId(self.facts.number("/users/bob/id"));
        let sessions = repositories.sessions().of_user(bob, None, 10).await.unwrap();
        assert_eq!(sessions.iter().map(|one| one.client.clone()).collect::<Vec<_>>(), [Some(client)]);
        assert_eq!(repositories.keys().of(Algorithm::EdDsa).await.unwrap().len(), 2);
        assert_eq!(repositories.events().newest(None, 100).await.unwrap().len(), 7);
    }

    /// Posts are read and found, and drafts are still drafts.
    async fn has_its_posts(&self) {
        let mut posts = BlogStore::posts(&self.database);
        let ids = [self.facts.number("/ana/post_id"), self.facts.number("/ana/draft_id")].map(PostId);
        for (id, published) in ids.into_iter().zip([true, false]) {
            let post = posts.find(id).await.unwrap().unwrap();
            assert_eq!(post.owner.id, UserId(self.facts.number("/users/ana/id")));
            assert_eq!(post.published, published);
        }
        let search = Some("ÄLTER".to_owned());
        let filter = PostFilter { search, ..PostFilter::default() };
        let found = posts.list(&filter, Page::default()).await.unwrap().items;
        assert_eq!(found.iter().map(|post| post.id).collect::<Vec<_>>(), [ids[0]]);
    }

    /// Orders, the cart and the stock are what they were.
    async fn has_its_shop(&self) {
        let ana = UserId(self.facts.number("/users/ana/id"));
        let mut orders = ShopStore::orders(&self.database);
        for (path, status) in [
            ("/ana/shipped_order_id", OrderStatus::Shipped),
            ("/ana/cancelled_order_id", OrderStatus::Cancelled),
            ("/ana/order/id", OrderStatus::Processing),
        ] {
            let order = orders.find(OrderId(self.facts.number(path))).await.unwrap().unwrap();
            assert_eq!((order.user, order.status, order.lines.len()), (ana, status, 1));
        }
        let key = IdempotencyKey::parse(self.facts.text("/ana/order/idempotency_key")).unwrap();
        let (id, _) = orders.find_by_key(ana, &key).await.unwrap().unwrap();
        let order = orders.find(id).await.unwrap().unwrap();
        assert_eq!(order.address.as_str(), self.facts.text("/ana/order/shipping_address"));
        let line = &order.lines[0];
        let fact = (self.facts.number("/ana/order/product_id"), self.facts.number("/ana/order/quantity"));
        assert_eq!((line.product.0, i64::from(line.quantity)), fact);
        assert_eq!(order.amount, line.price.times(line.quantity).unwrap());

        let cart = ShopStore::carts(&self.database).items(ana).await.unwrap();
        let lines: Vec<_> = cart.iter().map(|item| (item.product.id.0, i64::from(item.quantity))).collect();
        let fact = (self.facts.number("/ana/cart/0/product_id"), self.facts.number("/ana/cart/0/quantity"));
        assert_eq!(lines, [fact]);
        let mugs = ProductFilter { search: Some("MUG".to_owned()), ..ProductFilter::default() };
        let catalog = ShopStore::catalog(&self.database).list_products(&mugs, Page::default()).await.unwrap();
        let quantities: Vec<_> = catalog.items.iter().map(|product| product.quantity).collect();
        assert_eq!(quantities, [148], "150, and 2 shipped");
    }

    /// Two mails went out and three wait.
    async fn has_its_mails(&self) {
        let mails = self.database.autocommit().outbox().list(None, 10).await.unwrap();
        let states: Vec<_> = mails.iter().map(|mail| mail.state).collect();
        let (sent, waiting) = (MailState::Sent, MailState::Waiting);
        assert_eq!(states, [sent, sent, waiting, waiting, waiting]);
    }
}

/// The samples' sets, and that of a resource which came later.
fn sets() -> [MigrationSet; 3] {
    [keyward_blog::resource().migrations, keyward_shop::resource().migrations, memos::MIGRATIONS]
}

#[tokio::test]
async fn a_database_of_yesterday_is_whole_with_every_choice_of_sets_there_and_back() {
    let yesterday = Opened::new().await;
    let [blog, shop, memos] = sets();
    for sets in [&[][..], &[blog], &[], &[shop, memos], &[blog, shop], &[memos, blog], &[]] {
        yesterday.migrate(sets).await;
        yesterday.has_its_users().await;
        yesterday.has_its_sessions().await;
        yesterday.has_its_posts().await;
        yesterday.has_its_shop().await;
        yesterday.has_its_mails().await;
    }
}

#[tokio::test]
async fn migrating_a_database_of_yesterday_changes_no_value_in_any_row() {
    let yesterday = Opened::new().await;
    let connection = yesterday.database.connection();
    let tables = rows::tables(connection).await;
    let before = rows::read(connection, &tables).await;
    for (table, rows) in &before {
        assert!(!rows.is_empty(), "the fixture has rows in every table, and none in {table}");
    }
    yesterday.migrate(&sets()).await;
    let after = rows::read(connection, &tables).await;
    for (table, mut was) in before {
        let mut is = after[&table].clone();
        for row in &mut is {
            // A later version may have more columns.
            row.retain(|name, _| was[0].contains_key(name));
        }
        is.sort();
        was.sort();
        assert_eq!(is, was, "{table}");
    }
}

#[tokio::test]
async fn a_database_of_yesterday_goes_on_from_where_it_was() {
    let yesterday = Opened::new().await;
    yesterday.migrate(&[]).await;
    let (database, facts) = (&yesterday.database, &yesterday.facts);
    let ids = ["ada", "grace", "ana", "bob"].map(|name| facts.number(&format!("/users/{name}/id")));
    let now = SystemClock.now();
    let eve = NewUser {
        names: Email::parse("eve@example.com").unwrap().into(),
        name: None,
        role: Role::User,
        hash: Some(PasswordHash::from_stored("$none".to_owned())),
        created_at: now,
    };
    let user = database.autocommit().users().insert(&eve).await.unwrap();
    assert!(ids.iter().all(|id| *id < user.id.0), "ids go on");

    // A mail that waits is due some time after it was written, and opens with the master secret.
    let due = now + Duration::days(36_500);
    let claim = database
        .autocommit()
        .outbox()
        .claim(Lane::Code, &Recipients::ANY, due, due + Duration::minutes(5))
        .await
        .unwrap()
        .unwrap();
    let message = claim.mail.open(&yesterday.master()).unwrap();
    assert_eq!(message.letter.subject, format!("Your order {}", facts.number("/ana/order/id")));

    let session = SessionId(facts.text("/ana/session_id").parse().unwrap());
    let live = database.autocommit().sessions().live(session).await.unwrap().unwrap();
    assert!(
        database.autocommit().sessions().advance(session, live.session.counter, None, due).await.unwrap()
    );
}
