//! A row for every table there is, whatever the version: made from the columns that the database says it has.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, QueryResult, Statement};

/// A row, by column, each value as text.
pub(crate) type Row = BTreeMap<String, Option<String>>;

/// A column: its name, its type, and whether it wants a value.
struct Column {
    name: String,
    kind: String,
    given: bool,
}

/// The order in which tables can be filled: what others point to comes first.
const ORDER: [&str; 4] = ["users", "categories", "products", "orders"];

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

/// Everything that is in these tables.
pub(crate) async fn read(connection: &DatabaseConnection, tables: &[String]) -> BTreeMap<String, Vec<Row>> {
    let mut all = BTreeMap::new();
    for table in tables {
        let columns = columns(connection, table).await;
        let text = |column: &Column| match connection.get_database_backend() {
            // Bytes need not be text.
            DbBackend::Sqlite => format!("quote(\"{0}\") AS \"{0}\"", column.name),
            _ => format!("CAST(\"{0}\" AS text) AS \"{0}\"", column.name),
        };
        let texts: Vec<_> = columns.iter().map(text).collect();
        let rows = ask(connection, &format!("SELECT {} FROM {table}", texts.join(", "))).await;
        let row = |row: &QueryResult| {
            columns
                .iter()
                .map(|column| (column.name.clone(), row.try_get("", &column.name).unwrap()))
                .collect()
        };
        all.insert(table.clone(), rows.iter().map(row).collect());
    }
    all
}

/// One value that fits, and that every rule of ours allows.
fn value(connection: &DatabaseConnection, table: &str, column: &Column) -> String {
    let postgres = connection.get_database_backend() == DbBackend::Postgres;
    let kind = column.kind.to_lowercase();
    match (table, column.name.as_str()) {
        ("users", "role") => "'user'".to_owned(),
        ("outbox", "state") => "'waiting'".to_owned(),
        ("posts", "published") => "TRUE".to_owned(),
        (_, "id") if kind.contains("text") => "'a-table'".to_owned(),
        _ if kind.contains("bool") => "FALSE".to_owned(),
        _ if kind.contains("uuid") && postgres => "'00000000-0000-7000-8000-000000000001'".to_owned(),
        _ if kind.contains("bytea") => "'\\x0123'".to_owned(),
        _ if kind.contains("blob") || kind.contains("uuid") => "CAST('0123456789abcdef' AS BLOB)".to_owned(),
        _ if kind.contains("int") => "1".to_owned(),
        _ => format!("'{table} {}'", column.name),
    }
}

/// The names of all tables that hold rows of ours.
pub(crate) async fn tables(connection: &DatabaseConnection) -> Vec<String> {
    let sql = match connection.get_database_backend() {
        DbBackend::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' \
             AND name NOT LIKE 'seaql%' AND name NOT LIKE '%\\_search%' ESCAPE '\\' ORDER BY name"
        }
        _ => {
            "SELECT table_name::text AS name FROM information_schema.tables WHERE table_schema = 'public' \
             AND table_type = 'BASE TABLE' AND table_name NOT LIKE 'seaql%' ORDER BY table_name"
        }
    };
    ask(connection, sql).await.iter().map(|row| row.try_get("", "name").unwrap()).collect()
}

async fn columns(connection: &DatabaseConnection, table: &str) -> Vec<Column> {
    // Numbers that the database gives by itself are left to it, so that it goes on counting from there.
    let sql = match connection.get_database_backend() {
        DbBackend::Sqlite => format!(
            "SELECT name, type AS kind, NOT (name = 'id' AND type LIKE '%int%') AS given FROM pragma_table_info('{table}')"
        ),
        _ => format!(
            "SELECT column_name::text AS name, data_type::text AS kind, is_identity = 'NO' AND column_default IS NULL \
             AS given FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '{table}'"
        ),
    };
    let column = |row: &QueryResult| Column {
        name: row.try_get("", "name").unwrap(),
        kind: row.try_get("", "kind").unwrap(),
        given: row.try_get("", "given").unwrap(),
    };
    ask(connection, &sql).await.iter().map(column).collect()
}

async fn ask(connection: &DatabaseConnection, sql: &str) -> Vec<QueryResult> {
    let backend = connection.get_database_backend();
    connection.query_all_raw(Statement::from_string(backend, sql)).await.unwrap()
}
