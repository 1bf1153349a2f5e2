//! What a form leads to and what is shown once, on the page after it: new recovery codes, a new API key, a secret for an authenticator app.
//! It travels in a cookie of minutes, sealed and bound to the session, so that a form answers 303 and no row is kept.

use axum::http::{HeaderMap, HeaderValue};
use keyward_auth::Zeroizing;
use keyward_domain::values::ids::SessionId;
use time::{Duration, OffsetDateTime};

use crate::cookie;
use crate::site::Site;

const COOKIE: &str = "__Host-keyward-once";
const PREFIX: &str = "kwo_";
const LABEL: &str = "keyward shown once v1";

/// What is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Recovery codes, separated by spaces.
    RecoveryCodes,
    /// An API key.
    ApiKey,
    /// The `otpauth:` URI of an authenticator app that is being enrolled.
    Enrolment,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::RecoveryCodes => "recovery-codes",
            Self::ApiKey => "api-key",
            Self::Enrolment => "enrolment",
        }
    }

    /// How long it can be shown again, by loading the page anew.
    fn life(self) -> Duration {
        match self {
            Self::RecoveryCodes | Self::ApiKey => Duration::minutes(2),
            Self::Enrolment => Duration::minutes(30),
        }
    }
}

/// The cookie with a text that the next page of this session shows.
pub(crate) fn give(kind: Kind, text: &str, session: SessionId, site: &Site) -> Option<HeaderValue> {
    let until = (site.now() + kind.life()).unix_timestamp();
    let plain = Zeroizing::new(format!("{until}\n{}\n{session}\n{text}", kind.name()));
    let sealed = site.master().seal_text(PREFIX, LABEL, plain.as_bytes(), site.random());
    cookie::set(COOKIE, &sealed, Some(kind.life().whole_seconds()))
}

/// The text of that kind that this session is to be shown.
pub(crate) fn take(
    kind: Kind,
    headers: &HeaderMap,
    session: SessionId,
    site: &Site,
) -> Option<Zeroizing<String>> {
    let plain = site.master().open_text(PREFIX, LABEL, cookie::read(headers, COOKIE)?)?;
    read(kind, &plain, session, site.now())
}

fn read(kind: Kind, plain: &[u8], session: SessionId, now: OffsetDateTime) -> Option<Zeroizing<String>> {
    let mut parts = std::str::from_utf8(plain).ok()?.splitn(4, '\n');
    let (until, name, of, text) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let good = now.unix_timestamp() < until.parse().ok()? && name == kind.name() && of == session.to_string();
    good.then(|| Zeroizing::new(text.to_owned()))
}

/// The field that removes the cookie.
pub(crate) fn forget() -> Option<HeaderValue> {
    cookie::remove(COOKIE)
}
