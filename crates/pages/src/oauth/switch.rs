//! The page on which a person who is logged in chooses to go on with another account.

use axum::response::{IntoResponse, Response};
use keyward_domain::model::users::User;
use keyward_domain::oauth::authorize::outcome::SwitchNeeded;

use super::query::resumption;
use crate::browser_session::BrowserSession;
use crate::next::{Next, redirect};
use crate::page::Page;
use crate::page_form::PageForm;
use crate::refusal::Refusal;
use crate::site::Site;
use crate::visit::Visit;

/// What the button says that leads to the sign-up.
const SIGN_UP: &str = "sign-up";

/// The page, whose form goes on to `next`.
pub(super) async fn page(
    site: &Site,
    visit: &Visit,
    needed: &SwitchNeeded,
    next: &Next,
) -> Result<Response, Refusal> {
    let who = match visit.session() {
        Some(session) => Some(name(&site.app.users.find_own(&session.actor).await?)),
        None => None,
    };
    let stay = needed.stay.as_ref().map(|sealed| site.path(&resumption(sealed)));
    let page = Page::new(visit, "switch.html", "Which account?")
        .leading_to(next)
        .with("who", who)
        .with("stay", stay)
        .with("sign_up", needed.login.sign_up.then_some(SIGN_UP));
    Ok(page.into_response())
}

fn name(user: &User) -> String {
    let names = &user.names;
    let email = names.email().map(ToString::to_string);
    email.or_else(|| names.username().map(ToString::to_string)).unwrap_or_default()
}

/// Ends the session of this browser, and goes on to the login.
pub(crate) async fn submit(
    visit: Visit,
    session: Option<BrowserSession>,
    form: PageForm,
) -> Result<Response, Refusal> {
    let site = &visit.site;
    if let Some(session) = session {
        site.app.log_out.here(&session.actor, &visit.origin).await?;
    }
    let onward = match form.text("to") {
        SIGN_UP => form.next().through("/account/signup", site),
        _ => form.next().login(site),
    };
    Ok(Visit::forget(redirect(&onward)))
}
