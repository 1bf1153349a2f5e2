//! Notes, behind a Keyward's lock.
#![forbid(unsafe_code)]

use std::sync::Arc;

use keyward_guard::{Authenticator, CurrentUser, RemoteAuthenticator, Scope, endpoint, schemes};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

struct NotesRead;
impl Scope for NotesRead {
    const NAME: &'static str = "notes:read";
    const TITLE: &'static str = "Read your notes";
}

/// My notes
#[utoipa::path(get, path = "/notes", responses((status = 200, body = String)))]
async fn list_notes(user: CurrentUser<NotesRead>) -> String {
    format!("The notes of user {}\n", user.subject)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let setting = |name, usual: &str| std::env::var(name).unwrap_or_else(|_| usual.to_owned());
    let keyward = setting("KEYWARD_URL", "http://127.0.0.1:8000");
    let authenticator: Arc<dyn Authenticator> = Arc::new(RemoteAuthenticator::discover(&keyward).await?);

    let (router, mut document) = OpenApiRouter::new().routes(endpoint!(list_notes)).split_for_parts();
    document.info = utoipa::openapi::Info::new("Notes", env!("CARGO_PKG_VERSION"));
    schemes(&mut document, &format!("{keyward}/login"), &[(NotesRead::NAME, NotesRead::TITLE)]);
    let app = router.with_state(authenticator).merge(SwaggerUi::new("/docs").url("/openapi.json", document));

    let listener = tokio::net::TcpListener::bind(setting("NOTES_LISTEN", "127.0.0.1:3000")).await?;
    println!("http://{}/docs", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}
