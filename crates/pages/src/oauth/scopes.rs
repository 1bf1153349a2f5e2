//! Scopes in words, for people who decide about them.

use keyward_auth::ScopeSet;
use keyward_domain::values::scopes::{ACCOUNT, ADMIN, EMAIL, Grants, OFFLINE_ACCESS, OPENID, PROFILE};

/// What each scope lets an application do, the plainest first. One that nobody worded stands for itself.
pub(crate) fn words(scope: &ScopeSet, grants: &Grants) -> Vec<String> {
    let own = [
        (OPENID, "Know that it is you"),
        (PROFILE, "Read your name and your user name"),
        (EMAIL, "Read your e-mail address"),
        (OFFLINE_ACCESS, "Stay connected after you have logged out here"),
        (ACCOUNT, "Change your account: password, devices, second factors"),
        (ADMIN, "Manage all accounts"),
    ];
    let known = own.iter().filter(|(name, _)| scope.contains(name)).map(|(_, words)| (*words).to_owned());
    let others = scope.iter().filter(|name| own.iter().all(|(known, _)| known != name));
    let others = others.map(|name| grants.title(name).unwrap_or(name).to_owned());
    known.chain(others).collect()
}
