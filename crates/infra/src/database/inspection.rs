//! The use of connection pools.

use keyward_domain::ports::store::PoolUse;
use sea_orm::{DatabaseConnection, sqlx};

use super::read_pool::ReadPool;

/// How much the connections of each pool are used; on PostgreSQL both are one.
pub(crate) fn pools(reader: &ReadPool, writer: &DatabaseConnection) -> Vec<PoolUse> {
    match reader {
        ReadPool::Sqlite(readers) => {
            vec![readers.usage(), pool_use("writer", writer.get_sqlite_connection_pool())]
        }
        ReadPool::Postgres(pool) => vec![pool_use("both", pool.get_postgres_connection_pool())],
    }
}

fn pool_use<D: sqlx::Database>(name: &'static str, pool: &sqlx::Pool<D>) -> PoolUse {
    PoolUse {
        name,
        open: pool.size().into(),
        idle: pool.num_idle() as u64,
        most: pool.options().get_max_connections().into(),
    }
}
