//! Who makes a request, and with what they proved it: parsed once by the access check, then carried typed.

use keyward_auth::{Authenticated, Confirmation, Credential, ScopeSet, Scoped};

use super::ids::{ApiKeyId, SessionId, UserId};
use super::proof::Proof;

/// The user who makes a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    pub who: UserId,
    /// The credential that was presented.
    pub via: Via,
    /// What this credential allows.
    pub scope: ScopeSet,
    /// How and when the user proved who they are, as the credential says.
    pub proof: Proof,
    /// What the token is bound to, if it is (RFC 9449).
    pub confirmation: Option<Confirmation>,
}

/// The credential that a request presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// An access token of this session.
    Session(SessionId),
    /// An access token of this session, which was opened through an OAuth2 client.
    ClientSession(SessionId),
    /// An API key.
    ApiKey(ApiKeyId),
}

impl Actor {
    /// The session behind the request; an API key has none.
    pub fn session(&self) -> Option<SessionId> {
        match self.via {
            Via::Session(id) | Via::ClientSession(id) => Some(id),
            Via::ApiKey(_) => None,
        }
    }
}

impl Scoped for Actor {
    fn scope(&self) -> &ScopeSet {
        &self.scope
    }
}

impl Authenticated for Actor {
    const WAITS: bool = true;

    fn authenticated_at(&self) -> Option<i64> {
        self.proof.at.map(time::OffsetDateTime::unix_timestamp)
    }

    fn acr(&self) -> Option<&str> {
        Some(self.proof.methods.acr())
    }

    fn confirmation(&self) -> Option<&Confirmation> {
        self.confirmation.as_ref()
    }

    fn credential(&self) -> Credential {
        match self.via {
            Via::Session(_) => Credential::AccessToken,
            Via::ClientSession(_) => Credential::ClientToken,
            Via::ApiKey(_) => Credential::ApiKey,
        }
    }
}
