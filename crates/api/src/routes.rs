//! Handlers and their wire types, one file a noun. A handler extracts, calls one use case and shapes the answer.

pub mod health;
pub mod keys;
pub mod login;
pub mod me;
pub mod oauth;
pub mod posts;
pub mod recovery;
pub mod revocations;
pub mod root;
pub mod sessions;
pub mod shop;
pub mod users;
pub mod verification;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A time as it stands in answers: RFC 3339, UTC.
fn rfc3339(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}
