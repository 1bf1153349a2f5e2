//! Whole tables as text, of any version of the schema: the columns are those that the database says they have.
#![expect(clippy::unwrap_used, reason = "a test has no way to go on without its rows")]

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, QueryResult, Statement};

/// A row, by column, each value as text.
pub type Row = BTreeMap<String, Option<String>>;

pub struct Column {
    pub name: String,
    /// Its type, as the database calls it.
    pub kind: String,
    /// Whether an insert has to give a value: the database counts ids by itself.
    pub given: bool,
}

/// The names of all tables that hold rows of Keyward or of a resource.
pub async fn tables(connection: &DatabaseConnection) -> Vec<String> {
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

/// The columns of a table.
pub async fn columns(connection: &DatabaseConnection, table: &str) -> Vec<Column> {
    // Numbers that the database gives by itself are left to it, so that it goes on counting from there.
    let sql = match connection.get_database_backend() {
        DbBackend::Sqlite => format!(
            "SELECT name, type AS kind, NOT (name = 'id' AND type LIKE '%int%') AS given FROM pragma_table_info('{table}')"
        ),
        _ => format!(
            "SELECT column_name::text AS name, data_type::text AS kind, is_identity = 'NO' AND column_default IS NULL \
             AND is_generated = 'NEVER' AS given FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '{table}'"
        ),
    };
    let column = |row: &QueryResult| Column {
        name: row.try_get("", "name").unwrap(),
        kind: row.try_get("", "kind").unwrap(),
        given: row.try_get("", "given").unwrap(),
    };
    ask(connection, &sql).await.iter().map(column).collect()
}

/// Everything that is in these tables.
pub async fn read(connection: &DatabaseConnection, tables: &[String]) -> BTreeMap<String, Vec<Row>> {
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

async fn ask(connection: &DatabaseConnection, sql: &str) -> Vec<QueryResult> {
    let backend = connection.get_database_backend();
    connection.query_all_raw(Statement::from_string(backend, sql)).await.unwrap()
}
