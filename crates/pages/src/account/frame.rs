//! What the pages of one's account share: the way from one to the other, what was just done, and how times are written.

use axum::http::header;
use axum::response::Response;
use keyward_domain::values::origin::Device;
use keyward_web::Input;
use serde::Serialize;
use time::OffsetDateTime;

use crate::browser_session::BrowserSession;
use crate::next::redirect;
use crate::once::{self, Kind};
use crate::page::Page;
use crate::visit::Visit;

/// What was just done, by a name that only we understand.
#[derive(Input)]
pub struct Done {
    /// One of [`WORDS`].
    pub done: Option<String>,
}

/// The sentences after a form.
const WORDS: [(&str, &str); 14] = [
    ("name", "Your name was saved."),
    (
        "email",
        "A code and a link are on their way to the new address. It counts once you have opened the link.",
    ),
    ("verification", "A code and a link are on their way to your e-mail address."),
    ("password", "Your password was changed. All your other devices are logged out."),
    ("app-removed", "The authenticator app was removed. All your other devices are logged out."),
    ("passkey", "The passkey was added."),
    ("passkey-renamed", "The passkey was renamed."),
    ("passkey-removed", "The passkey was removed. All your other devices are logged out."),
    ("session", "The device was logged out."),
    ("others", "All your other devices are logged out."),
    ("application-removed", "The application was removed. It is logged out."),
    ("key-removed", "The API key was removed. It is refused from now on."),
    ("app", "The authenticator app was added."),
    ("factor", "Your account needs a second factor. Set one up here; then you can use the other pages."),
];

/// A page of one's account; `here` is the name of its place among them.
pub(super) fn page(visit: &Visit, template: &'static str, title: &str, here: &str, done: &Done) -> Page {
    let words = WORDS.iter().find(|(name, _)| done.done.as_deref() == Some(*name)).map(|(_, words)| words);
    Page::new(visit, template, title).with("here", here).with("done", words)
}

/// Back to a page, which says what was done.
pub(super) fn back(visit: &Visit, page: &str, done: &str) -> Response {
    redirect(&visit.site.path(&format!("{page}?done={done}")))
}

/// On to a page that shows something once.
pub(super) fn show_once(
    visit: &Visit,
    session: &BrowserSession,
    page: &str,
    kind: Kind,
    text: &str,
) -> Response {
    let mut answer = redirect(&visit.site.path(page));
    let cookie = once::give(kind, text, session.id, &visit.site);
    answer.headers_mut().extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    answer
}

/// A time as a page shows it, and as programs read it.
#[derive(Serialize)]
pub(super) struct Shown {
    words: String,
    exact: String,
}

impl Shown {
    pub(super) fn of(at: OffsetDateTime) -> Self {
        let words =
            format!("{} {} {}, {:02}:{:02} UTC", at.day(), at.month(), at.year(), at.hour(), at.minute());
        Self { words, exact: keyward_api::routes::rfc3339::rfc3339(at) }
    }
}

/// A device in a few words, such as "Firefox on Linux". Browsers name others besides themselves, so the first one known counts.
pub(super) fn device(device: &Device) -> String {
    let agent = device.user_agent.as_deref().unwrap_or_default();
    let known = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    let browser = known(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = known(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) if agent.is_empty() => "Unknown device".to_owned(),
        (None, None) => agent.chars().take(60).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_named_by_its_browser_and_system() {
        let named = |agent: &str| device(&Device { user_agent: Some(agent.to_owned()), ip: None });
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
        assert_eq!(named(chrome), "Chrome on Linux");
        assert_eq!(
            named("Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"),
            "Firefox on Windows"
        );
        assert_eq!(
            (named("curl/8.5.0"), named("my-app/1"), named("")),
            ("curl".to_owned(), "my-app/1".to_owned(), "Unknown device".to_owned())
        );
    }
}
