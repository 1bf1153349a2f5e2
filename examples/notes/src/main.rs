//! Notes, behind a Keyward's lock, kept until the service stops.
#![forbid(unsafe_code)]

use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use keyward_guard::{
    Authenticator, CurrentUser, ProtectedResource, RemoteAuthenticator, Scope, endpoint, schemes,
};
use keyward_web::{Body, Input};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

struct NotesRead;
impl Scope for NotesRead {
    const NAME: &'static str = "notes:read";
    const TITLE: &'static str = "Read your notes";
}

struct NotesWrite;
impl Scope for NotesWrite {
    const NAME: &'static str = "notes:write";
    const TITLE: &'static str = "Write notes";
}

/// Whose note it is, and its text.
static NOTES: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

/// What to write down.
#[derive(Input)]
struct NewNote {
    #[input(length = 1..=1000)]
    text: String,
}

/// My notes
#[utoipa::path(get, path = "/notes", responses((status = 200, body = [String])))]
async fn list_notes(user: CurrentUser<NotesRead>) -> Json<Vec<String>> {
    let notes = NOTES.lock().unwrap_or_else(PoisonError::into_inner);
    let own = notes.iter().filter(|(owner, _)| *owner == user.subject);
    Json(own.map(|(_, text)| text.clone()).collect())
}

/// Write a note
#[utoipa::path(post, path = "/notes", responses((status = 200, body = String)))]
async fn create_note(user: CurrentUser<NotesWrite>, Body(note): Body<NewNote>) -> Json<String> {
    let mut notes = NOTES.lock().unwrap_or_else(PoisonError::into_inner);
    notes.push((user.subject.clone(), note.text.clone()));
    Json(note.text)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let setting = |name, usual: &str| std::env::var(name).unwrap_or_else(|_| usual.to_owned());
    let keyward = setting("KEYWARD_URL", "http://127.0.0.1:8000");
    // Where clients reach this service. If it is set, only tokens for this address open the lock.
    let address = std::env::var("NOTES_URL").ok();
    let audience = address.as_deref().unwrap_or("keyward");
    let authenticator = RemoteAuthenticator::builder(&keyward).audience(audience).discover().await?;
    let authenticator: Arc<dyn Authenticator> = Arc::new(authenticator);

    let routes = OpenApiRouter::new().routes(endpoint!(list_notes)).routes(endpoint!(create_note));
    let (router, mut document) = routes.split_for_parts();
    document.info = utoipa::openapi::Info::new("Notes", env!("CARGO_PKG_VERSION"));
    let scopes = [(NotesRead::NAME, NotesRead::TITLE), (NotesWrite::NAME, NotesWrite::TITLE)];
    schemes(&mut document, &format!("{keyward}/login"), &scopes);
    let app = router.with_state(authenticator).merge(SwaggerUi::new("/docs").url("/openapi.json", document));
    let app = match address {
        // Refused clients read there which Keyward to ask.
        Some(address) => {
            let resource = ProtectedResource::new(address, [&keyward])?;
            resource.scopes(scopes.map(|(name, _)| name)).protect(app)
        }
        None => app,
    };

    let listener = tokio::net::TcpListener::bind(setting("NOTES_LISTEN", "127.0.0.1:3000")).await?;
    println!("http://{}/docs", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}
