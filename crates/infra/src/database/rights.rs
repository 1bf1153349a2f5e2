//! Whether the database lets us do what a server does, tried in transactions that are rolled back.

use sea_orm::{ConnectionTrait, DbErr};

use super::error::words;
use super::store::Database;

impl Database {
    /// Makes a table and takes it back: what a migration needs.
    ///
    /// # Errors
    /// What the database answered.
    pub async fn may_migrate(&self) -> Result<(), String> {
        self.try_out("CREATE TABLE keyward_doctor (id integer)").await.map_err(|error| words(&error))
    }

    /// Writes to no account: what every request needs.
    ///
    /// # Errors
    /// What the database answered.
    pub async fn may_write(&self) -> Result<(), String> {
        self.try_out("UPDATE users SET name = name WHERE 1 = 0").await.map_err(|error| words(&error))
    }

    async fn try_out(&self, statement: &str) -> Result<(), DbErr> {
        // Dropped, it is rolled back.
        let tx = self.begin_raw().await?;
        tx.execute_unprepared(statement).await.map(drop)
    }
}
