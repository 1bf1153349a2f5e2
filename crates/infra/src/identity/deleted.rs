//! Accounts that were deleted. From that transaction on an account has no name, no password and no session, and look-ups do
//! not find it; its row stays, marked, until everything that refers to it has been removed in batches.

use std::sync::Arc;

use keyward_domain::model::store_error::StoreError;
use keyward_domain::values::ids::UserId;
use sea_orm::sea_query::{Expr, OnConflict, Query, SelectStatement};
use sea_orm::{
    ActiveValue, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Select, Statement,
};
use time::OffsetDateTime;

use crate::database::columns::micros;
use crate::database::connections::Connections;
use crate::database::db::{Db, Open};
use crate::database::error::failed;
use crate::entity::users::{ActiveModel, Column, Entity, Model};
use crate::entity::{email_proofs, passkeys, recoveries};

/// The account that rows are given which outlive their own: no one can log in to it, and no list shows it.
pub const NOBODY: UserId = UserId(0);

/// The ids of accounts that were deleted and whose rows are still being removed. Lists leave their rows out:
/// `OwnerId.not_in_subquery(deleted())`.
pub fn deleted() -> SelectStatement {
    let mut ids = Query::select();
    ids.column(Column::Id).from(Entity);
    ids.and_where(Column::DeletedAt.is_not_null()).and_where(Column::Id.gt(NOBODY.0)).take()
}

/// The accounts that were not deleted.
pub(crate) fn accounts() -> Select<Entity> {
    Entity::find().filter(Column::DeletedAt.is_null())
}

/// Makes the account [`NOBODY`], if it is missing.
///
/// # Errors
/// What the database answered.
pub async fn ensure_nobody<C: Connections>(db: &Db<C>) -> Result<UserId, StoreError> {
    let row = Model {
        id: NOBODY.0,
        // No e-mail address, and no user name.
        email: "deleted:0".to_owned(),
        username: None,
        name: None,
        role: "user".to_owned(),
        password_hash: String::new(),
        disabled: true,
        email_verified: false,
        created_at: 0,
        deleted_at: Some(0),
    };
    let missing = OnConflict::column(Column::Id).do_nothing().to_owned();
    let insert = Entity::insert(ActiveModel::from(row)).on_conflict(missing);
    insert.exec_without_returning(db.write()).await.map(|_| NOBODY).map_err(failed)
}

/// Marks an account as deleted, and frees its names. Returns whether it existed.
pub(super) async fn mark(db: &Db<Open>, id: UserId, now: OffsetDateTime) -> Result<bool, StoreError> {
    let row = ActiveModel {
        // No e-mail address, and no other account's.
        email: ActiveValue::Set(format!("deleted:{id}")),
        username: ActiveValue::Set(None),
        name: ActiveValue::Set(None),
        role: ActiveValue::Set("user".to_owned()),
        password_hash: ActiveValue::Set(String::new()),
        disabled: ActiveValue::Set(true),
        email_verified: ActiveValue::Set(false),
        deleted_at: ActiveValue::Set(Some(micros(now))),
        ..Default::default()
    };
    let update =
        Entity::update_many().set(row).filter(Column::Id.eq(id.0)).filter(Column::DeletedAt.is_null());
    if update.exec(db.write()).await.map_err(failed)?.rows_affected == 0 {
        return Ok(false);
    }
    // What was mailed proves nothing any more.
    let proofs = email_proofs::Entity::delete_many().filter(email_proofs::Column::UserId.eq(id.0));
    proofs.exec(db.write()).await.map_err(failed)?;
    let links = recoveries::Entity::delete_many().filter(recoveries::Column::UserId.eq(id.0));
    links.exec(db.write()).await.map_err(failed)?;
    // An authenticator may register the same credential for another account.
    let keys = passkeys::Entity::delete_many().filter(passkeys::Column::UserId.eq(id.0));
    keys.exec(db.write()).await.map_err(failed)?;
    Ok(true)
}

/// The columns that refer to accounts, of rows that go with their account; in whichever tables there are, so that a resource
/// that is not mounted today is no exception.
const ON_SQLITE: &str = "SELECT m.name AS held_in, f.\"from\" AS held_by \
    FROM sqlite_master AS m, pragma_foreign_key_list(m.name) AS f \
    WHERE m.type = 'table' AND f.\"table\" = 'users' AND f.on_delete = 'CASCADE' ORDER BY 1";
const ON_POSTGRES: &str = "SELECT c.conrelid::regclass::text AS held_in, quote_ident(a.attname) AS held_by \
    FROM pg_constraint AS c JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1] \
    WHERE c.contype = 'f' AND c.confrelid = 'users'::regclass AND c.confdeltype = 'c' ORDER BY 1";

/// Removes at most `limit` rows of each table of a deleted account. Returns the number removed.
pub(super) async fn remove_some(db: &mut Db<Open>, id: UserId, limit: u64) -> Result<u64, StoreError> {
    // Locked, so that of several servers one removes at a time, and that nothing is added meanwhile.
    let marked = Entity::find_by_id(id.0).filter(Column::DeletedAt.is_not_null()).lock_exclusive();
    if id == NOBODY || marked.one(db.write()).await.map_err(failed)?.is_none() {
        return Ok(0);
    }
    for step in Arc::clone(&db.0.removing).iter() {
        step(db, id).await?;
    }
    let backend = db.write().get_database_backend();
    // PostgreSQL before version 14 finds rows by an array of addresses alone.
    let (columns, rows) = match backend {
        DbBackend::Sqlite => (ON_SQLITE, ["rowid IN (SELECT rowid", ")"]),
        _ => (ON_POSTGRES, ["ctid = ANY (ARRAY (SELECT ctid", "))"]),
    };
    let columns = db.write().query_all_raw(Statement::from_string(backend, columns)).await.map_err(failed)?;
    let mut removed = 0;
    for column in columns {
        let name = |what| column.try_get::<String>("", what).map_err(failed);
        let (table, column) = (name("held_in")?, name("held_by")?);
        let [rows, end] = rows;
        let some = format!("DELETE FROM {table} WHERE {rows} FROM {table} WHERE {column} = $1 LIMIT $2{end}");
        let some = Statement::from_sql_and_values(backend, some, [id.0.into(), limit.cast_signed().into()]);
        removed += db.write().execute_raw(some).await.map_err(failed)?.rows_affected();
    }
    Ok(removed)
}

/// The accounts beyond the id `after` that were deleted and whose rows are still there, at most `limit`.
pub(super) async fn list<C: Connections>(
    db: &Db<C>,
    after: UserId,
    limit: u64,
) -> Result<Vec<UserId>, StoreError> {
    let ids = Entity::find()
        .select_only()
        .column(Column::Id)
        // To the letter, as the index has it.
        .filter(Expr::cust("deleted_at IS NOT NULL"))
        .filter(Column::Id.gt(after.0.max(NOBODY.0)))
        .order_by_asc(Column::Id)
        .limit(limit);
    let ids: Vec<i64> = ids.into_tuple().all(db.read()).await.map_err(failed)?;
    Ok(ids.into_iter().map(UserId).collect())
}
