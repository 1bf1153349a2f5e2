//! The service as this server mounts it, and its document.

use std::sync::{Arc, LazyLock};

use keyward::resources::by_default;
use keyward_api::testing::app::{TestApp, cheap_hasher};
use keyward_api::testing::document::{Document, Operation};
use keyward_api::testing::person::Person;
use keyward_auth::PasswordHasher;
use keyward_infra::database::store::Database;
use keyward_infra::testing::TestDatabase;
use keyward_pages::pages;
use serde_json::{Value, json};

/// Ways to start the service with the resources that are mounted by default.
pub(crate) trait Starts: Sized {
    /// Without accounts, with hashes that cost next to nothing.
    async fn start() -> Self;
    /// The same, with these flags of the command line.
    async fn with_flags(flags: &[&str]) -> Self;
    /// With a hashing pool of `threads` threads that use `hasher`.
    async fn hashing_with(hasher: Arc<dyn PasswordHasher>, threads: usize) -> Self;
    /// On this database, however it is reached.
    fn over(home: TestDatabase, database: Database) -> Self;
}

impl Starts for TestApp {
    async fn start() -> Self {
        Self::with_flags(&[]).await
    }

    async fn with_flags(flags: &[&str]) -> Self {
        Self::with_hasher(by_default(), flags, Arc::new(cheap_hasher()), 2).await.with_pages(pages())
    }

    async fn hashing_with(hasher: Arc<dyn PasswordHasher>, threads: usize) -> Self {
        Self::with_hasher(by_default(), &[], hasher, threads).await
    }

    fn over(home: TestDatabase, database: Database) -> Self {
        Self::on(home, database, by_default()).with_pages(pages())
    }
}

/// What people do with resources.
pub(crate) trait Writes {
    /// A post of theirs: its id.
    async fn writes(&self, title: &str, published: bool) -> i64;
}

impl Writes for Person {
    async fn writes(&self, title: &str, published: bool) -> i64 {
        let post = json!({ "title": title, "content": "content", "published": published });
        self.post("/posts", post).await.assert_status(201).json()["id"].as_i64().unwrap()
    }
}

static DOCUMENT: LazyLock<Document> = LazyLock::new(|| Document::of(&by_default()));

pub(crate) fn document() -> &'static Value {
    &DOCUMENT.json
}

/// Every operation of the document.
pub(crate) fn operations() -> &'static [Operation] {
    &DOCUMENT.operations
}
