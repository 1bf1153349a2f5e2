//! Settings of the commands that use the database.

use clap::Args;
use keyward_api::settings::storage::StorageSettings;
use keyward_api::wiring::database::OpenDatabase;
use keyward_infra::database::backup::sqlite_file;

use super::resources::ResourceSettings;
use crate::cli::output::Problem;

/// The database, and the resources whose tables it has.
#[derive(Args, Clone, Debug)]
pub struct DatabaseSettings {
    /// Where things are kept
    #[command(flatten)]
    pub storage: StorageSettings,

    /// What is mounted
    #[command(flatten)]
    pub resources: ResourceSettings,
}

impl DatabaseSettings {
    /// Opens the database and brings its schema up to date.
    ///
    /// # Errors
    /// One sentence that names what to correct.
    pub(crate) async fn open(&self) -> Result<OpenDatabase, Problem> {
        Ok(OpenDatabase::open(&self.storage, &self.resources.mounted()?).await?)
    }
}

/// Whether nothing was ever kept there: a SQLite file that does not exist.
pub(crate) fn is_new(storage: &StorageSettings) -> bool {
    sqlite_file(&storage.database_url()).is_some_and(|file| !file.exists())
}
