//! The feed of ended sessions, for services that check our tokens with our keys: so they notice a logout without a call for
//! every request.

use std::time::Duration;

use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_domain::model::revocations::{Position, Revocation};
use keyward_web::{Field, Flaw, Given, Input, Query, Reader};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use crate::access::feed::Feed;
use crate::access::scope::RevocationsRead;
use crate::answers::refused::Refused;
use crate::answers::success::NoStore;
use crate::boundary::stopping::Stopping;
use crate::extract::ClientFor;

/// The longest wait, in seconds: well within the deadline of a request.
const MAX_WAIT: u32 = 20;

/// Which entries, and how long to wait for the first.
#[derive(Input)]
pub struct RevocationList {
    /// Beyond this position, which comes from the answer before. Without it: everything that still matters.
    #[input(read = PositionReader)]
    after: Option<Position>,
    /// Seconds to wait for the next revocation.
    #[input(range = 0..=MAX_WAIT, default = 0)]
    wait: u32,
}

/// Reads a position of the feed.
struct PositionReader;

impl Reader for PositionReader {
    type Value = Position;

    fn read(&self, given: Given<'_>, (): &()) -> Result<Position, Flaw> {
        let bytes = URL_SAFE_NO_PAD.decode(given.string()?).ok();
        bytes.and_then(|bytes| String::from_utf8(bytes).ok()).map(Position).ok_or_else(not_ours)
    }

    fn schema(&self) -> RefOr<Schema> {
        <String as Field>::schema()
    }
}

fn not_ours() -> Flaw {
    Flaw::value("this position did not come from an answer")
}

/// A session that ended.
#[derive(Serialize, ToSchema)]
pub struct EndedSession {
    /// The session: refuse every token that names it.
    sid: String,
    /// Whose it was.
    sub: String,
    /// When it ended, in Unix seconds.
    revoked_at: i64,
    /// When the last of its tokens has expired everywhere, in Unix seconds: then it can be forgotten.
    expires_at: i64,
}

/// What came after the position.
#[derive(Serialize, ToSchema)]
pub struct RevocationFeed {
    /// Sessions that ended. One may be told twice.
    revocations: Vec<EndedSession>,
    /// The position to ask with next.
    after: String,
    /// Whether there is more at once.
    more: bool,
}

/// Which sessions ended
///
/// For services that check access tokens by themselves, as clients registered for `revocations:read`: begin without `after`, then ask with the `after` of each answer, and a `wait`.
/// Nothing is ever left out. A position that is refused, or an error, means: begin anew.
#[utoipa::path(get, path = "/oauth/revocations", tag = "oauth", responses((status = 200, description = "What came after the position")))]
pub async fn list_revocations(
    _: ClientFor<RevocationsRead>,
    State(feed): State<Feed>,
    stopping: Stopping,
    Query(RevocationList { after: position, wait }): Query<RevocationList>,
) -> Result<NoStore<RevocationFeed>, Refused> {
    let wait = if position.is_some() { Duration::from_secs(wait.into()) } else { Duration::ZERO };
    let news = feed.news(position.unwrap_or_default(), wait, stopping).await?;
    let told = |ended: Revocation| EndedSession {
        sid: ended.session.to_string(),
        sub: ended.user.to_string(),
        revoked_at: ended.at.unix_timestamp(),
        // Rounded up.
        expires_at: (ended.at + feed.kept()).unix_timestamp() + 1,
    };
    let feed = RevocationFeed {
        revocations: news.revocations.into_iter().map(told).collect(),
        after: URL_SAFE_NO_PAD.encode(news.position.0),
        more: news.more,
    };
    Ok(NoStore(feed))
}
