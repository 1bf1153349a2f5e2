//! Which signing key does what at a given time.

use std::collections::VecDeque;

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
    pub later: Vec<&'a StoredKey>,
    /// Those whose tokens may not have expired yet.
    pub previous: Vec<&'a StoredKey>,
}

/// What a key does at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// It signs.
    Signs,
    /// It will sign.
    Next,
    /// Its tokens are accepted until they expire.
    Verifies,
    /// Its last token has expired.
    Superseded,
    /// It was withdrawn: its tokens are refused.
    Retired,
    /// The master secret does not open it: servers leave it out, and its tokens are refused.
    Unopened,
}

impl Part {
    /// Its name, as printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signs => "signs",
            Self::Next => "next",
            Self::Verifies => "verifies",
            Self::Superseded => "superseded",
            Self::Retired => "retired",
            Self::Unopened => "unopened",
        }
    }
}

impl Parts<'_> {
    /// What `key` does, which is one of the divided keys.
    pub fn of(&self, key: &StoredKey) -> Part {
        let is = |other: &&StoredKey| other.kid == key.kid;
        if key.retired_at.is_some() {
            Part::Retired
        } else if self.current.as_ref().is_some_and(is) {
            Part::Signs
        } else if self.next.iter().chain(&self.later).any(is) {
            Part::Next
        } else if self.previous.iter().any(is) {
            Part::Verifies
        } else {
            Part::Superseded
        }
    }
}

/// What each key does, of any algorithms, in their order. A key that `opens` denies has superseded no other.
pub fn parts(
    keys: &[StoredKey],
    opens: impl Fn(&StoredKey) -> bool,
    now: OffsetDateTime,
    token_life: Duration,
) -> Vec<Part> {
    let own: Vec<&StoredKey> = keys.iter().filter(|key| opens(key)).collect();
    let part = |key: &StoredKey| {
        let alike = own.iter().filter(|one| one.algorithm == key.algorithm);
        let alike: Vec<StoredKey> = alike.map(|one| (*one).clone()).collect();
        match key.retired_at {
            Some(_) => Part::Retired,
            None if !alike.iter().any(|one| one.kid == key.kid) => Part::Unopened,
            None => divide(&alike, now, token_life).of(key),
        }
    };
    keys.iter().map(part).collect()
}

/// Divides keys, which come by ascending `signs_from`, retired ones included. A key that another one has superseded never
/// signs again, not even when that one is retired: then no key signs, and a new one has to be made. Before the first key is
/// due, it signs all the same, for clocks disagree a little.
pub fn divide(keys: &[StoredKey], now: OffsetDateTime, token_life: Duration) -> Parts<'_> {
    // What was retired before its time came has superseded no other.
    let keys = keys.iter().filter(|key| key.retired_at.is_none_or(|at| at > key.signs_from));
    let (old, coming): (Vec<_>, Vec<_>) = keys.partition(|key| key.signs_from <= now);
    let mut coming: VecDeque<_> = coming.into_iter().filter(|key| key.retired_at.is_none()).collect();
    let due = old.last().copied().filter(|key| key.retired_at.is_none());
    let current = due.or_else(|| coming.pop_front());
    let previous = old
        .windows(2)
        .filter(|pair| pair[0].retired_at.is_none() && pair[1].signs_from + token_life > now)
        .map(|pair| pair[0])
        .collect();
    Parts { current, next: coming.pop_front(), later: coming.into(), previous }
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
    fn each_key_has_one_part() {
        let mut keys = [key("a", 0), key("b", 1000), key("c", 2000), key("d", 3000), key("e", 4000)];
        keys[4].retired_at = Some(OffsetDateTime::UNIX_EPOCH);
        let parts_at = |now| {
            let now = OffsetDateTime::UNIX_EPOCH + Duration::seconds(now);
            let parts = divide(&keys, now, Duration::seconds(100));
            keys.iter().map(|key| parts.of(key).as_str()).collect::<Vec<_>>()
        };
        assert_eq!(parts_at(1050), ["verifies", "signs", "next", "next", "retired"]);
        assert_eq!(parts_at(2200), ["superseded", "superseded", "signs", "next", "retired"]);
    }

    #[test]
    fn a_key_that_does_not_open_is_called_so_and_supersedes_none() {
        let mut keys =
            [key("a", 0), key("planted", 500), key("b", 1000), key("withdrawn", 1500), key("c", 9)];
        keys[3].retired_at = Some(OffsetDateTime::UNIX_EPOCH + Duration::seconds(1600));
        keys[4].algorithm = Algorithm::Es256;
        let parts_at = |now, opens: fn(&StoredKey) -> bool| {
            let now = OffsetDateTime::UNIX_EPOCH + Duration::seconds(now);
            parts(&keys, opens, now, Duration::seconds(100)).into_iter().map(Part::as_str).collect::<Vec<_>>()
        };
        let own = |key: &StoredKey| key.kid.len() == 1;
        assert_eq!(parts_at(600, own), ["signs", "unopened", "next", "retired", "signs"]);
        assert_eq!(parts_at(1700, own), ["superseded", "unopened", "signs", "retired", "signs"]);
        let none = |_: &StoredKey| false;
        assert_eq!(parts_at(600, none), ["unopened", "unopened", "unopened", "retired", "unopened"]);
    }

    #[test]
    fn what_was_superseded_is_over_even_when_its_successor_is_retired() {
        let mut keys = [key("a", 0), key("b", 1000), key("c", 2000)];
        let at = |seconds| Some(OffsetDateTime::UNIX_EPOCH + Duration::seconds(seconds));
        keys[1].retired_at = at(1500);
        assert_eq!(kids(&keys[..2], 1500), (None, None, vec![]));
        assert_eq!(kids(&keys, 1500), (Some("c"), None, vec![]), "the next one signs at once");
        assert_eq!(kids(&keys, 2050), (Some("c"), None, vec![]));
        keys[1].retired_at = at(500);
        assert_eq!(kids(&keys, 1500), (Some("a"), Some("c"), vec![]), "it never signed");
        assert_eq!(kids(&keys, 2050), (Some("c"), None, vec!["a"]));
    }

    #[test]
    fn the_only_key_signs_whatever_the_clock_says() {
        assert_eq!(kids(&[key("a", 50)], 0), (Some("a"), None, vec![]));
        assert_eq!(kids(&[], 0), (None, None, vec![]));
    }
}
