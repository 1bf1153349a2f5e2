//! A database that was put back to an earlier state: every session in it is ended before it is used.

use keyward_domain::model::store_error::StoreError;
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, TransactionTrait};
use time::OffsetDateTime;

use super::revocations::record;
use crate::database::columns::micros;
use crate::database::error::failed;
use crate::entity::logouts;
use crate::entity::sessions::{Column, Entity};

/// How many sessions one transaction ends.
const BATCH: u64 = 5000;

/// Removes the logouts that waited then: clients were told of them, or are told anew of the sessions that end now.
///
/// # Errors
/// What the database answered.
pub async fn forget_logouts(connection: &DatabaseConnection) -> Result<(), StoreError> {
    logouts::Entity::delete_many().exec(connection).await.map(drop).map_err(failed)
}

/// Ends every session that stands, and records each in the feed, with the logouts for clients. For a database that no server uses.
/// Returns the number ended.
///
/// # Errors
/// What the database answered; some sessions may have ended.
pub async fn end_all_sessions(
    connection: &DatabaseConnection,
    now: OffsetDateTime,
) -> Result<u64, StoreError> {
    let mut ended = 0;
    loop {
        let tx = connection.begin().await.map_err(failed)?;
        let mut some = Query::select();
        some.column(Column::Id).from(Entity).and_where(Column::RevokedAt.is_null()).limit(BATCH);
        let rows = Entity::update_many()
            .col_expr(Column::RevokedAt, Expr::value(micros(now)))
            .filter(Column::Id.in_subquery(some))
            .exec_with_returning(&tx)
            .await
            .map_err(failed)?;
        record(&tx, &rows).await?;
        tx.commit().await.map_err(failed)?;
        if rows.is_empty() {
            return Ok(ended);
        }
        ended += rows.len() as u64;
    }
}
