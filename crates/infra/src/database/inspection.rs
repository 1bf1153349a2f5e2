//! The use of connection pools.

use keyward_domain::ports::store::PoolUse;
use sea_orm::{DatabaseConnection, DbBackend, sqlx};

/// How much the connections of each pool are used; on PostgreSQL both are one.
pub(crate) fn pools(reader: &DatabaseConnection, writer: &DatabaseConnection) -> Vec<PoolUse> {
    match reader.get_database_backend() {
        DbBackend::Sqlite => vec![
            pool_use("reader", reader.get_sqlite_connection_pool()),
            pool_use("writer", writer.get_sqlite_connection_pool()),
        ],
        _ => vec![pool_use("both", reader.get_postgres_connection_pool())],
    }
}

fn pool_use<D: sqlx::Database>(name: &'static str, pool: &sqlx::Pool<D>) -> PoolUse {
    PoolUse {
        name,
        open: pool.size().into(),
        idle: pool.num_idle().try_into().unwrap_or(u64::MAX),
        most: pool.options().get_max_connections().into(),
    }
}
