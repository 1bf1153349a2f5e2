//! A page: the layout, what stands in it, and the headers that keep other sites out of it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use keyward_api::error::ApiError;
use keyward_domain::values::codes::{EMAIL_TAKEN, USERNAME_TAKEN, WRONG_PASSWORD};
use keyward_guard::ErrorCode;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value};
use serde::Serialize;

use crate::next::Next;
use crate::site::Site;
use crate::visit::Visit;

/// The templates. Their names end in `.html`, so that values are escaped.
const TEMPLATES: [(&str, &str); 34] = [
    ("layout.html", include_str!("templates/layout.html")),
    ("fields.html", include_str!("templates/fields.html")),
    ("account.html", include_str!("templates/account.html")),
    ("another_reset.html", include_str!("templates/another_reset.html")),
    ("another_reset_form.html", include_str!("templates/another_reset_form.html")),
    ("another_verification.html", include_str!("templates/another_verification.html")),
    ("another_verification_form.html", include_str!("templates/another_verification_form.html")),
    ("app.html", include_str!("templates/app.html")),
    ("codes.html", include_str!("templates/codes.html")),
    ("delete.html", include_str!("templates/delete.html")),
    ("devices.html", include_str!("templates/devices.html")),
    ("error.html", include_str!("templates/error.html")),
    ("forgot.html", include_str!("templates/forgot.html")),
    ("key_new.html", include_str!("templates/key_new.html")),
    ("keys.html", include_str!("templates/keys.html")),
    ("login.html", include_str!("templates/login.html")),
    ("logout.html", include_str!("templates/logout.html")),
    ("mfa.html", include_str!("templates/mfa.html")),
    ("notice.html", include_str!("templates/notice.html")),
    ("passkey.html", include_str!("templates/passkey.html")),
    ("passkey_new.html", include_str!("templates/passkey_new.html")),
    ("plain_http.html", include_str!("templates/plain_http.html")),
    ("reset_password.html", include_str!("templates/reset_password.html")),
    ("security.html", include_str!("templates/security.html")),
    ("apps.html", include_str!("templates/apps.html")),
    ("consent.html", include_str!("templates/consent.html")),
    ("device.html", include_str!("templates/device.html")),
    ("device_consent.html", include_str!("templates/device_consent.html")),
    ("end_session.html", include_str!("templates/end_session.html")),
    ("logged_out.html", include_str!("templates/logged_out.html")),
    ("onward.html", include_str!("templates/onward.html")),
    ("switch.html", include_str!("templates/switch.html")),
    ("signup.html", include_str!("templates/signup.html")),
    ("verify_email.html", include_str!("templates/verify_email.html")),
];

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    // What a page was not given is not there, and so are its parts.
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    for (name, source) in TEMPLATES {
        if let Err(error) = environment.add_template(name, source) {
            tracing::error!(%error, name, "a template of pages is faulty");
        }
    }
    environment
});

/// Which fields an error is about that is not called one of a field.
const FIELDS: [(ErrorCode, &[&str]); 3] = [
    (EMAIL_TAKEN, &["email"]),
    (USERNAME_TAKEN, &["username"]),
    (WRONG_PASSWORD, &["password", "current_password"]),
];

/// Our own style sheet, script and pictures are loaded, and no others; a form goes to this service, and from there to the client that is
/// named at the end of `form-action`.
const POLICY: [&str; 2] = [
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'",
    "; base-uri 'none'; frame-ancestors 'none'",
];

/// Whom browsers name this page to: its own site. With `no-referrer` they would not say from which origin a form comes.
const OWN_SITE: HeaderValue = HeaderValue::from_static("same-origin");
/// The same for a page whose address holds a secret: browsers name its origin alone.
const ORIGIN_ALONE: HeaderValue = HeaderValue::from_static("strict-origin");

/// A page to be answered.
#[must_use]
pub struct Page {
    site: Site,
    template: &'static str,
    status: StatusCode,
    origin: Option<String>,
    values: BTreeMap<&'static str, Value>,
    cookie: Option<HeaderValue>,
    referrer: HeaderValue,
}

