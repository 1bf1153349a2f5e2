//! The rows of memos and farewells.

use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::ids::UserId;
use keyward_infra::database::columns::micros;
use keyward_infra::database::connections::Connections;
use keyward_infra::database::db::Db;
use keyward_infra::database::error::failed;
use keyward_infra::database::store::Database;
use keyward_migration::prelude::sea_orm::{ConnectionTrait, Statement, Value};
use time::OffsetDateTime;

pub(crate) async fn insert<C: Connections>(
    db: &Db<C>,
    owner: UserId,
    content: &str,
    expires_at: OffsetDateTime,
) -> Result<(), StoreError> {
    let values = [content.into(), micros(expires_at).into(), owner.0.into()];
    execute(db, "INSERT INTO memos (content, expires_at, owner_id) VALUES ($1, $2, $3)", values).await?;
    Ok(())
}

/// What an account has noted down.
pub(crate) async fn of(database: &Database, owner: UserId) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT content FROM memos WHERE owner_id = $1 ORDER BY content";
    texts(database, sql, [owner.0.into()]).await
}

/// What all have noted down.
pub(crate) async fn all(database: &Database) -> Result<Vec<String>, StoreError> {
    texts(database, "SELECT content FROM memos ORDER BY content", []).await
}

pub(crate) async fn remove_expired<C: Connections>(
    db: &Db<C>,
    now: OffsetDateTime,
) -> Result<u64, StoreError> {
    execute(db, "DELETE FROM memos WHERE expires_at <= $1", [micros(now).into()]).await
}

/// Keeps the address of an account, as its row has it.
pub(crate) async fn say_farewell<C: Connections>(db: &Db<C>, user: UserId) -> Result<(), StoreError> {
    let sql = "INSERT INTO farewells (email) SELECT email FROM users WHERE id = $1";
    execute(db, sql, [user.0.into()]).await.map(drop)
}

/// The addresses of accounts that said farewell.
pub(crate) async fn farewells(database: &Database) -> Result<Vec<String>, StoreError> {
    texts(database, "SELECT email FROM farewells ORDER BY email", []).await
}

async fn texts<const N: usize>(
    database: &Database,
    sql: &str,
    values: [Value; N],
) -> Result<Vec<String>, StoreError> {
    let db = database.autocommit_db();
    let statement = Statement::from_sql_and_values(db.read().get_database_backend(), sql, values);
    let rows = db.read().query_all_raw(statement).await.map_err(failed)?;
    rows.iter().map(|row| row.try_get_by_index(0).map_err(failed)).collect()
}

async fn execute<C: Connections, const N: usize>(
    db: &Db<C>,
    sql: &str,
    values: [Value; N],
) -> Result<u64, StoreError> {
    let statement = Statement::from_sql_and_values(db.write().get_database_backend(), sql, values);
    Ok(db.write().execute_raw(statement).await.map_err(failed)?.rows_affected())
}
