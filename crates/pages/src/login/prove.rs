//! `/account/prove`: proving again who one is, where a deed asks for a login or proof of the last minutes.

use axum::response::{IntoResponse, Response};
use keyward_api::error::ApiError;
use keyward_api::extract::read;
use keyward_auth::Password;
use keyward_domain::factors::standing::Standing;
use keyward_domain::sessions::prove_again::Again;
use keyward_guard::StepUp;
use keyward_web::{Input, Query};

use super::onward::Onward;
use super::{answer, passkey};
use crate::browser_session::BrowserSession;
use crate::next::{Next, redirect};
use crate::page::Page;
use crate::page_form::PageForm;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// How old a proof may be for what matters, in seconds.
const RECENT: u32 = 300;

/// The password, for an account without a second factor.
#[derive(Input)]
struct PasswordForm {
    #[input(read = read::password())]
    password: Password,
}

/// The form for what the account has.
///
/// # Errors
/// What the database answered.
pub async fn show(
    visit: Visit,
    session: BrowserSession,
    Query(onward): Query<Onward>,
) -> Result<Response, Refusal> {
    let next = onward.open(&visit);
    let standing = visit.site.app.factors.own(&session.actor).await?;
    Ok(page(&visit, &standing, &next).into_response())
}

fn page(visit: &Visit, standing: &Standing, next: &Next) -> Page {
    let owed = standing.is_owed();
    let has_passkeys = !standing.passkeys.is_empty();
    Page::new(visit, "mfa.html", "Is it you?")
        .leading_to(next)
        .with("action", "/account/prove")
        .with("again", true)
        .with("password", !owed)
        .with("otp", standing.totp.is_some())
        .with("recovery_code", owed && standing.recovery_codes > 0)
        .with("passkey", has_passkeys.then(|| passkey::request(&visit.site)).flatten())
}

/// Takes the proof, gives the cookie another secret, and goes on.
///
/// # Errors
/// Only what cannot be shown beside the form.
pub async fn submit(visit: Visit, session: BrowserSession, form: PageForm) -> Result<Response, Refusal> {
    let next = form.next().clone();
    let standing = visit.site.app.factors.own(&session.actor).await?;
    if let Err(error) = prove(&visit, &session, &standing, &form).await {
        return Ok(page(&visit, &standing, &next)
            .refused_at(&error, &[answer::field(&form)])
            .into_response());
    }
    let renewed = visit.site.browser_sessions.renew(session.id, &session.secret).await?;
    let answer = next.follow(&visit.site);
    Ok(match renewed {
        Some(secret) => visit.keep(&secret, answer),
        None => answer,
    })
}

async fn prove(
    visit: &Visit,
    session: &BrowserSession,
    standing: &Standing,
    form: &PageForm,
) -> Result<(), ApiError> {
    let what = if standing.is_owed() {
        Again::Factor(answer::read(form)?)
    } else {
        Again::Password(form.read::<PasswordForm>(&())?.password)
    };
    visit.site.app.prove_again.prove(&session.actor, what, &visit.origin).await?;
    Ok(())
}

/// What stands in for a page that asks for the password: [`detour`], where the account has none, or has a second factor.
///
/// # Errors
/// What the database answered.
pub(crate) async fn detour_beside_password(
    visit: &Visit,
    session: &BrowserSession,
    page: &str,
) -> Result<Option<Response>, Refusal> {
    let app = &visit.site.app;
    let enough =
        app.passwords.is_set(&session.actor).await? && !app.factors.own(&session.actor).await?.is_owed();
    if enough { Ok(None) } else { detour(visit, session, page).await }
}

/// What stands in for a page that asks for a fresh proof, where there is none: a redirect here, which comes back to `page`.
///
/// # Errors
/// What the database answered.
pub(crate) async fn detour(
    visit: &Visit,
    session: &BrowserSession,
    page: &str,
) -> Result<Option<Response>, Refusal> {
    let standing = visit.site.app.factors.own(&session.actor).await?;
    let since = standing.since();
    let at = session.actor.proof.at;
    let asked = StepUp { max_age: Some(RECENT), strong: standing.is_owed() };
    // A factor that was enrolled since has to be shown itself.
    let current =
        since.is_none_or(|since| at.is_some_and(|at| at.unix_timestamp() >= since.unix_timestamp()));
    if current && asked.suffices(&session.actor, visit.site.now().unix_timestamp()) {
        return Ok(None);
    }
    let next = Next::to(page).unwrap_or_else(Next::account);
    Ok(Some(redirect(&next.proof(&visit.site))))
}
