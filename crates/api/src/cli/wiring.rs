//! From settings to running parts: the database, the use cases, the state behind the router.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use keyward_api::config::{PasswordSettings, Settings, StorageSettings, TokenSettings, seconds};
use keyward_api::routes::keys::PUBLISHED_AHEAD;
use keyward_api::session_check::Epochs;
use keyward_api::state::AppState;
use keyward_api::worker::{RingKeeper, Worker};
use keyward_auth::{
    Algorithm, Argon2idHasher, KeyRing, MasterSecret, SharedKeyRing, SigningKey, SystemRandom,
};
use keyward_domain::housekeeping::Housekeeping;
use keyward_domain::keys::Keys;
use keyward_domain::outbox::Outbox;
use keyward_domain::ports::{Changes, Ports};
use keyward_domain::postbox::Postbox;
use keyward_domain::store::{Repositories, Store};
use keyward_infra::hashing_pool::HashingPool;
use keyward_infra::{ConnectError, Database, DatabaseOptions, Signal, SystemClock};
use keyward_migration::Schema;
use tokio::sync::Notify;

use super::lock::Lock;
use super::{Problem, mail, secrets};

/// Checks whatever can be checked before anything is touched.
pub(super) fn check(settings: &Settings) -> Result<(), Problem> {
    hasher(&settings.passwords)?;
    shared_secret(&settings.tokens)?;
    secrets::given(&settings.tokens)?;
    mail::mailer(settings)?;
    if settings.replica.database_read_url.is_some() && settings.storage.database_url().starts_with("sqlite:")
    {
        return Err(format!("KEYWARD_DATABASE_READ_URL: {}", ConnectError::NoReplica));
    }
    mail::templates(&settings.mail).map(drop)
}

fn hasher(passwords: &PasswordSettings) -> Result<Argon2idHasher, Problem> {
    Argon2idHasher::new(passwords.argon2(), Arc::new(SystemRandom))
        .map_err(|error| format!("KEYWARD_ARGON2_MEMORY, _ITERATIONS and _PARALLELISM do not fit: {error}"))
}

/// The key of HS256, if that is the algorithm.
fn shared_secret(tokens: &TokenSettings) -> Result<Option<SigningKey>, Problem> {
    if tokens.algorithm != Algorithm::Hs256 {
        return Ok(None);
    }
    let secret = tokens.secret.as_ref().ok_or("KEYWARD_ALGORITHM is HS256, which needs KEYWARD_SECRET")?;
    SigningKey::hs256(secret.expose()).map(Some).map_err(|error| format!("KEYWARD_SECRET: {error}"))
}

/// An open, migrated database.
pub(super) struct Wiring {
    database: Database,
    place: String,
    _lock: Option<Lock>,
}

impl Wiring {
    /// Opens the database and brings its schema up to date. What was made for that and is of no use is removed again.
    pub(super) async fn open(storage: &StorageSettings) -> Result<Self, Problem> {
        let folder = DataFolder::prepare(&storage.data_dir)?;
        let url = storage.database_url();
        let lock = Lock::shared(&url).inspect_err(|_| folder.undo())?;
        let wiring = match Self::inspect(storage).await {
            Ok(wiring) => wiring,
            Err(problem) => {
                if let Some(lock) = lock {
                    lock.undo();
                }
                folder.undo();
                return Err(problem);
            }
        };
        keyward_migration::migrate(wiring.database.connection())
            .await
            .map_err(|error| format!("the database's schema cannot be brought up to date: {error}"))?;
        Ok(Self { _lock: lock, ..wiring })
    }

    /// Opens the database as it is.
    pub(super) async fn inspect(storage: &StorageSettings) -> Result<Self, Problem> {
        let url = storage.database_url();
        let database = Database::connect(&url, options(storage)).await;
        let database = database.map_err(|error| format!("KEYWARD_DATABASE_URL: {error}"))?;
        Ok(Self { database, place: place(&url), _lock: None })
    }

    /// How the database's schema stands to this program.
    pub(super) async fn schema(&self) -> Result<Schema, Problem> {
        let schema = keyward_migration::look(self.database.connection()).await;
        schema.map_err(|error| format!("the schema of {} cannot be looked up: {error}", self.place))
    }

    /// What time the database server says it is, if it has a clock of its own.
    pub(super) async fn server_time(&self) -> Result<Option<time::OffsetDateTime>, Problem> {
        let time = self.database.server_time().await;
        time.map_err(|error| format!("{} cannot be asked what time it is: {error}", self.place))
    }

    /// Where the database is, without its password.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// Every repository.
    pub(super) fn repositories(&self) -> Box<dyn Repositories> {
        self.database.autocommit()
    }

    /// Every repository, and transactions over them.
    pub(super) fn store(&self) -> Arc<dyn Store> {
        Arc::new(self.database.clone())
    }

    /// Closes the database in good order.
    pub(super) async fn close(&self) -> Result<(), Problem> {
        self.database
            .close()
            .await
            .map_err(|error| format!("the database did not close in good order: {error}"))
    }

    /// The ports, with a hashing pool of their own.
    pub(super) fn ports(&self, passwords: &PasswordSettings, epochs: Arc<Epochs>) -> Result<Ports, Problem> {
        let random = Arc::new(SystemRandom);
        let hasher = hasher(passwords)?;
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let pool = HashingPool::start(Arc::new(hasher), threads)
            .map_err(|error| format!("the hashing threads cannot start: {error}"))?;
        Ok(Ports {
            store: Arc::new(self.database.clone()),
            clock: Arc::new(SystemClock),
            random,
            hashing: Arc::new(pool),
            changes: epochs,
        })
    }

