//! `/account/device`: the code of a device without a browser, and what it may do (RFC 8628, section 3.3).
//!
//! A link fills the code in, and does nothing else: the person compares it with what the device shows, and presses a button.

use axum::response::{IntoResponse, Response};
use keyward_api::error::ApiError;
use keyward_domain::oauth::authorize::outcome::Decision;
use keyward_domain::oauth::device::decide::{Decided, DeviceAsked};
use keyward_domain::oauth::device::error::DeviceError;
use keyward_web::{Input, Query};

use super::scopes;
use crate::entry::Owner;
use crate::page::Page;
use crate::page_form::PageForm;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// The most of a code that is shown again.
const LONGEST: usize = 20;

/// The parameters of the page.
#[derive(Input)]
pub(crate) struct Link {
    /// The code, as the device's link has it.
    pub user_code: Option<String>,
}

/// The form for the code.
pub(crate) async fn show(visit: Visit, Owner(_): Owner, Query(link): Query<Link>) -> Response {
    form(&visit, link.user_code.as_deref().unwrap_or_default()).into_response()
}

fn form(visit: &Visit, code: &str) -> Page {
    let code: String = code.chars().take(LONGEST).collect();
    Page::new(visit, "device.html", "Connect a device").with("user_code", code)
}

/// What the device that shows this code asks for.
///
/// # Errors
/// Only what cannot be shown beside the form.
pub(crate) async fn look(visit: Visit, Owner(session): Owner, form: PageForm) -> Result<Response, Refusal> {
    let code = form.text("user_code");
    match visit.site.app.decide_device.look(code, session.id, &visit.origin).await {
        Ok(asked) => Ok(question(&visit, &asked).into_response()),
        Err(error) => refused(&visit, code, error),
    }
}

/// The same form with what is wrong with the code.
fn refused(visit: &Visit, code: &str, error: DeviceError) -> Result<Response, Refusal> {
    match error {
        DeviceError::UnknownUserCode | DeviceError::Throttled(_) | DeviceError::Scope => {
            let page = form(visit, code).refused_at(&ApiError::from(error), &["user_code"]);
            Ok(page.into_response())
        }
        other => Err(other.into()),
    }
}

fn question(visit: &Visit, asked: &DeviceAsked) -> Page {
    Page::new(visit, "device_consent.html", &format!("Connect {}?", asked.name))
        .with("question", asked.question.as_str())
        .with("user_code", asked.user_code.to_string())
        .with("client", asked.name.as_str())
        .with("address", asked.device.ip.map(|ip| ip.to_string()))
        .with("agent", asked.device.user_agent.as_deref())
        .with("scopes", scopes::words(&asked.scope, visit.site.app.opening.grants()))
        .with("resource", asked.resource.as_ref().map(ToString::to_string))
}

/// What the person decided.
///
/// # Errors
/// Only what cannot be shown beside the form.
pub(crate) async fn decide(visit: Visit, Owner(session): Owner, form: PageForm) -> Result<Response, Refusal> {
    let (question, allow) = (form.text("question"), form.text("decision") == "allow");
    let decision = if allow { Decision::Allow } else { Decision::Deny };
    let devices = &visit.site.app.decide_device;
    match devices.decide(question, session.id, decision, &visit.origin).await {
        Ok(decided) => {
            let (title, words) = match (allow, decided) {
                (true, Decided::Now) => {
                    ("The device is connected", "Go back to it: it goes on by itself in a moment.")
                }
                (true, Decided::Before) => ("The device is connected already", "Go back to it."),
                (false, _) => {
                    ("The device is not connected", "It gets nothing. You can close this page now.")
                }
            };
            let page = Page::new(&visit, "notice.html", title).with("words", words);
            let link = visit.site.path("/account/apps");
            Ok(page.with("link", link).with("link_words", "Your applications").into_response())
        }
        Err(error) => refused(&visit, "", error),
    }
}
