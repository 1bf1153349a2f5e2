//! Who is asking, as an [`Authenticator`](crate::Authenticator) found out.

use keyward_auth::{Claims, ScopeSet};

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

#[cfg(any(feature = "axum", feature = "tower"))]
impl Principal {
    /// Lets pass whoever has the scope, where one is asked for.
    pub(crate) fn require(&self, scope: Option<&'static str>) -> Result<(), Refusal> {
        match scope {
            Some(scope) if !self.scope.contains(scope) => Err(Refusal::InsufficientScope(scope)),
            _ => Ok(()),
        }
    }
}
