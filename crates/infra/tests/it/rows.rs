//! A row for every table, in any version of the schema: made from the columns that the database reports.

use keyward_infra::testing::rows::{Column, columns, tables};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend};

/// The order in which tables can be filled: what others point to comes first.
const ORDER: [&str; 6] = ["users", "clients", "sessions", "categories", "products", "orders"];

/// Puts a row into every table; says which there are.
pub(crate) async fn fill(connection: &DatabaseConnection) -> Vec<String> {
    let mut tables = tables(connection).await;
    tables.sort_by_key(|table| ORDER.iter().position(|first| first == table).unwrap_or(ORDER.len()));
    for table in &tables {
        let columns = columns(connection, table).await;
        let given: Vec<_> = columns.iter().filter(|column| column.given).collect();
        let names: Vec<_> = given.iter().map(|column| format!("\"{}\"", column.name)).collect();
        let values: Vec<_> = given.iter().map(|column| value(connection, table, column)).collect();
        let sql = format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), values.join(", "));
        if let Err(error) = connection.execute_unprepared(&sql).await {
            panic!("{sql}: {error}");
        }
    }
    tables
}

/// One value that fits, and that every rule of ours allows.
fn value(connection: &DatabaseConnection, table: &str, column: &Column) -> String {
    let postgres = connection.get_database_backend() == DbBackend::Postgres;
    let kind = column.kind.to_lowercase();
    match (table, column.name.as_str()) {
        ("users", "role") => "'user'".to_owned(),
        ("outbox", "state") => "'waiting'".to_owned(),
        ("posts", "published") => "TRUE".to_owned(),
        ("logouts" | "device_requests", "client_id") => "'a-table'".to_owned(),
        // A browser session has the id that the row of `sessions` is given.
        ("browser_sessions", "session_id") | (_, "id") if kind.contains("text") => "'a-table'".to_owned(),
        _ if kind.contains("bool") => "FALSE".to_owned(),
        _ if kind.contains("uuid") && postgres => "'00000000-0000-7000-8000-000000000001'".to_owned(),
        _ if kind.contains("bytea") => "'\\x0123'".to_owned(),
        _ if kind.contains("blob") || kind.contains("uuid") => "CAST('0123456789abcdef' AS BLOB)".to_owned(),
        _ if kind.contains("int") => "1".to_owned(),
        _ => format!("'{table} {}'", column.name),
    }
}
