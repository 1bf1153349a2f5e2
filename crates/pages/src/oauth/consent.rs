//! The page that asks whether an application may act in the person's name.

use keyward_domain::oauth::authorize::outcome::ConsentNeeded;
use keyward_domain::values::uris::{RedirectKind, RedirectUri};

use super::scopes;
use crate::next::Next;
use crate::page::Page;
use crate::site::Site;
use crate::visit::Visit;

/// The page, whose form may end at the client.
pub(super) fn page(site: &Site, visit: &Visit, needed: &ConsentNeeded) -> Page {
    let kind = RedirectUri::parse(&needed.redirect_uri).map(|uri| uri.kind());
    let origin = RedirectUri::origin(&needed.redirect_uri);
    let host = match kind {
        Ok(RedirectKind::Web) => origin.strip_prefix("https://").map(str::to_owned),
        _ => None,
    };
    let next = Next::account();
    let next = next.clone().leaving_for(&origin).unwrap_or(next);
    let title = format!("Allow {}?", needed.name);
    Page::new(visit, "consent.html", &title)
        .leading_to(&next)
        .with("request", &*needed.request)
        .with("client", needed.name.as_str())
        .with("host", host)
        .with("local", kind == Ok(RedirectKind::Loopback))
        .with("scheme", origin.trim_end_matches(':'))
        .with("scopes", scopes::words(&needed.scope, site.app.opening.grants()))
        .with("resource", needed.resource.as_ref().map(ToString::to_string))
}
