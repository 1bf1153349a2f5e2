//! How values that are no plain column are kept.
//!
//! Times are whole microseconds since the Unix epoch, in a 64-bit integer: one meaning on both databases, exact to
//! compare, without a text format or a time zone.

use keyward_domain::model::store_error::StoreError;
use sea_orm::sea_query::{Expr, ExprTrait, Func, IntoColumnRef};
use time::OffsetDateTime;

use crate::database::error::corrupt;

/// A time as it is kept. What is finer than a microsecond is cut off.
pub fn micros(time: OffsetDateTime) -> i64 {
    time.unix_timestamp().saturating_mul(1_000_000).saturating_add(time.microsecond().into())
}

/// A time that was kept.
pub fn time(micros: i64) -> Result<OffsetDateTime, StoreError> {
    let nanos = i128::from(micros) * 1000;
    OffsetDateTime::from_unix_timestamp_nanos(nanos).map_err(|_| corrupt(format!("time {micros}")))
}

/// What a client says of itself is its own choice, and PostgreSQL keeps no NUL.
pub fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Text as a search sees it: without letter case, and without the form sigma takes at the end of a Greek word, so that a
/// part of a word is found wherever it stands.
pub fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c }).collect()
}

/// The `LIKE` pattern, with `\` as its escape character, of what contains `text`.
pub fn containing(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// The number of bytes of a text, which both databases know without reading it.
pub fn octets(column: impl IntoColumnRef) -> Expr {
    Expr::from(Func::cust("octet_length").arg(Expr::col(column))).cast_as("bigint")
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    #[test]
    fn a_time_comes_back_as_it_was_kept_also_before_the_epoch() {
        for micros in [0, 1, -1, 999_999, 1_000_000, -1_000_001, 1_795_305_600_123_456] {
            let kept = OffsetDateTime::UNIX_EPOCH + Duration::microseconds(micros);
            assert_eq!(super::micros(kept), micros);
            assert_eq!(time(micros).unwrap(), kept);
        }
    }

    #[test]
    fn every_time_there_is_can_be_kept() {
        for extreme in [time::PrimitiveDateTime::MIN, time::PrimitiveDateTime::MAX] {
            let kept = micros(extreme.assume_utc());
            assert_eq!(super::micros(super::time(kept).unwrap()), kept);
        }
    }

    #[test]
    fn a_number_that_is_no_time_is_an_error() {
        assert!(matches!(time(i64::MAX), Err(StoreError::Internal(_))));
        assert!(matches!(time(i64::MIN), Err(StoreError::Internal(_))));
    }

    #[test]
    fn letter_case_is_folded_alike_within_and_at_the_end_of_a_word() {
        assert_eq!(fold("ÄÖ Straße"), "äö straße");
        assert_eq!(fold("ΟΔΟΣ"), fold("οδος"));
        assert!(fold("ΟΔΟΣΑ").contains(&fold("ΟΔΟΣ")));
    }

    #[test]
    fn wildcards_are_escaped() {
        assert_eq!(containing(r"100%_\x"), r"%100\%\_\\x%");
    }
}
