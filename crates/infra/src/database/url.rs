//! Database URLs as people write them: SQLAlchemy's spellings, and passwords that were not percent-encoded.
//!
//! No error holds a part of a URL but the path of a SQLite file: where the password ends is what such a URL leaves open.

use std::borrow::Cow;

use sqlx::Error as SqlxError;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use super::connect_error::{ConnectError, ENCODE};

/// The options of PostgreSQL's URLs in whose values an `@` is nothing to wonder about.
const OPTIONS: [&str; 9] =
    ["application_name", "dbname", "host", "options", "password", "sslcert", "sslkey", "sslrootcert", "user"];

/// The options of a SQLite database. `sqlite:app.db` is the same as `sqlite://app.db`.
pub(crate) fn sqlite(url: &str) -> Result<SqliteConnectOptions, ConnectError> {
    relative(url)?.parse().map_err(|error| malformed(&error))
}

/// The URL with a path as we mean it. In SQLAlchemy `sqlite:///./app.db` and `sqlite:///app.db` are both in the working
/// folder, and here the latter would be in the root folder: that one has to be written as clearly as `sqlite:////app.db`.
fn relative(url: &str) -> Result<Cow<'_, str>, ConnectError> {
    let Some(path) = url.strip_prefix("sqlite:///") else { return Ok(url.into()) };
    if path.starts_with("./") || path.starts_with("../") {
        return Ok(format!("sqlite://{path}").into());
    }
    let file = path.split('?').next().unwrap_or(path);
    if file.is_empty() || file.contains('/') {
        Ok(url.into())
    } else {
        Err(ConnectError::InRoot(file.to_owned()))
    }
}

/// The options of a PostgreSQL database.
pub(crate) fn postgres(url: &str) -> Result<PgConnectOptions, ConnectError> {
    let (_, rest) = url.split_once("://").ok_or(ConnectError::Scheme)?;
    let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (path, options) = rest[authority..].split_once('?').unwrap_or((&rest[authority..], ""));
    let is_option = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or_default();
        !value.contains(['#', '/'])
            && OPTIONS.iter().any(|option| {
                name.strip_prefix(option).is_some_and(|more| more.is_empty() || more.starts_with('['))
            })
    };
    // The user and password go to the last `@`, and one behind the host means that they were cut short.
    let cut = path.contains('@') || options.split('&').any(|pair| pair.contains('@') && !is_option(pair));
    if cut {
        return Err(ConnectError::Reserved);
    }
    url.parse().map_err(|error| match malformed(&error) {
        ConnectError::Url(reason) => ConnectError::Url(with_hint(url, reason)),
        other => other,
    })
}

/// The reason, with what to do where the password has characters that were perhaps meant otherwise.
pub(crate) fn with_hint(url: &str, reason: String) -> String {
    let credentials = url.split_once("://").and_then(|(_, rest)| Some(rest.rsplit_once('@')?.0));
    let password = credentials.and_then(|credentials| Some(credentials.split_once(':')?.1));
    let unusual = |c: char| !c.is_ascii_alphanumeric() && !"-._~!$&'()*+,;=".contains(c);
    if password.is_some_and(|password| password.contains(unusual)) {
        format!("{reason} (if the URL's password is not meant so: {ENCODE})")
    } else {
        reason
    }
}

/// The scheme's fault, with what to leave out where it names a driver of SQLAlchemy's.
pub(crate) fn unknown_scheme(scheme: &str) -> ConnectError {
    match scheme.split_once('+') {
        Some(("sqlite", _)) => ConnectError::Driver("sqlite"),
        Some(("postgres" | "postgresql", _)) => ConnectError::Driver("postgresql"),
        _ => ConnectError::Scheme,
    }
}

/// What the driver says of a URL, which is never a part of it but the name or the value of an option.
fn malformed(error: &SqlxError) -> ConnectError {
    match error {
        SqlxError::Configuration(reason) => ConnectError::Url(reason.to_string()),
        _ => ConnectError::Url("it cannot be read".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_sqlite_path_is_relative_wherever_frameworks_mean_it_so() {
        for (url, path) in [
            ("sqlite:///./app.db", "./app.db"),
            ("sqlite:///../data/app.db?mode=rwc", "../data/app.db"),
            ("sqlite://app.db", "app.db"),
            ("sqlite:app.db", "app.db"),
            ("sqlite:./app.db", "./app.db"),
            ("sqlite://./data/app.db", "./data/app.db"),
            ("sqlite:///data/app.db", "/data/app.db"),
            ("sqlite:////data/app.db", "//data/app.db"),
            ("sqlite:////app.db", "//app.db"),
        ] {
            assert_eq!(sqlite(url).unwrap().get_filename(), Path::new(path), "{url}");
        }
        let refused = sqlite("sqlite:///app.db").unwrap_err().to_string();
        for spelling in ["sqlite:///app.db", "sqlite://app.db", "sqlite:////app.db"] {
            assert!(refused.contains(spelling), "{refused}");
        }
    }

    #[test]
    fn a_password_that_ends_too_early_is_noticed() {
        for password in ["a/b", "a?b", "a#b", "p@ss#w", "1/2", "12?a=3", "12?user=3", "a/b?c#d", "1#2@3"] {
            let refused = postgres(&format!("postgres://kw:{password}@db/kw")).unwrap_err().to_string();
            assert!(refused.contains("%40") && !refused.contains(password), "{password}: {refused}");
        }
    }

    #[test]
    fn a_url_that_is_meant_as_it_is_passes() {
        for url in [
            "postgres://kw:pass@db/kw",
            "postgresql://kw@db:5433/kw?sslmode=require",
            "postgres://kw:p@ss@db/kw",
            "postgres://kw:100%25%2F@db/kw",
            "postgres://db/kw?user=kw@tenant&password=p@ss",
            "postgres://%2Frun%2Fpostgresql/kw?options[a]=x@y",
            "postgres:///kw",
        ] {
            assert!(postgres(url).is_ok(), "{url}: {:?}", postgres(url).err());
        }
    }

    #[test]
    fn only_an_unusual_password_gets_a_hint() {
        for url in [
            "postgres://kw:p@ss@db/kw",
            "postgres://kw:50%off@db/kw",
            "postgres://kw:a%12b@db",
            "postgres://kw:a[b@db",
        ] {
            assert!(with_hint(url, "away".to_owned()).contains("%25"), "{url}");
        }
        for url in ["postgres://kw:pass-word_1~@db/kw", "postgres://kw@db/kw", "postgres://db/kw"] {
            assert_eq!(with_hint(url, "away".to_owned()), "away", "{url}");
        }
    }
}