impl Page {
    /// The page that `template` makes, without forms.
    pub(crate) fn plain(site: &Site, template: &'static str, title: &str) -> Self {
        let mut values = BTreeMap::new();
        let public = &site.app.public;
        values.insert("title", title.into());
        values.insert("base", public.base().into());
        values.insert("app", Value::from(&*public.name));
        values.insert("logo", public.logo.is_some().into());
        let (site, status, referrer) = (site.clone(), StatusCode::OK, ORIGIN_ALONE);
        Self { site, template, status, origin: None, values, cookie: None, referrer }
    }

    /// The page that `template` makes, with forms.
    pub fn new(visit: &Visit, template: &'static str, title: &str) -> Self {
        let page = Self {
            cookie: visit.form_cookie(),
            referrer: OWN_SITE,
            ..Self::plain(&visit.site, template, title)
        };
        page.with("form_token", visit.form_token()).with("logged_in", visit.session().is_some())
    }

    /// The page that `template` makes, at the address of a link in a mail. It holds a secret, which other addresses are not to learn. Its
    /// forms come back as [`MailForm`](crate::page_form::MailForm).
    pub fn of_mail(visit: &Visit, template: &'static str, title: &str) -> Self {
        let page = Self {
            cookie: visit.browser_cookie(),
            referrer: ORIGIN_ALONE,
            ..Self::new(visit, template, title)
        };
        page.with("form_token", visit.mail_form_token()).with("keeps_cookies", visit.keeps_cookies)
    }

    /// The same with a value for the template.
    pub fn with(mut self, name: &'static str, value: impl Serialize) -> Self {
        self.values.insert(name, Value::from(Serde(value)));
        self
    }

    /// The same with another status than 200.
    pub fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The same, whose form carries `next` along and may lead to its origin.
    pub fn leading_to(self, next: &Next) -> Self {
        let sealed = next.seal(&self.site).to_string();
        let origin = next.origin().map(str::to_owned);
        Self { origin, ..self }.with("next", sealed)
    }

    /// The same with what is wrong with its form: a summary, which has the focus, and the faults beside their fields.
    pub fn refused(self, error: &ApiError) -> Self {
        self.refused_at(error, &[])
    }

    /// The same, where an error of another kind than faulty fields is of these fields.
    pub fn refused_at(self, error: &ApiError, names: &[&'static str]) -> Self {
        let mut fields: BTreeMap<&str, String> = error.fields().into_iter().collect();
        let summary =
            if fields.is_empty() { error.advice() } else { "Please look at the marked fields.".to_owned() };
        if fields.is_empty() {
            let known = FIELDS.iter().find(|(code, _)| *code == error.code());
            let names = known.map_or(names, |(_, names)| *names);
            fields.extend(names.iter().map(|name| (*name, error.advice())));
        }
        self.status(error.status()).with("summary", summary).with("errors", fields)
    }

    fn policy(&self) -> Option<HeaderValue> {
        let [start, end] = POLICY;
        let origin = self.origin.as_ref().map(|origin| format!(" {origin}")).unwrap_or_default();
        HeaderValue::try_from(format!("{start}{origin}{end}")).ok()
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let policy = self.policy();
        let rendered =
            ENVIRONMENT.get_template(self.template).and_then(|page| page.render(self.values.clone()));
        let html = match rendered {
            Ok(html) => html,
            Err(error) => {
                tracing::error!(%error, template = self.template, "a page cannot be rendered");
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
        };
        let mut answer = (self.status, html).into_response();
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::REFERRER_POLICY, self.referrer);
        if let Some(policy) = policy {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        if let Some(cookie) = self.cookie {
            headers.append(header::SET_COOKIE, cookie);
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_sound_and_finds_those_it_is_made_of() {
        for (name, _) in TEMPLATES {
            let template = ENVIRONMENT.get_template(name).unwrap_or_else(|error| panic!("{name}: {error:#}"));
            template.render(()).unwrap_or_else(|error| panic!("{name}: {error:#}"));
        }
    }
}
