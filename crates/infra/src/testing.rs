//! Throw-away databases for tests, already migrated; a fresh one costs milliseconds.
//!
//! SQLite by default: a file in a temporary folder. PostgreSQL where the environment variable
//! `KEYWARD_TEST_DATABASE_URL` names a server, as in `postgres://postgres@127.0.0.1:5433/postgres`: a new database there,
//! so its user must be allowed to create some. Each test process migrates one template, and every test gets a copy.
//!
//! Panics instead of returning errors: a test has nothing better to do.
#![expect(clippy::missing_panics_doc, reason = "said once, above, for the whole module")]

pub mod rows;

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use keyward_migration::migrate;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::database::connect::open;
use crate::database::options::DatabaseOptions;
use crate::database::readers::Witness;
use crate::database::store::Database;

/// Names the PostgreSQL server for tests.
pub const SERVER_VARIABLE: &str = "KEYWARD_TEST_DATABASE_URL";

/// A database of one test's own. It is gone when this is dropped.
pub struct TestDatabase {
    /// For [`Database::connect`], or for a binary under test.
    pub url: String,
    place: Place,
}

enum Place {
    Folder { _removed_when_dropped: TempDir },
    Server { name: String },
}

enum Template {
    File(Vec<u8>),
    Name(String),
}

static TEMPLATE: OnceCell<Template> = OnceCell::const_new();

/// A migrated database without any rows.
pub async fn fresh_database() -> TestDatabase {
    match TEMPLATE.get_or_init(make_template).await {
        Template::File(content) => {
            let database = empty_file();
            std::fs::write(database.path(), content).expect("the template is copied");
            database
        }
        Template::Name(template) => on_server(&format!(" TEMPLATE {template}")).await,
    }
}

/// A database without even a schema.
pub async fn empty_database() -> TestDatabase {
    if server().is_some() { on_server("").await } else { empty_file() }
}

impl TestDatabase {
    /// Opens it with the default options.
    pub async fn connect(&self) -> Database {
        self.connect_with(DatabaseOptions::default()).await
    }

    pub async fn connect_with(&self, options: DatabaseOptions) -> Database {
        Database::connect(&self.url, options).await.expect("the test database opens")
    }

    /// Opens it, and shows every prepared statement to `witness`, before or after it runs.
    pub async fn connect_witnessed(
        &self,
        options: DatabaseOptions,
        witness: impl Fn(&sea_orm::Statement) + Send + Sync + 'static,
    ) -> Database {
        let mut opened = open(&self.url, &options).await.expect("the test database opens");
        let witness: Witness = Arc::new(witness);
        opened.reader.witnessed(Arc::clone(&witness));
        opened.writer.set_metric_callback(move |call| witness(call.statement));
        Database::over(opened, options)
    }

    /// Whether it is on PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        matches!(self.place, Place::Server { .. })
    }

    /// Runs SQL that no port would, on a connection of its own.
    pub async fn execute(&self, sql: &str) {
        execute(&self.url, sql).await;
    }

    fn path(&self) -> &str {
        self.url.strip_prefix("sqlite://").expect("a SQLite URL")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Place::Server { name } = &self.place {
            let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            // A thread, since a test's own runtime must not be blocked on, and may be ending. What fails is left behind.
            let _ = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.map(|runtime| runtime.block_on(administer(&[&sql])))
            })
            .join();
        }
    }
}

/// Runs SQL that no port would, on a connection of its own to the database at `url`.
pub async fn execute(url: &str, sql: &str) {
    let sql = AssertSqlSafe(sql.to_owned());
    if url.starts_with("postgres") {
        let mut connection = PgConnection::connect(url).await.expect("a connection");
        connection.execute(sql).await.expect("the statement runs");
    } else {
        let mut connection = SqliteConnection::connect(url).await.expect("a connection");
        connection.execute(sql).await.expect("the statement runs");
        connection.close().await.expect("the file is closed");
    }
}

async fn make_template() -> Template {
    let database = empty_database().await;
    let open = database.connect().await;
    migrate(open.connection(), &[]).await.expect("the template migrates");
    // Closed, a SQLite database is one file again and a PostgreSQL one can be copied.
    open.close().await.expect("the template closes");
    match &database.place {
        Place::Folder { .. } => Template::File(std::fs::read(database.path()).expect("the template is read")),
        Place::Server { name } => {
            let template = format!("{name}_template");
            let renamed = format!("ALTER DATABASE {name} RENAME TO {template}");
            let dropped = format!("DROP DATABASE IF EXISTS {template}");
            administer(&[&dropped, &renamed]).await.expect("the template is named");
            Template::Name(template)
        }
    }
}

fn empty_file() -> TestDatabase {
    let folder = TempDir::with_prefix("keyward-").expect("a temporary folder");
    let url = format!("sqlite://{}", folder.path().join("test.db").display());
    TestDatabase { url, place: Place::Folder { _removed_when_dropped: folder } }
}

async fn on_server(template: &str) -> TestDatabase {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("keyward_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let dropped = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    administer(&[&dropped, &format!("CREATE DATABASE {name}{template}")]).await.expect("a database is made");
    let server = server().expect("a server");
    let (address, parameters) = server.split_once('?').unwrap_or((&server, ""));
    let (address, _) = address.rsplit_once('/').expect("a URL with a database");
    TestDatabase { url: format!("{address}/{name}?{parameters}"), place: Place::Server { name } }
}

/// Runs statements that no transaction may hold, on the server's own database.
async fn administer(statements: &[&str]) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(&server().expect("a server")).await?;
    for sql in statements {
        connection.execute(AssertSqlSafe((*sql).to_owned())).await?;
    }
    connection.close().await
}

fn server() -> Option<String> {
    env::var(SERVER_VARIABLE).ok().filter(|url| !url.is_empty())
}
