//! The service on a database of its own, whose clock can be moved and whose hashes cost next to nothing.

use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use clap::{Args, Command, FromArgMatches};
use keyward_auth::{
    Algorithm, Argon2Params, Argon2idHasher, KeyRing, MasterSecret, PasswordHasher, SharedKeyRing,
    SigningKey, SystemRandom,
};
use keyward_domain::limits::writes::WriteLimit;
use keyward_domain::mail::postbox::Postbox;
use keyward_domain::ports::bundle::Ports;
use keyward_domain::ports::hashing::Hashing;
use keyward_infra::database::store::Database;
use keyward_infra::hashing_pool::HashingPool;
use keyward_infra::testing::{TestDatabase, fresh_database};
use keyward_migration::migrate;

use super::clock::TestClock;
use super::document::Document;
use crate::foundation::{Core, Foundation};
use crate::metrics::counters::Metrics;
use crate::resources::pages::Pages;
use crate::resources::resource::{Resource, migrations, own_data};
use crate::router;
use crate::settings::Settings;
use crate::state::AppState;
use crate::wiring::grants::grants;
use crate::wiring::mail::templates;
use crate::wiring::webauthn::webauthn;

/// Everybody's password, unless a test says otherwise.
pub const PASSWORD: &str = "seven wild horses";

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct TestApp(Arc<Parts>);

/// What the service under test is made of.
pub struct Parts {
    pub router: Router,
    /// The ports behind it.
    pub ports: Ports,
    /// Its clock, which can be moved.
    pub clock: Arc<TestClock>,
    /// The keys that sign tokens.
    pub keys: SharedKeyRing,
    pub settings: Settings,
    pub database: Database,
    /// Where its mail goes.
    pub postbox: Postbox,
    pub metrics: Metrics,
    /// Its database as a file or on a server.
    pub home: Arc<TestDatabase>,
    pub resources: Vec<Resource>,
    pages: Option<Pages>,
    /// Its document, which every answer must agree with.
    pub document: Arc<Document>,
}

impl Deref for TestApp {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl TestApp {
    /// The service with these resources and without accounts, whose hashes cost next to nothing, with these flags of the
    /// command line.
    pub async fn with_resources(resources: Vec<Resource>, flags: &[&str]) -> Self {
        Self::with_hasher(resources, flags, Arc::new(cheap_hasher()), 2).await
    }

    /// The service with a hashing pool of `threads` threads that use `hasher`.
    pub async fn with_hasher(
        resources: Vec<Resource>,
        flags: &[&str],
        hasher: Arc<dyn PasswordHasher>,
        threads: usize,
    ) -> Self {
        let home = fresh_database().await;
        let database = home.connect().await;
        migrate(database.connection(), &migrations(&resources)).await.unwrap();
        Self::begin(home, database, resources, flags, hasher, threads)
    }

    /// The service on this database, however it is reached.
    pub fn on(home: TestDatabase, database: Database, resources: Vec<Resource>) -> Self {
        Self::begin(home, database, resources, &[], Arc::new(cheap_hasher()), 2)
    }

    fn begin(
        home: TestDatabase,
        database: Database,
        resources: Vec<Resource>,
        flags: &[&str],
        hasher: Arc<dyn PasswordHasher>,
        threads: usize,
    ) -> Self {
        let home = Arc::new(home);
        let keys = SharedKeyRing::new(KeyRing::new(SigningKey::generate(Algorithm::EdDsa).unwrap()));
        let master = Arc::new(MasterSecret::generate(&SystemRandom));
        let hashing = Arc::new(HashingPool::start(hasher, threads).unwrap());
        let settings = settings(flags);
        Self::assemble(home, database, hashing, keys, master, Arc::default(), settings, resources, None)
    }

    /// Another process on the same database, with a memory of its own.
    #[must_use]
    pub fn replica(&self) -> Self {
        self.again(self.database.as_another_process(), self.pages)
    }

    /// The same service with pages for people.
    #[must_use]
    pub fn with_pages(self, pages: Pages) -> Self {
        self.again(self.database.clone(), Some(pages))
    }

    /// The same keys, clock and settings over `database`.
    fn again(&self, database: Database, pages: Option<Pages>) -> Self {
        Self::assemble(
            Arc::clone(&self.home),
            database,
            Arc::clone(&self.ports.hashing),
            self.keys.clone(),
            Arc::clone(&self.postbox.master),
            Arc::clone(&self.clock),
            self.settings.clone(),
            self.resources.clone(),
            pages,
        )
    }

    #[expect(clippy::too_many_arguments, reason = "what a service is made of")]
    fn assemble(
        home: Arc<TestDatabase>,
        database: Database,
        hashing: Arc<dyn Hashing>,
        keys: SharedKeyRing,
        master: Arc<MasterSecret>,
        clock: Arc<TestClock>,
        settings: Settings,
        resources: Vec<Resource>,
        pages: Option<Pages>,
    ) -> Self {
        let database = database
            .with_leaving(resources.iter().filter_map(|resource| resource.leaving))
            .with_removing(resources.iter().filter_map(|resource| resource.removing));
        let ports = Ports {
            store: Arc::new(database.clone()),
            clock: clock.clone(),
            random: Arc::new(SystemRandom),
            hashing,
        };
        let templates = Arc::new(templates(&settings, &resources).unwrap());
        let postbox = Postbox { letters: templates.clone(), master };
        let writes = WriteLimit::new(settings.throttle.budgets().is_some());
        let foundation = Foundation { ports: ports.clone(), database: database.clone(), writes };
        let core = Core { foundation, postbox: postbox.clone(), templates };
        let grants = grants(&settings.scopes, &resources).unwrap();
        let own_data = own_data(&resources, &core);
        let state = AppState::new(core, webauthn(&settings), keys.clone(), grants, own_data, &settings);
        let metrics = state.metrics.clone();
        let document = Arc::new(Document::of(&resources));
        let router = router::standalone(state, &resources, pages);
        let parts = Parts {
            router,
            ports,
            clock,
            keys,
            settings,
            database,
            postbox,
            metrics,
            home,
            resources,
            pages,
            document,
        };
        Self(Arc::new(parts))
    }
}

/// The address of the account that a test calls `name`.
pub fn address(name: &str) -> String {
    format!("{name}@example.com")
}

/// A hasher that is Argon2id and takes well under a millisecond.
pub fn cheap_hasher() -> Argon2idHasher {
    let params = Argon2Params { memory_kib: 8, iterations: 1, parallelism: 1 };
    Argon2idHasher::new(params, Arc::new(SystemRandom)).unwrap()
}

/// The settings of a server started with these flags alone, independent of the environment of the tests
/// says.
fn settings(flags: &[&str]) -> Settings {
    let command = Settings::augment_args(Command::new("keyward")).mut_args(|arg| arg.env(None));
    Settings::from_arg_matches(&command.get_matches_from([&["keyward"], flags].concat())).unwrap()
}
