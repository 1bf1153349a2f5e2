//! The time of a line, as RFC 3339 writes it in UTC: `2026-11-29T16:02:33.031065Z`.

use std::cell::Cell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;

/// The text of a second, up to its point: the lines of a second share it.
#[derive(Clone, Copy)]
struct Second {
    unix: u64,
    text: [u8; SECOND],
}

/// `2026-11-29T16:02:33.`
const SECOND: usize = 20;

thread_local! {
    static LAST: Cell<Option<Second>> = const { Cell::new(None) };
}

/// Appends the time now.
#[expect(clippy::disallowed_methods, reason = "a line of the log says when it was written")]
pub(super) fn now(line: &mut String) {
    // A clock before 1970 is wrong.
    write(line, SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
}

fn write(line: &mut String, since: Duration) {
    let unix = since.as_secs();
    let second = LAST.get().filter(|second| second.unix == unix).unwrap_or_else(|| {
        let second = Second { unix, text: text(unix) };
        LAST.set(Some(second));
        second
    });
    let mut text = [b'Z'; SECOND + 7];
    text[..SECOND].copy_from_slice(&second.text);
    digits(&mut text[SECOND..SECOND + 6], since.subsec_micros());
    line.push_str(std::str::from_utf8(&text).unwrap_or_default());
}

fn text(unix: u64) -> [u8; SECOND] {
    let time = i64::try_from(unix).ok().and_then(|unix| OffsetDateTime::from_unix_timestamp(unix).ok());
    let time = time.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let mut text = *b"0000-00-00T00:00:00.";
    digits(&mut text[..4], time.year().unsigned_abs());
    let month = u32::from(u8::from(time.month()));
    for (at, number) in [
        (5, month),
        (8, time.day().into()),
        (11, time.hour().into()),
        (14, time.minute().into()),
        (17, time.second().into()),
    ] {
        digits(&mut text[at..at + 2], number);
    }
    text
}

/// Fills the places with the number's last digits.
fn digits(places: &mut [u8], mut number: u32) {
    for place in places.iter_mut().rev() {
        *place = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::format_description::well_known::Rfc3339;

    use super::*;

    proptest! {
        #[test]
        fn a_time_is_written_as_rfc_3339_says(seconds in 0_u64..253_402_300_799, micros in 0_u32..1_000_000) {
            let mut line = String::new();
            // Twice, for the second time its second is known.
            for _ in 0..2 {
                line.clear();
                write(&mut line, Duration::new(seconds, micros * 1000));
                let read = OffsetDateTime::parse(&line, &Rfc3339).unwrap();
                prop_assert_eq!(read.unix_timestamp().unsigned_abs(), seconds);
                prop_assert_eq!(read.microsecond(), micros);
                prop_assert_eq!(line.len(), "2026-11-29T16:02:33.031065Z".len());
            }
        }
    }

    #[test]
    fn the_time_now_is_written() {
        let mut line = String::new();
        now(&mut line);
        assert!(OffsetDateTime::parse(&line, &Rfc3339).unwrap().year() >= 2026, "{line}");
    }
}
