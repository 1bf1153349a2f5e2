//! Who is asking, as an [`Authenticator`](crate::Authenticator) found out.

use keyward_auth::{Authenticated, Claims, Confirmation, Credential, ScopeSet, Scoped};

#[cfg(any(feature = "axum", feature = "tower"))]
use crate::{ACCOUNT, ENROL, OpenedBy, Refusal, StepUp};

/// The bearer of a good access token, or of an API key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Whom the token, or the key, speaks for: its `sub` claim.
    pub subject: String,
    /// The session it belongs to: its `sid` claim, where it has one. An API key has none.
    pub session: Option<String>,
    /// What it may be used for (RFC 6749, section 3.3).
    pub scope: ScopeSet,
    /// When the subject was authenticated, in Unix seconds: its `auth_time` claim.
    pub authenticated_at: Option<i64>,
    /// How strong that authentication was: its `acr` claim.
    pub acr: Option<String>,
    /// The methods of that authentication: its `amr` claim.
    pub methods: Vec<String>,
    /// What was presented.
    pub credential: Credential,
    /// The key to which the token is bound: its `cnf` claim (RFC 9449).
    pub confirmation: Option<Confirmation>,
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
            confirmation: claims.cnf,
            credential: match claims.client_id {
                Some(_) => Credential::ClientToken,
                None => Credential::AccessToken,
            },
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

    fn confirmation(&self) -> Option<&Confirmation> {
        self.confirmation.as_ref()
    }

    fn credential(&self) -> Credential {
        self.credential
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

/// Refuses a credential that does not open such a lock, where `asked` is what it asks of the authentication: an API key has
/// none.
#[cfg(any(feature = "axum", feature = "tower"))]
pub(crate) fn opened_by(
    identity: &(impl Scoped + Authenticated),
    lock: OpenedBy,
    asked: Option<StepUp>,
) -> Result<(), Refusal> {
    match identity.credential() {
        Credential::ApiKey if !lock.admits_keys() || asked.is_some() => Err(Refusal::ApiKey),
        Credential::ClientToken if lock.asks_for_account() && !identity.scope().contains(ACCOUNT) => {
            Err(Refusal::InsufficientScope(ACCOUNT))
        }
        _ => Ok(()),
    }
}

/// Refuses an authentication that is too old or too weak at `now`, in Unix seconds, for what is asked.
#[cfg(any(feature = "axum", feature = "tower"))]
pub(crate) fn authenticated(
    identity: &impl Authenticated,
    asked: Option<StepUp>,
    now: impl FnOnce() -> i64,
) -> Result<(), Refusal> {
    match asked {
        Some(asked) if !asked.suffices(identity, now()) => Err(Refusal::InsufficientAuthentication(asked)),
        _ => Ok(()),
    }
}
