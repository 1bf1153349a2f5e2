//! The operations of notes: their locks, their letter, and what goes over the wire.

use axum::Json;
use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use keyward_api::access::current_user::CurrentUser;
use keyward_api::error::ApiError;
use keyward_api::extract::{Body, Fields, Input, List, Listed, Listing, Paged, read};
use keyward_api::resources::core::{Core, Foundation};
use keyward_api::resources::routes::Hosted;
use keyward_domain::ports::store::{Repositories, Transaction};
use keyward_domain::values::page::Slice;
use keyward_guard::{Scope, endpoint};
use keyward_infra::mail::templates::Template;
use serde::Serialize;
use time::Duration;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use super::rows;

pub(super) struct NotesWrite;

impl Scope for NotesWrite {
    const NAME: &'static str = "notes:write";
    const TITLE: &'static str = "Write and read your own notes";
}

pub(super) struct NotesAudit;

impl Scope for NotesAudit {
    const NAME: &'static str = "notes:audit";
    const TITLE: &'static str = "Read everybody's notes";
}

pub(super) const NOTES: List = List(b'n');

pub(super) const NOTED: Template = Template {
    name: "noted",
    text: "Subject: Noted\n\nA note of yours was kept.\n",
    html: "<p>A note of yours was kept.</p>",
    sample: Default::default,
};

/// The use cases: all that handlers need.
#[derive(Clone)]
pub(super) struct Notes(pub(super) Core);

impl FromRef<Hosted<Notes>> for Notes {
    fn from_ref(state: &Hosted<Notes>) -> Self {
        state.own.clone()
    }
}

pub(super) fn routes() -> OpenApiRouter<Hosted<Notes>> {
    OpenApiRouter::new()
        .routes(endpoint!(list_notes))
        .routes(endpoint!(create_note))
        .routes(endpoint!(list_all_notes))
}

#[derive(Serialize, ToSchema)]
struct Note {
    content: String,
}

impl Listed for Note {
    const LIST: List = NOTES;
}

impl From<String> for Note {
    fn from(content: String) -> Self {
        Self { content }
    }
}

#[derive(ToSchema)]
#[schema(example = json!({ "content": "Buy tea" }))]
#[expect(dead_code, reason = "documents what `read` reads")]
struct NoteWrite {
    content: String,
}

impl Input for NoteWrite {
    type Value = String;

    fn read(fields: &mut Fields<'_>) -> Option<String> {
        fields.required("content", read::owned)
    }
}

/// My notes
#[utoipa::path(get, path = "/notes", tag = "notes", responses((status = 200, description = "Notes", body = [Note])))]
async fn list_notes(
    user: CurrentUser<NotesWrite>,
    State(Notes(core)): State<Notes>,
    Paged { here, .. }: Paged<Note>,
) -> Result<Listing<Note>, ApiError> {
    let items = rows::of(&core.foundation.database, user.who).await?;
    Ok(here.listing(Slice { items, next: None }))
}

/// Note something down; a mail confirms it
#[utoipa::path(post, path = "/notes", tag = "notes", responses((status = 201, description = "The note", body = Note)))]
async fn create_note(
    user: CurrentUser<NotesWrite>,
    State(Notes(core)): State<Notes>,
    Body(content): Body<NoteWrite>,
) -> Result<(StatusCode, Json<Note>), ApiError> {
    let Core { foundation: Foundation { ports, database }, postbox, templates } = core;
    let mut tx = database.begin_db().await?;
    rows::insert(&tx, user.who, &content, ports.clock.now() + Duration::hours(1)).await?;
    if let Some(owner) = tx.users().find(user.who).await? {
        let letter = templates.letter(NOTED.name, &(NOTED.sample)())?;
        postbox.post(&mut tx, &ports, owner.email, letter).await?;
    }
    Box::new(tx).commit().await?;
    Ok((StatusCode::CREATED, Json(content.into())))
}

/// Everybody's notes
#[utoipa::path(get, path = "/notes/all", tag = "notes", responses((status = 200, description = "Notes", body = [Note])))]
async fn list_all_notes(
    _: CurrentUser<NotesAudit>,
    State(Notes(core)): State<Notes>,
) -> Result<Json<Vec<Note>>, ApiError> {
    let notes = rows::all(&core.foundation.database).await?;
    Ok(Json(notes.into_iter().map(Note::from).collect()))
}
