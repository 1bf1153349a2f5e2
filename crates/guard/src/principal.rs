//! Who is asking, as an [`Authenticator`](crate::Authenticator) found out.

use keyward_auth::{Claims, ScopeSet, Scoped};

#[cfg(any(feature = "axum", feature = "tower"))]
use crate::Refusal;

/// The bearer of a good access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Whom the token speaks for: its `sub` claim.
    pub subject: String,
    /// The session it belongs to: its `sid` claim, where it has one.
    pub session: Option<String>,
    /// What it may be used for (RFC 6749, section 3.3).
    pub scope: ScopeSet,
}

impl From<Claims> for Principal {
    fn from(claims: Claims) -> Self {
        Self { subject: claims.sub, session: claims.sid, scope: claims.scope }
    }
}

impl Scoped for Principal {
    fn scope(&self) -> &ScopeSet {
        &self.scope
    }
}

/// Refuses an identity without the scope, where one is required.
#[cfg(any(feature = "axum", feature = "tower"))]
pub(crate) fn require(identity: &impl Scoped, scope: Option<&'static str>) -> Result<(), Refusal> {
    match scope {
        Some(scope) if !identity.scope().contains(scope) => Err(Refusal::InsufficientScope(scope)),
        _ => Ok(()),
    }
}
