//! Where a database is, in words that may be printed.

use keyward_infra::database::backup::sqlite_file;

/// The absolute path of a SQLite database, or a server's URL without user, password and options.
pub(crate) fn place(url: &str) -> String {
    match sqlite_file(url).and_then(|file| std::path::absolute(file).ok()) {
        Some(file) => file.display().to_string(),
        None => without_password(url),
    }
}

/// A database URL without its user's password and its options.
pub fn without_password(url: &str) -> String {
    let bare = url.split('?').next().unwrap_or(url);
    match bare.split_once("://") {
        Some((scheme, rest)) => {
            format!("{scheme}://{}", rest.rsplit_once('@').map_or(rest, |(_, host)| host))
        }
        None => "the database".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{place, without_password};

    #[test]
    fn a_sqlite_file_is_named_from_the_root() {
        let here = std::env::current_dir().unwrap();
        for url in
            ["sqlite://./data/keyward.db", "sqlite:data/keyward.db", "sqlite:///./data/keyward.db?mode=rwc"]
        {
            assert_eq!(place(url), here.join("data/keyward.db").display().to_string(), "{url}");
        }
        assert_eq!(place("postgres://ana:s3cret@db/keyward"), "postgres://db/keyward");
    }

    #[test]
    fn a_place_never_shows_a_password() {
        assert_eq!(
            without_password("postgres://ana:s3cret@db:5432/keyward?password=x"),
            "postgres://db:5432/keyward"
        );
        assert_eq!(without_password("postgres://ana:p@ss@db/keyward"), "postgres://db/keyward");
        assert_eq!(without_password("sqlite://./data/keyward.db"), "sqlite://./data/keyward.db");
    }
}
