//! What an authorization request may still need of the person: small checks, asked in their order. The first one that finds something
//! decides; with `prompt=none` its error goes to the client instead.

use keyward_auth::ScopeSet;
use time::{Duration, OffsetDateTime};

use super::request::{AuthorizationRequest, Prompt};
use crate::model::clients::Client;
use crate::model::consents::Consent;
use crate::model::sessions::Session;
use crate::values::ids::UserId;
use crate::values::uris::{RedirectKind, RedirectUri};

/// What is known when the checks are asked.
pub(super) struct Facts<'a> {
    pub(super) request: &'a AuthorizationRequest,
    pub(super) client: &'a Client,
    pub(super) redirect_uri: &'a str,
    /// The browser session, where there is one.
    pub(super) session: Option<&'a Session>,
    /// The user that the `id_token_hint` names.
    pub(super) hinted: Option<UserId>,
    /// What the person allowed the client before.
    pub(super) consent: Option<&'a Consent>,
    /// What the client would get.
    pub(super) scope: &'a ScopeSet,
    /// Whether the person has chosen to go on with this account.
    pub(super) chosen: bool,
    /// Whether the person has just agreed.
    pub(super) agreed: bool,
    /// When the request arrived; `None` when that is now.
    pub(super) begun_at: Option<OffsetDateTime>,
    pub(super) now: OffsetDateTime,
}

/// What a check finds to be needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// A login.
    Login,
    /// A choice of the account.
    Choice,
    /// A further proof by the person who is logged in.
    Proof,
    /// The person's consent.
    Consent,
}

/// A check.
pub(super) struct Check {
    pub(super) name: &'static str,
    /// What is needed if the check applies.
    pub(super) need: Need,
    /// The error where no page may be shown (OpenID Connect Core, section 3.1.2.6).
    pub(super) error: &'static str,
    applies: fn(&Facts<'_>) -> bool,
}

/// The checks, in their order.
pub(super) const CHECKS: [Check; 10] = [
    login("no session", |facts| facts.session.is_none()),
    choice("prompt=select_account", |facts| {
        facts.request.asks_for(Prompt::SelectAccount) && !facts.chosen && !proven_since(facts)
    }),
    choice("prompt=create", |facts| {
        facts.request.asks_for(Prompt::Create) && !facts.chosen && !proven_since(facts)
    }),
    login("id_token_hint", |facts| facts.hinted.is_some_and(|user| !is_session_of(facts, user))),
    proof("prompt=login", |facts| facts.request.asks_for(Prompt::Login) && !proven_since(facts)),
    proof("max_age", |facts| facts.request.max_age.is_some_and(|seconds| is_older(facts, seconds))),
    proof("acr_values", |facts| {
        let strong = facts.session.is_some_and(|session| session.proof.methods.are_strong());
        facts.request.strong && !strong
    }),
    consent("prompt=consent", "consent_required", |facts| facts.request.asks_for(Prompt::Consent)),
    // Of an application on the person's own machine it is not certain which one answers (RFC 8252, section 8.6).
    consent("native application", "interaction_required", |facts| {
        let kind = RedirectUri::parse(facts.redirect_uri).map(|uri| uri.kind());
        kind != Ok(RedirectKind::Web)
    }),
    consent("missing consent", "consent_required", |facts| {
        !facts.client.settings.first_party && !is_allowed(facts)
    }),
];

const fn login(name: &'static str, applies: fn(&Facts<'_>) -> bool) -> Check {
    Check { name, need: Need::Login, error: "login_required", applies }
}

const fn choice(name: &'static str, applies: fn(&Facts<'_>) -> bool) -> Check {
    Check { name, need: Need::Choice, error: "account_selection_required", applies }
}

const fn proof(name: &'static str, applies: fn(&Facts<'_>) -> bool) -> Check {
    Check { name, need: Need::Proof, error: "login_required", applies }
}

const fn consent(name: &'static str, error: &'static str, applies: fn(&Facts<'_>) -> bool) -> Check {
    Check { name, need: Need::Consent, error, applies }
}

/// The first check that applies.
pub(super) fn first(facts: &Facts<'_>) -> Option<&'static Check> {
    let asked = |check: &&Check| !(facts.agreed && check.need == Need::Consent);
    CHECKS.iter().filter(asked).find(|check| (check.applies)(facts))
}

/// How long a proof counts as made for the request: the sealed request itself is good for longer.
const JUST_NOW: Duration = Duration::minutes(5);

/// Whether the person logged in or proved who they are for the request: since it arrived, and not long ago.
fn proven_since(facts: &Facts<'_>) -> bool {
    let at = facts.session.and_then(|session| session.proof.at);
    facts.begun_at.is_some_and(|begun| at.is_some_and(|at| at >= begun && facts.now - at <= JUST_NOW))
}

fn is_older(facts: &Facts<'_>, seconds: u32) -> bool {
    let at = facts.session.and_then(|session| session.proof.at);
    let within = |at: OffsetDateTime| facts.now - at <= Duration::seconds(seconds.into());
    // A login that took its time is as fresh as it can be.
    !proven_since(facts) && !at.is_some_and(within)
}

fn is_session_of(facts: &Facts<'_>, user: UserId) -> bool {
    facts.session.is_some_and(|session| session.user == user)
}

fn is_allowed(facts: &Facts<'_>) -> bool {
    facts.consent.is_some_and(|consent| consent.covers(facts.scope, facts.request.resource.as_ref()))
}
