//! Which signing key does what at a given time.

use time::{Duration, OffsetDateTime};

use crate::model::keys::StoredKey;

/// Which key does what at a moment.
#[derive(Debug, PartialEq, Eq)]
pub struct Parts<'a> {
    /// The one that signs.
    pub current: Option<&'a StoredKey>,
    /// The one that signs next.
    pub next: Option<&'a StoredKey>,
    /// Those that sign after it.
    pub later: &'a [StoredKey],
    /// Those whose tokens may not have expired yet.
    pub previous: Vec<&'a StoredKey>,
}

/// Divides keys, which come by ascending `signs_from`. The first key ever signs even if clocks disagree a little.
pub fn divide(keys: &[StoredKey], now: OffsetDateTime, token_life: Duration) -> Parts<'_> {
    let started = keys.partition_point(|key| key.signs_from <= now).max(1).min(keys.len());
    let (old, coming) = keys.split_at(started);
    let previous =
        old.windows(2).filter(|pair| pair[1].signs_from + token_life > now).map(|pair| &pair[0]).collect();
    Parts { current: old.last(), next: coming.first(), later: coming.get(1..).unwrap_or_default(), previous }
}

#[cfg(test)]
mod tests {
    use keyward_auth::Algorithm;

    use super::*;

    fn key(kid: &str, signs_from: i64) -> StoredKey {
        let at = |seconds| OffsetDateTime::UNIX_EPOCH + Duration::seconds(seconds);
        StoredKey {
            kid: kid.to_owned(),
            algorithm: Algorithm::EdDsa,
            sealed: Vec::new(),
            created_at: at(signs_from),
            signs_from: at(signs_from),
            retired_at: None,
        }
    }

    fn kids(keys: &[StoredKey], now: i64) -> (Option<&str>, Option<&str>, Vec<&str>) {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::seconds(now);
        let parts = divide(keys, now, Duration::seconds(100));
        let kid = |key: &'_ StoredKey| -> &str { Box::leak(key.kid.clone().into_boxed_str()) };
        (parts.current.map(kid), parts.next.map(kid), parts.previous.into_iter().map(kid).collect())
    }

    #[test]
    fn a_key_signs_from_its_time_and_verifies_until_its_last_token_expired() {
        let keys = [key("a", 0), key("b", 1000), key("c", 2000)];
        assert_eq!(kids(&keys, 999), (Some("a"), Some("b"), vec![]));
        assert_eq!(kids(&keys, 1000), (Some("b"), Some("c"), vec!["a"]));
        assert_eq!(kids(&keys, 1099), (Some("b"), Some("c"), vec!["a"]));
        assert_eq!(kids(&keys, 1100), (Some("b"), Some("c"), vec![]));
        assert_eq!(kids(&keys, 2000), (Some("c"), None, vec!["b"]));
        let later = divide(&keys, OffsetDateTime::UNIX_EPOCH, Duration::seconds(100)).later;
        assert_eq!(later.iter().map(|key| key.kid.as_str()).collect::<Vec<_>>(), ["c"]);
    }

    #[test]
    fn the_only_key_signs_whatever_the_clock_says() {
        assert_eq!(kids(&[key("a", 50)], 0), (Some("a"), None, vec![]));
        assert_eq!(kids(&[], 0), (None, None, vec![]));
    }
}
