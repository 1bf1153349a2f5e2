//! A resource with one of everything: memos that expire. Accounts that are deleted leave a farewell.

mod routes;
pub(crate) mod rows;

use std::sync::Arc;

use async_trait::async_trait;
use keyward_api::foundation::Foundation;
use keyward_api::resources::resource::{Resource, ResourceScope, Seeded, Seeding};
use keyward_api::resources::routes::Routes;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::upkeep::cleaning::Cleaner;
use keyward_domain::values::ids::UserId;
use keyward_domain::values::scopes::Role;
use keyward_infra::database::db::Db;
use keyward_infra::database::db::LeavingStep;
use keyward_infra::database::db::Open;
use keyward_infra::database::store::Database;
use keyward_migration::MigrationSet;
use keyward_migration::prelude::sea_orm::ConnectionTrait;
use keyward_migration::prelude::{DbErr, MigrationName, MigrationTrait, SchemaManager};
use time::{Duration, OffsetDateTime};

use self::routes::{MEMOS, Memos, MemosAudit, MemosWrite, NOTED};

pub(crate) const MIGRATIONS: MigrationSet =
    MigrationSet { name: "memos", files: || vec![Box::new(FirstDay)] };

pub(crate) fn resource() -> Resource {
    Resource {
        name: "memos",
        tags: &[("memos", "What users note down")],
        scopes: vec![
            ResourceScope::of::<MemosWrite>(Role::User),
            ResourceScope::of::<MemosAudit>(Role::Admin),
        ],
        lists: &[MEMOS],
        routes: Routes::new(routes::routes, |core| Memos(core.clone())),
        migrations: MIGRATIONS,
        letters: &[NOTED],
        seed: Some(seed),
        cleaning: Some(|core| Arc::new(Expired(core.foundation.database.clone()))),
        leaving: Some(farewell),
        removing: None,
        own_data: &[],
    }
}

/// The tables: memos go with their owners by a foreign key.
struct FirstDay;

impl MigrationName for FirstDay {
    fn name(&self) -> &'static str {
        "m20270101_000001_memos"
    }
}

#[async_trait]
impl MigrationTrait for FirstDay {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let sql = "CREATE TABLE memos (content text NOT NULL PRIMARY KEY, expires_at bigint NOT NULL, \
                   owner_id bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE); \
                   CREATE TABLE farewells (email text NOT NULL)";
        manager.get_connection().execute_unprepared(sql).await.map(drop)
    }
}

/// Removes memos that have expired.
struct Expired(Database);

#[async_trait]
impl Cleaner for Expired {
    async fn clean(&self, now: OffsetDateTime) -> Result<u64, StoreError> {
        rows::remove_expired(&self.0.autocommit_db(), now).await
    }
}

/// Says farewell to an account that is being deleted.
fn farewell(db: &mut Db<Open>, user: UserId) -> LeavingStep<'_> {
    Box::pin(async move { rows::say_farewell(db, user).await })
}

fn seed(foundation: &Foundation, Seeded { administrator, user }: Seeded) -> Seeding<'_> {
    Box::pin(async move {
        let (db, now) = (foundation.database.autocommit_db(), foundation.ports.clock.now());
        for (owner, content) in [(administrator, "the administrator's"), (user, "the user's")] {
            let written = rows::insert(&db, owner, content, now + Duration::hours(1)).await;
            written.map_err(|error| error.to_string())?;
        }
        Ok(())
    })
}
