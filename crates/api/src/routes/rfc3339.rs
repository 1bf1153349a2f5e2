//! Times in answers.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A time as it stands in answers: RFC 3339, UTC.
pub fn rfc3339(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}
