//! Where a database is, in words that may be printed.

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
    use super::without_password;

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
