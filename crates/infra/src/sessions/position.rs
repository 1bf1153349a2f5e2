//! A reader's cursor in the feed, as text that goes out and comes back: so it is parsed strictly.

use std::fmt;

use keyward_domain::model::revocations::Position;

/// PostgreSQL's `pg_snapshot`: transactions below `xmin` are over, those from `xmax` on have not begun, and those listed are
/// under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Snapshot {
    xmin: u64,
    xmax: u64,
    open: Vec<u64>,
}

impl Snapshot {
    /// Reads `xmin:xmax:id,id`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let (xmin, xmax) = (number(parts.next()?)?, number(parts.next()?)?);
        let open = parts.next()?;
        let open: Vec<u64> = match open {
            "" => Vec::new(),
            ids => ids.split(',').map(number).collect::<Option<_>>()?,
        };
        let sound = parts.next().is_none()
            && (1..=xmax).contains(&xmin)
            && open.iter().all(|id| (xmin..xmax).contains(id))
            && open.windows(2).all(|pair| pair[0] < pair[1]);
        sound.then_some(Self { xmin, xmax, open })
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let open: Vec<String> = self.open.iter().map(ToString::to_string).collect();
        write!(f, "{}:{}:{}", self.xmin, self.xmax, open.join(","))
    }
}

/// A reader's cursor on PostgreSQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Paging {
    /// What they have seen.
    pub(super) since: Snapshot,
    /// Within what they have not: the snapshot of the first page, which they will have seen after the last.
    until: Option<Snapshot>,
    /// And the last id they were told.
    pub(super) last: i64,
}

impl Default for Paging {
    /// Nothing seen.
    fn default() -> Self {
        Self { since: Snapshot { xmin: 1, xmax: 1, open: Vec::new() }, until: None, last: 0 }
    }
}

impl Paging {
    /// Reads nothing, `since`, or `since/until/last`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::default());
        }
        let mut parts = text.split('/');
        let since = Snapshot::parse(parts.next()?)?;
        let Some(until) = parts.next() else { return Some(Self { since, until: None, last: 0 }) };
        let last = number(parts.next()?)?.try_into().ok()?;
        let until = Some(Snapshot::parse(until)?);
        parts.next().is_none().then_some(Self { since, until, last })
    }

    /// Whether they have seen what has not happened yet.
    pub(super) fn is_ahead_of(&self, now: &Snapshot) -> bool {
        self.until.as_ref().unwrap_or(&self.since).xmax > now.xmax
    }

    /// Where they are after a page that ended with `last`, where more is to come.
    pub(super) fn onward(self, now: Snapshot, last: Option<i64>) -> String {
        let until = self.until.unwrap_or(now);
        match last {
            Some(last) => format!("{}/{until}/{last}", self.since),
            None => until.to_string(),
        }
    }
}

/// A reader's cursor on SQLite.
pub(super) fn id(text: &str) -> Option<i64> {
    if text.is_empty() { Some(0) } else { number(text)?.try_into().ok() }
}

/// A position, as text that goes out.
pub(super) fn position(epoch: i64, text: impl fmt::Display) -> Position {
    Position(format!("{epoch};{text}"))
}

/// Reads a position by `parse`. One of another epoch is the beginning; those from before there were epochs have none.
pub(super) fn within<T: Default>(
    epoch: i64,
    position: &Position,
    parse: impl Fn(&str) -> Option<T>,
) -> Option<T> {
    let (of, text) = position.0.split_once(';').unwrap_or(("0", &position.0));
    let (of, read) = (number(of)?, parse(text)?);
    Some(if i64::try_from(of) == Ok(epoch) { read } else { T::default() })
}

/// Digits only.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_was_written() {
        for text in ["731:731:", "731:740:731,735", "1:1:/731:740:735/17"] {
            let read = Paging::parse(text).unwrap();
            let again = match &read.until {
                Some(until) => format!("{}/{until}/{}", read.since, read.last),
                None => read.since.to_string(),
            };
            assert_eq!(again, text);
        }
        assert_eq!(Paging::parse(""), Some(Paging::default()));
        assert_eq!((id(""), id("17")), (Some(0), Some(17)));
    }

    #[test]
    fn what_the_database_would_stumble_over_is_no_position() {
        for text in [
            " ",
            "x",
            "1",
            "1:2",
            "1:2:3:4",
            "0:1:",
            "2:1:",
            "1:5:5",
            "1:5:0",
            "1:5:3,2",
            "1:5:2,2",
            "1:5:,",
            "+1:5:",
            "-1:5:",
            "1:5: 2",
            "1:5:/",
            "1:5:/1:5:",
            "1:5:/1:5:/",
            "1:5:/1:5:/x",
            "1:5:/1:5:/1/1",
            "1:5:/1:5:/9223372036854775808",
            "99999999999999999999:99999999999999999999:",
        ] {
            assert_eq!(Paging::parse(text), None, "{text:?}");
        }
        for text in ["x", "-1", "1:1:", "9223372036854775808"] {
            assert_eq!(id(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_position_of_another_epoch_is_the_beginning() {
        let read = |text: &str| within(7, &Position(text.to_owned()), id);
        assert_eq!((read(""), read("7;"), read("7;17")), (Some(0), Some(0), Some(17)));
        assert_eq!((read("8;17"), read("17"), position(7, 17).0), (Some(0), Some(0), "7;17".to_owned()));
        for text in ["7;x", "8;x", "x;17", ";17", "-7;17", "7;1;7", "99999999999999999999;1"] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }

    #[test]
    fn pages_end_where_the_first_began() {
        let now = |text| Snapshot::parse(text).unwrap();
        let first = Paging::default().onward(now("5:9:5"), Some(10));
        assert_eq!(first, "1:1:/5:9:5/10");
        let second = Paging::parse(&first).unwrap().onward(now("9:12:"), None);
        assert_eq!(second, "5:9:5", "what came meanwhile was not seen");
        assert!(Paging::parse(&second).unwrap().is_ahead_of(&now("5:8:")));
    }
}
