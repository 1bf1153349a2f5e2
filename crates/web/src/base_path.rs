//! The path under which clients reach a service, where a proxy takes it away before the service sees it.

use std::sync::Arc;

use axum::http::Uri;
use axum::http::request::Parts;

/// The path that a proxy strips from every request, as in `/auth`: a slash at its begin, none at its end.
///
/// A service behind such a proxy puts it into the extensions of every request, before routing. Links to further pages and
/// [`Here`](crate::Here) then begin with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasePath(Arc<str>);

impl BasePath {
    /// The path of a URL or of its beginning; `None` where nothing is stripped: for an empty path and for `/`.
    pub fn new(path: &str) -> Option<Self> {
        let path = path.trim_end_matches('/');
        (!path.is_empty()).then(|| Self(path.into()))
    }

    /// The path: `/auth`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Path and query of a request as its client sent them; `None` where no proxy strips a path.
    pub(crate) fn public(parts: &Parts) -> Option<Uri> {
        let Self(base) = parts.extensions.get::<Self>()?;
        let rest = parts.uri.path_and_query().map_or("/", |rest| rest.as_str());
        format!("{base}{rest}").parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_path_has_no_slash_at_its_end_and_is_not_empty() {
        let base = |path| BasePath::new(path).map(|base| base.as_str().to_owned());
        assert_eq!(base("/auth"), Some("/auth".to_owned()));
        assert_eq!(base("/a/b/"), Some("/a/b".to_owned()));
        assert_eq!((base(""), base("/")), (None, None));
    }
}
