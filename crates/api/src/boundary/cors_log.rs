//! What the log says of pages that a browser refuses: each origin and each header once, and only so many.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// The number of origins and headers that are logged, so that callers cannot fill the log or the memory with them.
const MOST: usize = 32;
/// The longest origin or name that is logged, in bytes.
const LONGEST: usize = 255;

/// What was logged already.
#[derive(Debug, Default)]
pub(super) struct Refused(Mutex<HashSet<String>>);

impl Refused {
    /// Logs that a page of this origin called, which is not named.
    pub(super) fn origin(&self, origin: &str) {
        if !self.is_new(origin) {
        } else if origin == "null" {
            tracing::warn!(
                origin,
                "a page without an origin called, which browsers refuse: open it from a web server, not from a file or a sandbox"
            );
        } else {
            tracing::warn!(
                origin,
                "a page of an origin that is not named called, which browsers refuse: KEYWARD_CORS_ORIGINS={origin} lets it"
            );
        }
    }

    /// Logs that a page of a named origin wants to send a header that it may not.
    pub(super) fn header(&self, origin: &str, name: &str) {
        if self.is_new(name) {
            tracing::warn!(
                origin,
                header = name,
                "a page wants to send a header that pages may not, which browsers refuse: KEYWARD_CORS_HEADERS={name} lets it"
            );
        }
    }

    /// Whether this was not logged before, and may be.
    fn is_new(&self, text: &str) -> bool {
        let mut logged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        text.len() <= LONGEST && logged.len() < MOST && logged.insert(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_logged_once_and_no_more_than_so_many() {
        let refused = Refused::default();
        assert!(refused.is_new("https://a.example") && !refused.is_new("https://a.example"));
        assert!(!refused.is_new(&"a".repeat(LONGEST + 1)));
        let logged = (0..1_000).filter(|number| refused.is_new(&number.to_string())).count();
        assert_eq!(logged, MOST - 1);
    }
}
