//! Invoices: a service of its own, on a database of its own. Who may read and write them, a Keyward says.
#![forbid(unsafe_code)]

use std::env;
use std::error::Error;
use std::sync::Arc;

use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use axum::{Json, Router};
use keyward_guard::{
    Authenticator, CurrentUser, RemoteAuthenticator, RemoteBuilder, Scope, endpoint, schemes,
};
use keyward_web::{Body, Input};
use serde::Serialize;
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnectOptions;
use tokio::net::TcpListener;
use utoipa::ToSchema;
use utoipa::openapi::{Info, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

struct InvoicesRead;
impl Scope for InvoicesRead {
    const NAME: &'static str = "invoices:read";
    const TITLE: &'static str = "Read your invoices";
}

struct InvoicesWrite;
impl Scope for InvoicesWrite {
    const NAME: &'static str = "invoices:write";
    const TITLE: &'static str = "Write invoices";
}

#[derive(Serialize, ToSchema)]
struct Invoice {
    id: i64,
    customer: String,
    cents: i64,
}

/// What to bill.
#[derive(Input)]
#[input(example = json!({ "customer": "Bo", "cents": 1250 }))]
struct NewInvoice {
    #[input(length = 1..=200)]
    customer: String,
    #[input(range = 1..=100_000_000)]
    cents: i64,
}

/// My invoices
#[utoipa::path(get, path = "/invoices", responses((status = 200, body = [Invoice])))]
async fn list_invoices(
    user: CurrentUser<InvoicesRead>,
    State(database): State<SqlitePool>,
) -> Result<Json<Vec<Invoice>>, StatusCode> {
    let rows = sqlx::query_as("SELECT id, customer, cents FROM invoices WHERE owner = ? ORDER BY id")
        .bind(&user.subject)
        .fetch_all(&database)
        .await
        .map_err(failed)?;
    let invoice = |(id, customer, cents)| Invoice { id, customer, cents };
    Ok(Json(rows.into_iter().map(invoice).collect()))
}

/// Write an invoice
#[utoipa::path(post, path = "/invoices", responses((status = 201, body = Invoice)))]
async fn create_invoice(
    user: CurrentUser<InvoicesWrite>,
    State(database): State<SqlitePool>,
    Body(NewInvoice { customer, cents }): Body<NewInvoice>,
) -> Result<(StatusCode, Json<Invoice>), StatusCode> {
    let inserted = sqlx::query("INSERT INTO invoices (owner, customer, cents) VALUES (?, ?, ?)")
        .bind(&user.subject)
        .bind(&customer)
        .bind(cents)
        .execute(&database)
        .await
        .map_err(failed)?;
    let invoice = Invoice { id: inserted.last_insert_rowid(), customer, cents };
    Ok((StatusCode::CREATED, Json(invoice)))
}

fn failed(error: sqlx::Error) -> StatusCode {
    eprintln!("{error}");
    StatusCode::INTERNAL_SERVER_ERROR
}

#[derive(Clone)]
struct AppState {
    database: SqlitePool,
    authenticator: Arc<dyn Authenticator>,
}

impl FromRef<AppState> for SqlitePool {
    fn from_ref(state: &AppState) -> Self {
        state.database.clone()
    }
}

impl FromRef<AppState> for Arc<dyn Authenticator> {
    fn from_ref(state: &AppState) -> Self {
        Arc::clone(&state.authenticator)
    }
}

/// The routes, and the document that has a padlock on each of them. *Authorize* logs in at Keyward.
fn routes(keyward: &str) -> (Router<AppState>, OpenApi) {
    let routes = OpenApiRouter::new().routes(endpoint!(list_invoices)).routes(endpoint!(create_invoice));
    let (router, mut document) = routes.split_for_parts();
    let scopes = [(InvoicesRead::NAME, InvoicesRead::TITLE), (InvoicesWrite::NAME, InvoicesWrite::TITLE)];
    document.info = Info::new("Invoices", env!("CARGO_PKG_VERSION"));
    schemes(&mut document, &format!("{keyward}/login"), &scopes);
    (router, document)
}

/// Who checks tokens. A client of Keyward's hears of logouts at once; others notice them when the token expires.
fn authenticator(keyward: &str) -> RemoteBuilder {
    let builder = RemoteAuthenticator::builder(keyward);
    match (env::var("KEYWARD_CLIENT_ID"), env::var("KEYWARD_CLIENT_SECRET")) {
        (Ok(id), Ok(secret)) => builder.follow_revocations(&id, &secret),
        _ => builder,
    }
}

async fn open(path: &str) -> Result<SqlitePool, sqlx::Error> {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let database = SqlitePool::connect_with(options).await?;
    let table = "CREATE TABLE IF NOT EXISTS invoices \
        (id INTEGER PRIMARY KEY, owner TEXT NOT NULL, customer TEXT NOT NULL, cents INTEGER NOT NULL)";
    sqlx::query(table).execute(&database).await?;
    Ok(database)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let setting = |name: &str, usual: &str| env::var(name).unwrap_or_else(|_| usual.to_owned());
    let keyward = setting("KEYWARD_URL", "http://127.0.0.1:8000");
    let authenticator = Arc::new(authenticator(&keyward).discover().await?);
    let database = open(&setting("INVOICES_DATABASE", "invoices.db")).await?;

    let (router, document) = routes(&keyward);
    let app = router.with_state(AppState { database, authenticator });
    let app = app.merge(SwaggerUi::new("/docs").url("/openapi.json", document));

    let listener = TcpListener::bind(setting("INVOICES_LISTEN", "127.0.0.1:8001")).await?;
    println!("http://{}/docs", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}
