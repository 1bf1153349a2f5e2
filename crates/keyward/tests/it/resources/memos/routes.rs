//! The operations of memos: their locks, their letter, and what goes over the wire.

use axum::extract::{FromRef, State};
use keyward_api::access::current_user::CurrentUser;
use keyward_api::answers::refused::Refused;
use keyward_api::answers::success::{Created, Items};
use keyward_api::extract::Paged;
use keyward_api::foundation::{Core, Foundation};
use keyward_api::resources::routes::Hosted;
use keyward_domain::model::mail::Lane;
use keyward_domain::ports::store::{Repositories, Transaction};
use keyward_domain::values::page::Slice;
use keyward_guard::{Scope, endpoint};
use keyward_infra::mail::templates::Template;
use keyward_web::{Body, Input, List, Listed, Listing};
use serde::Serialize;
use time::Duration;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use super::rows;

pub(super) struct MemosWrite;

impl Scope for MemosWrite {
    const NAME: &'static str = "memos:write";
    const TITLE: &'static str = "Write and read your own memos";
}

pub(super) struct MemosAudit;

impl Scope for MemosAudit {
    const NAME: &'static str = "memos:audit";
    const TITLE: &'static str = "Read everybody's memos";
}

pub(super) const MEMOS: List = List(b'm');

pub(super) const NOTED: Template = Template {
    name: "noted",
    text: "Subject: Noted\n\nA memo of yours was kept.\n",
    html: "<p>A memo of yours was kept.</p>",
    sample: Default::default,
};

/// The use cases: all that handlers need.
#[derive(Clone)]
pub(super) struct Memos(pub(super) Core);

impl FromRef<Hosted<Memos>> for Memos {
    fn from_ref(state: &Hosted<Memos>) -> Self {
        state.own.clone()
    }
}

pub(super) fn routes() -> OpenApiRouter<Hosted<Memos>> {
    OpenApiRouter::new()
        .routes(endpoint!(list_memos))
        .routes(endpoint!(create_memo))
        .routes(endpoint!(list_all_memos))
}

#[derive(Serialize, ToSchema)]
struct Memo {
    content: String,
}

impl Listed for Memo {
    const LIST: List = MEMOS;
}

impl From<String> for Memo {
    fn from(content: String) -> Self {
        Self { content }
    }
}

#[derive(Input)]
#[input(example = json!({ "content": "Buy tea" }))]
struct MemoWrite {
    content: String,
}

/// My memos
#[utoipa::path(get, path = "/memos", tag = "memos")]
async fn list_memos(
    user: CurrentUser<MemosWrite>,
    State(Memos(core)): State<Memos>,
    Paged { here, .. }: Paged<Memo>,
) -> Result<Listing<Memo>, Refused> {
    let items = rows::of(&core.foundation.database, user.who).await?;
    Ok(here.listing(Slice { items, next: None }))
}

/// Keep a memo; a mail confirms it
#[utoipa::path(post, path = "/memos", tag = "memos")]
async fn create_memo(
    user: CurrentUser<MemosWrite>,
    State(Memos(core)): State<Memos>,
    Body(MemoWrite { content }): Body<MemoWrite>,
) -> Result<Created<Memo>, Refused> {
    let Core { foundation: Foundation { ports, database, .. }, postbox, templates } = core;
    let mut tx = database.begin_db().await?;
    rows::insert(&tx, user.who, &content, ports.clock.now() + Duration::hours(1)).await?;
    if let Some(owner) = tx.users().find(user.who).await? {
        let letter = templates.letter(NOTED.name, &(NOTED.sample)())?;
        postbox.post(&mut tx, &ports, Lane::Other, owner.email, letter).await?;
    }
    Box::new(tx).commit().await?;
    Ok(Created(content.into()))
}

/// Everybody's memos
#[utoipa::path(get, path = "/memos/all", tag = "memos")]
async fn list_all_memos(
    _: CurrentUser<MemosAudit>,
    State(Memos(core)): State<Memos>,
) -> Result<Items<Memo>, Refused> {
    let memos = rows::all(&core.foundation.database).await?;
    Ok(Items(memos.into_iter().map(Memo::from).collect()))
}
