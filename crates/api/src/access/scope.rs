//! The scopes of Keyward's own locks.

use keyward_domain::values::scopes;
use keyward_guard::Scope;

/// Follow the revocation feed: a registered client's scope, which *Authorize* therefore does not offer.
pub struct RevocationsRead;

impl Scope for RevocationsRead {
    const NAME: &'static str = scopes::REVOCATIONS_READ;
    const TITLE: &'static str = "Follow the feed of ended sessions";
}

/// Manage users, and what belongs to them.
pub struct Admin;

impl Scope for Admin {
    const NAME: &'static str = scopes::ADMIN;
    const TITLE: &'static str = "Manage everybody's accounts and orders";
}
