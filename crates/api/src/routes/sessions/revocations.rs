//! The feed of ended sessions, for services that check our tokens with our keys: so they notice a logout without a call for
//! every request.

use std::time::Duration;

use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_domain::model::revocations::{Position, Revocation};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::access::feed::Feed;
use crate::access::scope::RevocationsRead;
use crate::answers::refused::Refused;
use crate::answers::success::NoStore;
use crate::boundary::stopping::Stopping;
use crate::extract::{ClientFor, Fields, Input, Query, read};
use crate::fault::Flaw;

/// The longest wait, in seconds: well within the deadline of a request.
const MAX_WAIT: u32 = 20;

/// Which entries, and how long to wait for the first.
#[derive(IntoParams)]
#[expect(dead_code, reason = "documents what `read` reads")]
pub struct RevocationList {
    /// Beyond this position, which comes from the answer before. Without it: everything that still matters.
    #[param(nullable = false)]
    after: Option<String>,
    /// Wait so many seconds for something to tell.
    #[param(nullable = false, minimum = 0, maximum = 20, default = 0)]
    wait: Option<u32>,
}

/// What was asked for.
pub struct RevocationQuery {
    position: Option<Position>,
    wait: u64,
}

impl Input for RevocationList {
    type Value = RevocationQuery;

    fn read(fields: &mut Fields<'_>) -> Option<RevocationQuery> {
        let position = fields.optional("after", |value| {
            let bytes = URL_SAFE_NO_PAD.decode(read::string(value)?).ok();
            bytes.and_then(|bytes| String::from_utf8(bytes).ok()).map(Position).ok_or_else(not_ours)
        });
        let wait = fields.optional("wait", |value| read::between(value, 0, MAX_WAIT.into()));
        Some(RevocationQuery { position: position?, wait: wait?.unwrap_or(0).unsigned_abs() })
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
    Query(RevocationQuery { position, wait }): Query<RevocationList>,
) -> Result<NoStore<RevocationFeed>, Refused> {
    let wait = if position.is_some() { Duration::from_secs(wait) } else { Duration::ZERO };
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
