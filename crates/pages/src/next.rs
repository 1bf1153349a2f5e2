//! Where a login goes on to. The target is checked when it is made and sealed into the link to the login page, so that the pages of a
//! login carry it along and none of them redirects to what someone else wrote.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use keyward_auth::Zeroizing;
use time::{Duration, OffsetDateTime};

use crate::site::Site;

/// The parameter of the login pages, and the field of their forms, that holds a sealed [`Next`].
pub const FIELD: &str = "next";

const PREFIX: &str = "kwn_";
const LABEL: &str = "keyward continuation v1";
/// How long a login may take.
const LIFE: Duration = Duration::hours(24);
/// The longest path with its query, in bytes.
const LONGEST: usize = 6_000;
/// The longest hint, in bytes: an e-mail address.
const LONGEST_HINT: usize = 320;

/// A page of this service that a login goes on to, the origin that a redirect from there may lead to, and a name to fill in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    path: String,
    origin: Option<String>,
    hint: Option<String>,
}

impl Next {
    /// The page of one's own account: where a login goes on to if nothing else is said.
    pub fn account() -> Self {
        Self { path: "/account".to_owned(), origin: None, hint: None }
    }

    /// A path of this service with its query, such as `/oauth/authorize?client_id=..`, without the path that a proxy strips. `None` for
    /// anything that a browser could read as another host, and for more than 6,000 bytes.
    pub fn to(path: &str) -> Option<Self> {
        let plain = path.len() <= LONGEST
            && path.bytes().all(|byte| byte.is_ascii_graphic() && !br#""<>\^`{|}#"#.contains(&byte));
        let (route, _) = path.split_once('?').unwrap_or((path, ""));
        let local = route.starts_with('/')
            && (route == "/" || route.split('/').skip(1).all(|step| !["", ".", ".."].contains(&step)));
        (plain && local).then(|| Self { path: path.to_owned(), origin: None, hint: None })
    }

    /// The same, where a redirect from that page may lead to a client at `origin` (`https://app.example`). Chromium follows a form to
    /// another origin only if the page of the form names it in its policy (`form-action`), so every page of the login does. `None` for
    /// what is no origin of http or https: answer those with a page that has a link.
    pub fn leaving_for(self, origin: &str) -> Option<Self> {
        let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"))?;
        let plain = rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte));
        (plain && !rest.is_empty() && rest.len() <= 260)
            .then(|| Self { origin: Some(origin.to_owned()), ..self })
    }

    /// The same, where the pages of the login fill in this name, as an application gave it. It is never looked up. Longer ones than
    /// 320 bytes, and those with control characters, are left out.
    #[must_use]
    pub fn hinting(self, name: Option<&str>) -> Self {
        let plain = |name: &&str| {
            !name.is_empty() && name.len() <= LONGEST_HINT && !name.chars().any(char::is_control)
        };
        Self { hint: name.filter(plain).map(str::to_owned), ..self }
    }

    /// The name that the pages of the login fill in.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The same, where it could be an e-mail address.
    pub fn hinted_email(&self) -> Option<&str> {
        self.hint().filter(|hint| hint.contains('@'))
    }

    /// The same, where it could be a user name.
    pub fn hinted_username(&self) -> Option<&str> {
        self.hint().filter(|hint| !hint.contains('@'))
    }

    /// The path, as it was given.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The origin that the policy of a page has to admit.
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// Seals it, for [`FIELD`] of a link or form. It is good for a day.
    pub fn seal(&self, site: &Site) -> Zeroizing<String> {
        let until = (site.now() + LIFE).unix_timestamp();
        let (origin, hint) = (self.origin.as_deref(), self.hint.as_deref());
        let (origin, hint) = (origin.unwrap_or_default(), hint.unwrap_or_default());
        let plain = format!("{until}\n{}\n{origin}\n{hint}", self.path);
        site.master().seal_text(PREFIX, LABEL, plain.as_bytes(), site.random())
    }

    /// What was sealed; `None` for anything else, and after a day.
    pub fn open(sealed: &str, site: &Site) -> Option<Self> {
        let plain = site.master().open_text(PREFIX, LABEL, sealed)?;
        Self::parse(&plain, site.now())
    }

    /// Reads what [`seal`](Self::seal) sealed, once it is opened; `None` for anything else, and after a day.
    pub fn parse(plain: &[u8], now: OffsetDateTime) -> Option<Self> {
        let mut parts = std::str::from_utf8(plain).ok()?.split('\n');
        let (until, path, origin) = (parts.next()?, parts.next()?, parts.next()?);
        if now.unix_timestamp() >= until.parse().ok()? {
            return None;
        }
        // Missing in what an earlier version sealed.
        let next = Self::to(path)?.hinting(parts.next());
        if origin.is_empty() { Some(next) } else { next.leaving_for(origin) }
    }

    /// The login page that goes on to here, as a link of ours: `/account/login?next=..`.
    pub fn login(&self, site: &Site) -> String {
        self.through("/account/login", site)
    }

    /// The page that asks to prove again who one is, and goes on to here.
    pub fn proof(&self, site: &Site) -> String {
        self.through("/account/prove", site)
    }

    /// A page that carries this along, as browsers see it.
    pub(crate) fn through(&self, page: &str, site: &Site) -> String {
        if *self == Self::account() {
            return site.path(page);
        }
        format!("{}?{FIELD}={}", site.path(page), &*self.seal(site))
    }

    /// Goes there: 303.
    pub fn follow(&self, site: &Site) -> Response {
        redirect(&site.path(&self.path))
    }
}

