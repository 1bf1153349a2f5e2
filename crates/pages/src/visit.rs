//! A visit: one request for a page, with what its cookies say.

use std::convert::Infallible;
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts as RequestParts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use keyward_api::extract::Sender;
use keyward_auth::random_secret;
use keyward_domain::model::store_error::StoreError;
use keyward_domain::sessions::browser_sessions::CookieSecret;
use keyward_domain::values::ids::SessionId;
use keyward_domain::values::origin::Origin;

use crate::browser_session::BrowserSession;
use crate::cookie;
use crate::form_token::Binding;
use crate::known_device;
use crate::next::Next;
use crate::site::Site;

/// One request for a page. Every handler of a page takes it, logged in or not; the session is looked up once.
#[derive(Clone)]
pub struct Visit(Arc<Parts>);

/// What a [`Visit`] is made of.
pub struct Parts {
    /// The service and its pages.
    pub site: Site,
    /// Where the request comes from.
    pub origin: Origin,
    /// Whether browsers keep our cookies here. They do not on plain http beyond the own machine.
    pub keeps_cookies: bool,
    pub(crate) session: Result<Option<BrowserSession>, Arc<StoreError>>,
    /// What forms are bound to: the session, or without one the browser.
    pub(crate) binding: Binding,
    /// What the forms of mails are bound to: the browser, whether or not it is logged in.
    pub(crate) browser: Binding,
    /// Whether the request brought the cookie that names the browser.
    pub(crate) is_known: bool,
}

impl Deref for Visit {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl FromRequestParts<Site> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut RequestParts, site: &Site) -> Result<Self, Infallible> {
        if let Some(visit) = parts.extensions.get::<Self>() {
            return Ok(visit.clone());
        }
        let session = BrowserSession::find(&parts.headers, site).await.map_err(Arc::new);
        let visit = Self::of(parts, site, session).await;
        parts.extensions.insert(visit.clone());
        Ok(visit)
    }
}

impl Visit {
    async fn of(
        parts: &mut RequestParts,
        site: &Site,
        session: Result<Option<BrowserSession>, Arc<StoreError>>,
    ) -> Self {
        let Ok(Sender(origin)) = Sender::from_request_parts(parts, site).await;
        let nonce = cookie::read(&parts.headers, cookie::FORM).and_then(CookieSecret::parse);
        let is_known = nonce.is_some();
        let nonce = nonce.map_or_else(|| random_secret(site.random()), |CookieSecret(nonce)| nonce);
        let browser = Binding::Nonce(nonce.to_string());
        let binding = match &session {
            Ok(Some(session)) => Binding::Session(session.id),
            _ => browser.clone(),
        };
        let authority = parts.uri.authority().map(axum::http::uri::Authority::as_str);
        let keeps_cookies = keeps_cookies(&parts.headers, authority, &site.app.issuer.0);
        Self(Arc::new(Parts {
            site: site.clone(),
            origin,
            keeps_cookies,
            session,
            binding,
            browser,
            is_known,
        }))
    }

    /// The session of this browser, if there is one. Where it could not be looked up, there is none.
    pub fn session(&self) -> Option<&BrowserSession> {
        self.session.as_ref().ok().and_then(Option::as_ref)
    }

    /// The token for the forms of this visit.
    pub(crate) fn form_token(&self) -> String {
        self.binding.token(self.site.master())
    }

    /// The same for a form that comes back as a [`MailForm`](crate::page_form::MailForm).
    pub(crate) fn mail_form_token(&self) -> String {
        self.browser.token(self.site.master())
    }

    /// The cookie that the forms of this visit need, where the browser does not have it yet.
    pub(crate) fn form_cookie(&self) -> Option<HeaderValue> {
        match &self.binding {
            Binding::Nonce(_) => self.browser_cookie(),
            Binding::Session(_) => None,
        }
    }

    /// The cookie that names the browser, where it does not have it yet.
    pub(crate) fn browser_cookie(&self) -> Option<HeaderValue> {
        match &self.browser {
            Binding::Nonce(nonce) if !self.is_known => cookie::set(cookie::FORM, nonce, None),
            _ => None,
        }
    }

    /// Whether a form brought the token of this visit's session, or without one of this browser.
    pub(crate) fn gave(&self, token: &str) -> bool {
        self.binding.is_of(token, self.site.master())
    }

    /// Whether the form of a mail's page brought the token of this browser.
    pub(crate) fn gave_in_mail(&self, token: &str) -> bool {
        self.browser.is_of(token, self.site.master())
    }

    /// Gives this browser the session that a login opened, in place of any other that it had, and goes on to `next`.
    ///
    /// # Errors
    /// What the database answered. The session that was opened stays until it expires, and no one has its secret.
    pub async fn log_in(&self, session: SessionId, next: &Next) -> Result<Response, StoreError> {
        let secret = self.site.browser_sessions.begin(session).await?;
        if let Some(before) = self.session() {
            // It has ended anyway for this browser, which forgets its secret now.
            let ended = self.site.app.log_out.here(&before.actor, &self.origin).await;
            if let Err(error) = ended {
                tracing::warn!(%error, "a session that was replaced could not be ended");
            }
        }
        let mut answer = self.keep(&secret, next.follow(&self.site));
        let device = known_device::keep(session, &self.site);
        answer.headers_mut().extend(device.map(|cookie| (header::SET_COOKIE, cookie)));
        Ok(answer)
    }

    /// The same answer, by which the browser keeps the secret of its session.
    pub(crate) fn keep(&self, CookieSecret(secret): &CookieSecret, mut answer: Response) -> Response {
        let seconds = self.site.app.opening.lifetimes().absolute.whole_seconds();
        if let Some(cookie) = cookie::set(cookie::SESSION, secret, Some(seconds)) {
            answer.headers_mut().append(header::SET_COOKIE, cookie);
        }
        answer
    }

    /// The same answer, by which the browser forgets its session.
    pub(crate) fn forget(mut answer: Response) -> Response {
        if let Some(cookie) = cookie::remove(cookie::SESSION) {
            answer.headers_mut().append(header::SET_COOKIE, cookie);
        }
        answer
    }
}

/// Whether browsers keep our cookies here: over TLS, and on the own machine. `Sec-Fetch-Site` stands in no request that a browser sends
/// over plain http to another machine (W3C Fetch Metadata, section 2.3).
fn keeps_cookies(headers: &HeaderMap, authority: Option<&str>, issuer: &str) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let local = authority.or(host).is_some_and(is_local);
    local || headers.contains_key("sec-fetch-site") || issuer.starts_with("https://")
}

fn is_local(authority: &str) -> bool {
    let host = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => authority.split(':').next().unwrap_or_default(),
    };
    let name = host.to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_and_addresses_of_the_own_machine_are_local() {
        for host in
            ["localhost", "localhost:8000", "LOCALHOST", "a.localhost:1", "127.0.0.1:8000", "[::1]:8000"]
        {
            assert!(is_local(host), "{host}");
        }
        for host in ["localhost.evil.example", "192.168.0.7:8000", "[2001:db8::1]", "evillocalhost", ""] {
            assert!(!is_local(host), "{host}");
        }
    }
}
