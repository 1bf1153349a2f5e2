//! The service on a database of its own, whose clock can be moved and whose hashes cost next to nothing.

use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use clap::{Args, Command, FromArgMatches};
use keyward_auth::{
    Algorithm, Argon2Params, Argon2idHasher, KeyRing, MasterSecret, PasswordHasher, SharedKeyRing,
    SigningKey, SystemRandom,
};
use keyward_domain::mail::postbox::Postbox;
use keyward_domain::ports::bundle::Ports;
use keyward_domain::ports::hashing::Hashing;
use keyward_infra::database::store::Database;
use keyward_infra::hashing_pool::HashingPool;
use keyward_infra::mail::templates::Templates;
use keyward_infra::testing::{TestDatabase, fresh_database};

use super::clock::TestClock;
use crate::access::epochs::Epochs;
use crate::metrics::counters::Metrics;
use crate::router;
use crate::settings::Settings;
use crate::state::AppState;

/// Everybody's password, unless a test says otherwise.
pub const PASSWORD: &str = "seven wild horses";

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct TestApp(Arc<Parts>);

/// What the service under test is made of.
pub struct Parts {
    /// The router.
    pub router: Router,
    /// The ports behind it.
    pub ports: Ports,
    /// Its clock, which can be moved.
    pub clock: Arc<TestClock>,
    /// The keys that sign tokens.
    pub keys: SharedKeyRing,
    /// Its settings.
    pub settings: Settings,
    /// Its database.
    pub database: Database,
    /// Where its mail goes.
    pub postbox: Postbox,
    /// What it counts.
    pub metrics: Metrics,
    /// Its database as a file or on a server.
    pub home: Arc<TestDatabase>,
}

impl Deref for TestApp {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl TestApp {
    /// The service with nobody in it, whose hashes cost next to nothing.
    pub async fn start() -> Self {
        Self::with_flags(&[]).await
    }

    /// The same, told more on the command line.
    pub async fn with_flags(flags: &[&str]) -> Self {
        Self::begin(Arc::new(cheap_hasher()), 2, settings(flags)).await
    }

    /// The service with a hashing pool of `threads` threads that use `hasher`.
    pub async fn with_hasher(hasher: Arc<dyn PasswordHasher>, threads: usize) -> Self {
        Self::begin(hasher, threads, settings(&[])).await
    }

    /// The service on this database, however it is reached.
    pub fn on(home: TestDatabase, database: Database) -> Self {
        Self::begin_on(home, database, Arc::new(cheap_hasher()), 2, settings(&[]))
    }

    async fn begin(hasher: Arc<dyn PasswordHasher>, threads: usize, settings: Settings) -> Self {
        let home = fresh_database().await;
        let database = home.connect().await;
        Self::begin_on(home, database, hasher, threads, settings)
    }

    fn begin_on(
        home: TestDatabase,
        database: Database,
        hasher: Arc<dyn PasswordHasher>,
        threads: usize,
        settings: Settings,
    ) -> Self {
        let home = Arc::new(home);
        let keys = SharedKeyRing::new(KeyRing::new(SigningKey::generate(Algorithm::EdDsa).unwrap()));
        let master = Arc::new(MasterSecret::generate(&SystemRandom));
        let postbox = Postbox { letters: Arc::new(Templates::default()), master };
        let hashing = Arc::new(HashingPool::start(hasher, threads).unwrap());
        Self::assemble(home, database, hashing, keys, postbox, Arc::default(), settings)
    }

    /// Another process on the same database, with a memory of its own.
    #[must_use]
    pub fn replica(&self) -> Self {
        let (hashing, clock) = (Arc::clone(&self.ports.hashing), Arc::clone(&self.clock));
        let (database, keys) = (self.database.clone(), self.keys.clone());
        let settings = self.settings.clone();
        Self::assemble(Arc::clone(&self.home), database, hashing, keys, self.postbox.clone(), clock, settings)
    }

    fn assemble(
        home: Arc<TestDatabase>,
        database: Database,
        hashing: Arc<dyn Hashing>,
        keys: SharedKeyRing,
        postbox: Postbox,
        clock: Arc<TestClock>,
        settings: Settings,
    ) -> Self {
        let epochs = Arc::new(Epochs::default());
        let ports = Ports {
            store: Arc::new(database.clone()),
            clock: clock.clone(),
            random: Arc::new(SystemRandom),
            hashing,
            changes: epochs.clone(),
        };
        let state = AppState::new(ports.clone(), postbox.clone(), epochs, keys.clone(), &settings);
        let metrics = state.metrics.clone();
        let router = router::standalone(state);
        Self(Arc::new(Parts { router, ports, clock, keys, settings, database, postbox, metrics, home }))
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

/// The settings of a server that was told no more than these flags, whatever the environment of the tests
/// says.
fn settings(flags: &[&str]) -> Settings {
    let command = Settings::augment_args(Command::new("keyward")).mut_args(|arg| arg.env(None));
    Settings::from_arg_matches(&command.get_matches_from([&["keyward"], flags].concat())).unwrap()
}
