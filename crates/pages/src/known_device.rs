//! The cookie by which an account knows a browser that was logged in before: while guesses of others make the account wait, its owner
//! goes on logging in here. It names the session of the last login here, sealed, and opens nothing. It counts until a day
//! after that session has ended, when the cleaning removes its row.

use axum::http::{HeaderMap, HeaderValue};
use keyward_domain::sessions::known_device::KnownDevice;
use keyward_domain::values::ids::SessionId;

use crate::cookie;
use crate::site::Site;

const COOKIE: &str = "__Host-keyward-device";
const PREFIX: &str = "kwd_";
const LABEL: &str = "keyward known device v1";
/// Browsers keep no cookie for longer (RFC 6265bis, section 5.5).
const SECONDS: i64 = 400 * 24 * 60 * 60;

/// The cookie after a login that opened this session.
pub(crate) fn keep(session: SessionId, site: &Site) -> Option<HeaderValue> {
    let sealed = site.master().seal_text(PREFIX, LABEL, session.to_string().as_bytes(), site.random());
    cookie::set(COOKIE, &sealed, Some(SECONDS))
}

/// What the cookie says; `None` for a browser that was never logged in, and for anything that this server did not seal.
pub(crate) fn read(headers: &HeaderMap, site: &Site) -> Option<KnownDevice> {
    let plain = site.master().open_text(PREFIX, LABEL, cookie::read(headers, COOKIE)?)?;
    let id = std::str::from_utf8(&plain).ok()?.parse().ok()?;
    Some(KnownDevice::Session(SessionId(id)))
}
