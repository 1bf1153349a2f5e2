//! The use of connection pools.

use keyward_domain::ports::store::PoolUse;
use sea_orm::{DatabaseConnection, sqlx};

use super::read_pool::ReadPool;

/// How much the connections of each pool are used; on PostgreSQL both are one.
pub(crate) fn pools(reader: &ReadPool, writer: &DatabaseConnection) -> Vec<PoolUse> {
    match reader {
        ReadPool::Sqlite(readers) => {
            let readers = readers.all.iter().map(|reader| reader.connection.get_sqlite_connection_pool());
            vec![pool_use("reader", readers), pool_use("writer", [writer.get_sqlite_connection_pool()])]
        }
        ReadPool::Postgres(pool) => vec![pool_use("both", [pool.get_postgres_connection_pool()])],
    }
}

/// The use of several pools together.
fn pool_use<'p, D: sqlx::Database>(
    name: &'static str,
    pools: impl IntoIterator<Item = &'p sqlx::Pool<D>>,
) -> PoolUse {
    let mut sum = PoolUse { name, open: 0, idle: 0, most: 0 };
    for pool in pools {
        sum.open += u64::from(pool.size());
        sum.idle += pool.num_idle() as u64;
        sum.most += u64::from(pool.options().get_max_connections());
    }
    sum
}