    /// Everything a server needs.
    pub(super) async fn server(&self, settings: &Settings) -> Result<Server, Problem> {
        let epochs = Arc::new(Epochs::default());
        let mut ports = self.ports(&settings.passwords, Arc::clone(&epochs))?;
        if let Some(url) = &settings.replica.database_read_url {
            let reading = self.database.clone().with_replica(url, options(&settings.storage));
            ports.store = Arc::new(reading.map_err(|error| format!("KEYWARD_DATABASE_READ_URL: {error}"))?);
        }
        let master = Arc::new(secrets::master(&settings.tokens, &settings.storage.data_dir)?);
        let (ring, stored) = Self::keys(settings, &ports, &master).await?;
        let keys = SharedKeyRing::new(ring);
        let keys_changed = Arc::new(Notify::new());
        let postbox = Postbox { letters: Arc::new(mail::templates(&settings.mail)?), master };
        let ears = Ears {
            database: self.database.clone(),
            epochs: Arc::clone(&epochs),
            keys_changed: Arc::clone(&keys_changed),
        };
        let watched = settings.watch.metrics_listen.is_some();
        let state = AppState::new(ports.clone(), postbox.clone(), epochs, keys.clone(), settings);
        let worker = Worker {
            metrics: watched.then(|| state.metrics.clone()),
            mail: self.database.mail(),
            keys_changed,
            every: settings.tokens.revocation_bound,
            housekeeping: Housekeeping::new(ports.clone(), settings.tokens.lifetimes())
                .forgetting_events(settings.events.retention()),
            outbox: Outbox::new(ports, postbox, mail::mailer(settings)?.carrier),
            keys: stored.map(|stored| RingKeeper {
                keys: stored,
                algorithm: settings.tokens.algorithm,
                ring: keys,
                rotation: settings.tokens.key_rotation.map(seconds),
                delay: PUBLISHED_AHEAD,
            }),
        };
        Ok(Server { state, worker, ears })
    }

    /// The key ring to start with, and the keys in the store unless it is a shared secret.
    async fn keys(
        settings: &Settings,
        ports: &Ports,
        master: &Arc<MasterSecret>,
    ) -> Result<(KeyRing, Option<Keys>), Problem> {
        let tokens = &settings.tokens;
        if let Some(key) = shared_secret(tokens)? {
            return Ok((KeyRing::new(key), None));
        }
        let keys = Keys::new(ports.clone(), Arc::clone(master), tokens.access_token_life());
        let ring = keys.ring(tokens.algorithm).await.map_err(|error| format!("no signing key: {error}"))?;
        Ok((ring, Some(keys)))
    }
}

fn options(storage: &StorageSettings) -> DatabaseOptions {
    DatabaseOptions {
        max_connections: storage.database_connections,
        readers: storage.database_readers,
        acquire_timeout: storage.database_acquire_timeout,
        statement_timeout: storage.database_statement_timeout,
        connect_timeout: storage.database_connect_timeout,
        idle_timeout: storage.database_idle_timeout,
        max_lifetime: storage.database_max_lifetime,
    }
}

/// What serving needs.
pub(super) struct Server {
    /// Behind the router.
    pub(super) state: AppState,
    /// Beside it.
    pub(super) worker: Worker,
    /// Beside it, too.
    pub(super) ears: Ears,
}

/// Makes this process forget what others have changed.
pub(super) struct Ears {
    database: Database,
    epochs: Arc<Epochs>,
    keys_changed: Arc<Notify>,
}

impl Ears {
    /// Listens until dropped.
    pub(super) async fn listen(self) {
        let Self { database, epochs, keys_changed } = self;
        let hear = |signal| match signal {
            Signal::User(user) => epochs.changed(user),
            Signal::Keys => keys_changed.notify_one(),
            Signal::Anything => {
                epochs.all_changed();
                keys_changed.notify_one();
            }
            Signal::Deaf(reason) => {
                tracing::warn!(reason, "changes elsewhere are noticed only within the revocation bound");
            }
        };
        database.listen(hear).await;
    }
}

/// The data folder, and how many of it and the folders around it were made just now.
struct DataFolder {
    path: PathBuf,
    new: usize,
}

impl DataFolder {
    fn prepare(path: &Path) -> Result<Self, Problem> {
        let missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
        let new = path.ancestors().take_while(missing).count();
        let made = private_folder(path).and_then(|()| std::fs::read_dir(path).map(drop));
        made.map_err(|error| {
            format!("KEYWARD_DATA_DIR: the folder {} cannot be used: {error}", path.display())
        })?;
        Ok(Self { path: path.to_owned(), new })
    }

    /// Removes folders that were made for nothing; one that holds anything stays.
    fn undo(&self) {
        for folder in self.path.ancestors().take(self.new) {
            drop(std::fs::remove_dir(folder));
        }
    }
}

fn private_folder(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

/// A database URL without its user's password and its options.
pub(super) fn place(url: &str) -> String {
    let bare = url.split('?').next().unwrap_or(url);
    match bare.split_once("://") {
        Some((scheme, rest)) => {
            format!("{scheme}://{}", rest.rsplit_once('@').map_or(rest, |(_, host)| host))
        }
        None => "the database".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_place_never_shows_a_password() {
        assert_eq!(place("postgres://ana:s3cret@db:5432/keyward?password=x"), "postgres://db:5432/keyward");
        assert_eq!(place("postgres://ana:p@ss@db/keyward"), "postgres://db/keyward");
        assert_eq!(place("sqlite://./data/keyward.db"), "sqlite://./data/keyward.db");
    }
}
