//! Durations in settings.

use std::time::Duration;

/// The same time as the domain counts it.
pub fn seconds(time: Duration) -> time::Duration {
    time::Duration::seconds(time.as_secs().try_into().unwrap_or(i64::MAX))
}

/// 100 years, in seconds: no time that is reckoned with leaves the calendar.
const LONGEST: u64 = 100 * 366 * 24 * 60 * 60;

/// `15m`, `12h`, `30d`, or plain seconds.
pub(super) fn lifetime(text: &str) -> Result<Duration, String> {
    let time = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            humantime::parse_duration(text).map_err(|_| "write it as in 15m, 12h, 30d or 900 (seconds)")?
        }
    };
    match time.as_secs() {
        0 => Err("it must be at least one second".to_owned()),
        seconds if seconds > LONGEST => Err("it must be at most 100 years".to_owned()),
        _ => Ok(time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_are_written_with_a_unit_or_in_seconds_and_are_never_zero() {
        assert_eq!(lifetime("15m"), Ok(Duration::from_mins(15)));
        assert_eq!(lifetime("900"), Ok(Duration::from_mins(15)));
        assert_eq!(lifetime("1h 30m"), Ok(Duration::from_mins(90)));
        assert_eq!(lifetime("100y").unwrap().as_secs() / (24 * 60 * 60), 36_525);
        for text in ["", "0", "0s", "-1m", "soon", "10ms", "101y", "9999y", "99999999999"] {
            assert!(lifetime(text).is_err(), "{text:?}");
        }
    }
}
