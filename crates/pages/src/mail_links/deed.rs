//! What the form of a mail's page has just done, for the page after it.

use axum::http::{HeaderMap, header};
use axum::response::Response;

use crate::cookie;
use crate::next::redirect;
use crate::site::Site;

/// How long the page after a form can be shown again, in seconds.
const LIFE: i64 = 120;

/// What was done. A cookie of two minutes says so, which browsers take from this host alone: a browser that did nothing of it, and comes
/// to the page all the same, has none.
#[derive(Clone, Copy)]
pub(super) enum Deed {
    /// A password was changed.
    Reset,
    /// An e-mail address was verified.
    Verified,
}

impl Deed {
    fn name(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Verified => "verified",
        }
    }

    /// Leads on to `page`, which says that this was done.
    pub(super) fn went_well(self, page: &str, site: &Site) -> Response {
        let mut answer = redirect(&site.path(page));
        let cookie = cookie::set(cookie::DONE, self.name(), Some(LIFE));
        answer.headers_mut().extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
        answer
    }

    /// Whether the browser with these headers has just done this.
    pub(super) fn is_of(self, headers: &HeaderMap) -> bool {
        cookie::read(headers, cookie::DONE) == Some(self.name())
    }
}
