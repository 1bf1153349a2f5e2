//! The database: its folder, its lock, its schema. All that a command needs that does not serve.

use std::sync::Arc;

use keyward_domain::ports::store::{Repositories, Store};
use keyward_infra::database::error::words;
use keyward_infra::database::options::DatabaseOptions;
use keyward_infra::database::store::Database;
use keyward_migration::{MigrationSet, Schema};

use super::data_folder::DataFolder;
use super::error::ServiceError;
use super::lock::Lock;
use super::place::place;
use crate::resources::resource::{Resource, migrations};
use crate::settings::storage::StorageSettings;

/// An open, migrated database.
pub struct OpenDatabase {
    database: Database,
    migrations: Vec<MigrationSet>,
    place: String,
    _lock: Option<Lock>,
}

impl OpenDatabase {
    /// Opens the database and brings its schema up to date. What was made for that and is of no use is removed again.
    pub async fn open(storage: &StorageSettings, resources: &[Resource]) -> Result<Self, ServiceError> {
        let folder = DataFolder::prepare(&storage.data_dir)?;
        let url = storage.database_url();
        let lock = Lock::shared(&url).inspect_err(|_| folder.undo())?;
        let opened = match Self::inspect(storage, resources).await {
            Ok(opened) => opened,
            Err(problem) => {
                if let Some(lock) = lock {
                    lock.undo();
                }
                folder.undo();
                return Err(problem);
            }
        };
        keyward_migration::migrate(opened.database.connection(), &opened.migrations).await.map_err(
            |error| format!("the database's schema cannot be brought up to date: {}", words(&error)),
        )?;
        Ok(Self { _lock: lock, ..opened })
    }

    /// Opens the database as it is.
    pub async fn inspect(storage: &StorageSettings, resources: &[Resource]) -> Result<Self, ServiceError> {
        let url = storage.database_url();
        let database = Database::connect(&url, options(storage)).await;
        let database = database.map_err(|error| format!("KEYWARD_DATABASE_URL: {error}"))?;
        let leaving = resources.iter().filter_map(|resource| resource.leaving);
        let removing = resources.iter().filter_map(|resource| resource.removing);
        let database = database.with_leaving(leaving).with_removing(removing);
        Ok(Self { database, migrations: migrations(resources), place: place(&url), _lock: None })
    }

    /// How the database's schema stands to this program.
    pub async fn schema(&self) -> Result<Schema, ServiceError> {
        let schema = keyward_migration::look(self.database.connection(), &self.migrations).await;
        schema.map_err(|error| {
            format!("the schema of {} cannot be looked up: {}", self.place, words(&error)).into()
        })
    }

    /// Why the schema cannot be changed, if it cannot. Nothing is changed.
    pub async fn may_migrate(&self) -> Result<(), String> {
        self.database.may_migrate().await
    }

    /// Why accounts cannot be changed, if they cannot. Nothing is changed.
    pub async fn may_write(&self) -> Result<(), String> {
        self.database.may_write().await
    }

    /// What time the database server says it is, if it has a clock of its own.
    pub async fn server_time(&self) -> Result<Option<time::OffsetDateTime>, ServiceError> {
        let time = self.database.server_time().await;
        time.map_err(|error| format!("{} cannot be asked what time it is: {error}", self.place).into())
    }

    /// Where the database is, without its password.
    pub fn place(&self) -> &str {
        &self.place
    }

    pub fn repositories(&self) -> Box<dyn Repositories> {
        self.database.autocommit()
    }

    /// Every repository, and transactions over them.
    pub fn store(&self) -> Arc<dyn Store> {
        Arc::new(self.database.clone())
    }

    /// The database itself, for the ports.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Closes the database in good order.
    pub async fn close(&self) -> Result<(), ServiceError> {
        self.database
            .close()
            .await
            .map_err(|error| format!("the database did not close in good order: {error}").into())
    }
}

/// The options that the settings give to the pools.
pub(crate) fn options(storage: &StorageSettings) -> DatabaseOptions {
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
