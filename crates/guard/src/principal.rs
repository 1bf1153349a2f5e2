//! Who is asking, as an [`Authenticator`](crate::Authenticator) found out.

use keyward_auth::{Authenticated, Claims, ScopeSet, Scoped};

#[cfg(any(feature = "axum", feature = "tower"))]
use crate::{ENROL, Refusal, StepUp};

/// The bearer of a good access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Whom the token speaks for: its `sub` claim.
    pub subject: String,
    /// The session it belongs to: its `sid` claim, where it has one.
    pub session: Option<String>,
    /// What it may be used for (RFC 6749, section 3.3).
    pub scope: ScopeSet,
    /// When the subject was authenticated, in Unix seconds: its `auth_time` claim.
    pub authenticated_at: Option<i64>,
    /// How strong that authentication was: its `acr` claim.
    pub acr: Option<String>,
    /// The methods of that authentication: its `amr` claim.
    pub methods: Vec<String>,
}

impl From<Claims> for Principal {
    fn from(claims: Claims) -> Self {
        Self {
            subject: claims.sub,
            session: claims.sid,
            scope: claims.scope,
            authenticated_at: claims.auth_time,
            acr: claims.acr,
            methods: claims.amr,
        }
    }
}

impl Scoped for Principal {
    fn scope(&self) -> &ScopeSet {
        &self.scope
    }
}

impl Authenticated for Principal {
    fn authenticated_at(&self) -> Option<i64> {
        self.authenticated_at
    }

    fn acr(&self) -> Option<&str> {
        self.acr.as_deref()
    }
}

/// Refuses an identity without the scope, where one is required; and, unless `enrolling`, one that may do nothing but enrol
/// a second factor.
#[cfg(any(feature = "axum", feature = "tower"))]
pub(crate) fn require(
    identity: &impl Scoped,
    scope: Option<&'static str>,
    enrolling: bool,
) -> Result<(), Refusal> {
    match scope {
        Some(scope) if !identity.scope().contains(scope) => Err(Refusal::InsufficientScope(scope)),
        _ if !enrolling && identity.scope().contains(ENROL) => Err(Refusal::EnrolmentOnly),
        _ => Ok(()),
    }
}

/// Refuses an authentication that is too old or too weak at `now`, in Unix seconds, for what is asked.
#[cfg(any(feature = "axum", feature = "tower"))]
pub(crate) fn authenticated(
    identity: &impl Authenticated,
    asked: Option<StepUp>,
    now: i64,
) -> Result<(), Refusal> {
    match asked {
        Some(asked) if !asked.suffices(identity, now) => Err(Refusal::InsufficientAuthentication(asked)),
        _ => Ok(()),
    }
}