/// 303 to a location of ours, which has been checked.
pub(crate) fn redirect(location: &str) -> Response {
    match HeaderValue::try_from(location) {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_path_of_this_service() {
        for path in
            ["/", "/account", "/account/keys", "/oauth/authorize?redirect_uri=https%3A//a/b//c&x=/../y"]
        {
            assert_eq!(Next::to(path).map(|next| next.path), Some(path.to_owned()));
        }
        for path in [
            "",
            "account",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/a//b",
            "/../a",
            "/a/./b",
            "https://evil.example",
            "/a\r\nSet-Cookie: x=1",
            "/a b",
            "/a#b",
            "/\u{e4}",
            &format!("/{}", "a".repeat(LONGEST)),
        ] {
            assert_eq!(Next::to(path), None, "{path:?}");
        }
    }

    #[test]
    fn an_origin_has_no_path_and_nothing_that_ends_a_policy() {
        let leaving = |origin| Next::account().leaving_for(origin);
        for origin in ["https://app.example", "http://127.0.0.1:49152", "http://[::1]:8080"] {
            assert_eq!(leaving(origin).unwrap().origin(), Some(origin));
        }
        for origin in
            ["", "https://", "app.example", "https://a/b", "https://a; script-src *", "https://*.a", "x://a"]
        {
            assert_eq!(leaving(origin), None, "{origin:?}");
        }
    }

    #[test]
    fn a_continuation_is_good_for_a_day() {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let plain = |until: i64, rest: &str| format!("{until}\n{rest}");
        let until = now.unix_timestamp() + 1;
        let read = |text: String| Next::parse(text.as_bytes(), now);
        assert_eq!(read(plain(until, "/a?b=c\n")), Next::to("/a?b=c"));
        assert_eq!(read(plain(until - 1, "/a\n")), None);
        assert_eq!(read(plain(until, "//evil.example\n")), None);
        assert_eq!(read(plain(until, "/a\nhttps://a;b")), None);
    }

    #[test]
    fn a_hint_is_carried_along_within_bounds() {
        let hinted = |name: &str| Next::account().hinting(Some(name));
        for name in ["ana@example.com", "ana", "\"><script>", "\u{e4}", &"a".repeat(LONGEST_HINT)] {
            assert_eq!(hinted(name).hint(), Some(name));
        }
        for name in ["", "a\nb", "a\u{7}", "a\u{85}", &"a".repeat(LONGEST_HINT + 1)] {
            assert_eq!(hinted(name).hint(), None, "{name:?}");
        }
        let (email, username) = (hinted("ana@example.com"), hinted("ana"));
        assert_eq!((email.hinted_email(), email.hinted_username()), (Some("ana@example.com"), None));
        assert_eq!((username.hinted_email(), username.hinted_username()), (None, Some("ana")));
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let plain = format!("{}\n/account\n\nana", now.unix_timestamp() + 1);
        assert_eq!(Next::parse(plain.as_bytes(), now), Some(username));
    }
}
