//! Deleting many rows in statements of bounded size, so that other writes get their turn in between.

use keyward_domain::model::store_error::StoreError;
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter};

use super::error::failed;

/// How many rows one statement deletes at most.
const BATCH: u64 = 500;

/// Deletes the rows that fit `condition`; `key` is a unique column. Returns the number deleted.
///
/// The condition stands in each statement twice: PostgreSQL looks at the outer one again after it has waited for a row.
pub(crate) async fn delete_all<E: EntityTrait>(
    connection: &impl ConnectionTrait,
    key: E::Column,
    condition: Condition,
) -> Result<u64, StoreError> {
    let mut deleted = 0;
    loop {
        let mut some = Query::select();
        some.column(key).from(E::default()).cond_where(condition.clone()).limit(BATCH);
        let batch = E::delete_many().filter(key.in_subquery(some)).filter(condition.clone());
        let rows = batch.exec(connection).await.map_err(failed)?.rows_affected;
        deleted += rows;
        if rows < BATCH {
            return Ok(deleted);
        }
    }
}
