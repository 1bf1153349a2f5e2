//! Who reads claims of a user: clients, with access tokens that are for the issuer itself (OpenID Connect Core, section 5.3).

use std::sync::Arc;

use async_trait::async_trait;
use keyward_auth::{Authenticated, Confirmation, Credential, JwtVerifier, ScopeSet, Scoped};
use keyward_domain::values::actor::Actor;
use keyward_domain::values::scopes::OPENID;
use keyward_guard::{Authenticator, CurrentUser, ProofCheck, Refusal, Requirement};

use super::session_check::SessionCheck;

/// A client that reads claims of the user in whose name it acts. It is a type of its own, so that such a token opens no other lock.
#[derive(Clone, Debug)]
pub struct ClaimsReader(pub Actor);

impl Scoped for ClaimsReader {
    fn scope(&self) -> &ScopeSet {
        self.0.scope()
    }
}

impl Authenticated for ClaimsReader {
    fn authenticated_at(&self) -> Option<i64> {
        self.0.authenticated_at()
    }

    fn acr(&self) -> Option<&str> {
        self.0.acr()
    }

    fn confirmation(&self) -> Option<&Confirmation> {
        self.0.confirmation()
    }

    fn credential(&self) -> Credential {
        self.0.credential()
    }
}

/// Asks for nothing beside being a claims reader. A token that is good for enrolling a second factor alone never makes one: it has
/// no other scope, and is refused for that.
pub struct Claims;

impl Requirement for Claims {
    const SCOPE: Option<&'static str> = None;
    const ENROLLING: bool = true;
}

/// The lock of what claims readers may ask.
pub type ClaimsLock = CurrentUser<Claims, (), ClaimsReader>;

/// Lets claims readers in. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Userinfo(Arc<Parts>);

struct Parts {
    check: Arc<SessionCheck>,
    verifier: Arc<JwtVerifier>,
}

impl Userinfo {
    /// Lets in whom `check` knows by a token that `verifier` accepts.
    pub(crate) fn new(check: Arc<SessionCheck>, verifier: Arc<JwtVerifier>) -> Self {
        Self(Arc::new(Parts { check, verifier }))
    }
}

#[async_trait]
impl Authenticator<ClaimsReader> for Userinfo {
    async fn authenticate(&self, token: &str) -> Result<ClaimsReader, Refusal> {
        let actor = self.0.check.by(&self.0.verifier, token).await?;
        // The audience alone is no proof of it: a client may have been registered for a service of that name.
        if actor.scope.contains(OPENID) { Ok(ClaimsReader(actor)) } else { Err(Refusal::InvalidToken) }
    }

    fn proofs(&self) -> Option<&ProofCheck> {
        self.0.check.proofs()
    }

    fn now(&self) -> i64 {
        self.0.check.now()
    }
}
