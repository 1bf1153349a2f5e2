//! Settings of the log.

use clap::Args;
use tracing::Subscriber;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::{EnvFilter, Layer};

/// What is logged, and how.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Log")]
pub struct LogSettings {
    /// What is logged: `error`, `warn`, `info`, `debug`, `trace`, `off`, or a filter such as `info,sqlx=debug`
    #[arg(
        long,
        env = "KEYWARD_LOG",
        default_value = "info,sea_orm_migration=warn,sqlx::postgres=warn",
        value_name = "FILTER",
        value_parser = filter
    )]
    pub log: String,

    /// How log lines look: `text`, `json`, or `auto`: text on a terminal, JSON elsewhere
    #[arg(long, env = "KEYWARD_LOG_FORMAT", default_value = "auto", value_name = "FORMAT",
        value_parser = ["auto", "text", "json"])]
    pub log_format: String,

    /// How many bytes of JSON lines may wait to be written; 0 writes each at once
    #[arg(long, env = "KEYWARD_LOG_BUFFER", default_value_t = 256 * 1024, value_name = "BYTES",
        value_parser = bytes_of_log)]
    pub log_buffer: usize,
}

impl LogSettings {
    /// The filter. Where it gives no level for everything, warnings are logged.
    pub(crate) fn filter<S: Subscriber>(&self) -> Box<dyn Layer<S> + Send + Sync> {
        let text = self.complete();
        match text.parse::<Targets>() {
            // Cheaper than `EnvFilter`, which looks up every span that is entered. They read an empty level differently.
            Ok(targets) if !text.contains('[') && !text.split(',').any(|part| part.ends_with('=')) => {
                targets.boxed()
            }
            // The value was parsed before; what is left out here would be a fault of a single part.
            _ => EnvFilter::builder().parse_lossy(text).boxed(),
        }
    }

    /// The filter's text, without empty parts, and with a default level.
    fn complete(&self) -> String {
        let mut parts: Vec<_> = self.log.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
        if !parts.iter().any(|part| part.parse::<LevelFilter>().is_ok()) {
            parts.insert(0, "warn");
        }
        parts.join(",")
    }
}

/// A filter whose every part is a level, or gives one to a target. A misspelt level alone would be taken for a target, and
/// silence all others.
fn filter(text: &str) -> Result<String, String> {
    const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        if part.contains(['=', '[']) || part.parse::<LevelFilter>().is_ok() {
            continue;
        }
        let likeness = |level: &&str| strsim::jaro_winkler(level, &part.to_lowercase());
        let meant = LEVELS.into_iter().filter(|level| likeness(level) >= 0.7);
        let meant = meant.max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
        let meant = meant.map(|level| format!("; did you mean {level}?")).unwrap_or_default();
        return Err(format!(
            "{part} is no level: write error, warn, info, debug, trace or off, or a target with one, as in \
             info,sqlx=debug{meant}"
        ));
    }
    let parsed = EnvFilter::builder().parse(text);
    parsed
        .map(|_| text.to_owned())
        .map_err(|error| format!("write a filter as in info or info,sqlx=debug: {error}"))
}

/// A buffer that holds some lines and not all memory.
fn bytes_of_log(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Ok(0),
        Ok(bytes @ 4096..=67_108_864) => Ok(bytes),
        _ => Err("it is 0, or from 4096 to 67108864".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_has_levels_that_exist() {
        for text in [
            "info",
            "WARN",
            "off",
            "info,sqlx=debug",
            "sqlx=debug",
            "info,sqlx::query=trace,",
            "info,[request]=debug",
        ] {
            assert_eq!(filter(text), Ok(text.to_owned()));
        }
        for (text, words) in [
            ("inof", "did you mean info?"),
            ("debg", "did you mean debug?"),
            ("warning", "did you mean warn?"),
            ("sqlx", "sqlx is no level"),
            ("info,sqlx", "sqlx is no level"),
            ("info,sqlx=debg", "write a filter as in info"),
            ("a=b=c", "write a filter as in info"),
        ] {
            assert!(filter(text).unwrap_err().contains(words), "{text}: {:?}", filter(text));
        }
    }

    #[test]
    fn a_filter_without_a_level_of_its_own_keeps_warnings() {
        let of = |log: &str| {
            let settings = LogSettings { log: log.to_owned(), log_format: String::new(), log_buffer: 0 };
            settings.complete()
        };
        assert!(of("sqlx=debug").contains("warn"), "{}", of("sqlx=debug"));
        assert_eq!(of(" info ,, sqlx=debug,"), "info,sqlx=debug");
        assert!(!of("error,sqlx=debug").contains("warn"), "{}", of("error,sqlx=debug"));
    }
}
