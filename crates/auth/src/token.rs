//! What other crates need of access tokens: what goes in, what comes out, and the two traits between.
//! The JWT form lives in `jwt.rs`; nothing here knows of signatures.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::{Authentication, Claims, ScopeSet, Thumbprint};

/// What an access token is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Whom it stands for (`sub`), such as the user's id as text. Not empty.
    pub subject: String,
    /// The login it came from (`sid`): ending that ends the token.
    pub session: Option<String>,
    /// The OAuth client that asked for it (`client_id`), where there is one.
    pub client_id: Option<String>,
    /// The key whose holder alone may use it (`cnf`, RFC 9449); `None` for a bearer token.
    pub key: Option<Thumbprint>,
    /// What it may be used for (`scope`).
    pub scope: ScopeSet,
    /// The services that it is for (`aud`, RFC 8707); empty for the issuer's usual audience.
    pub audience: Vec<String>,
    /// Whether it is for the issuer itself as well, as for its userinfo endpoint: `aud` then holds `iss`, too.
    pub userinfo: bool,
    /// When and how the subject was authenticated (`auth_time`, `acr`, `amr`); `None` for a program's own token.
    pub authentication: Option<Authentication>,
}

/// A signed access token. `Debug` does not print it, memory is wiped.
#[derive(Clone)]
pub struct AccessToken {
    text: Zeroizing<String>,
    claims: Claims,
}

impl AccessToken {
    pub(crate) fn new(text: Zeroizing<String>, claims: Claims) -> Self {
        Self { text, claims }
    }

    /// The text to send to the client.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it says.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// How long it is valid from its issue on, in seconds (RFC 6749 section 5.1 `expires_in`).
    pub fn expires_in(&self) -> i64 {
        self.claims.exp.saturating_sub(self.claims.iat)
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").field("claims", &self.claims).finish_non_exhaustive()
    }
}

/// Makes access tokens.
pub trait TokenIssuer: Send + Sync {
    /// A token for this grant, valid from `now` (Unix seconds) on.
    ///
    /// # Errors
    ///
    /// [`TokenError::Signing`] where there is no key to sign with or it fails.
    fn issue(&self, grant: &Grant, now: i64) -> Result<AccessToken, TokenError>;
}

/// Checks access tokens. Whether the session and the account still exist is for the caller to look up.
pub trait TokenVerifier: Send + Sync {
    /// What the token says, if it is genuine, meant for us and valid at `now` (Unix seconds). One whose `cnf` is not `None` is bound to a key:
    /// it is good with a proof by that key only (RFC 9449), which is for the caller to ask for.
    ///
    /// # Errors
    ///
    /// [`TokenError::Expired`], [`TokenError::Invalid`] or [`TokenError::UnknownKey`].
    fn verify(&self, token: &str, now: i64) -> Result<Claims, TokenError>;

    /// The same, for reading only: a verifier that remembers tokens then copies nothing.
    ///
    /// # Errors
    ///
    /// [`TokenError::Expired`] or [`TokenError::Invalid`].
    fn verify_shared(&self, token: &str, now: i64) -> Result<Arc<Claims>, TokenError> {
        self.verify(token, now).map(Arc::new)
    }
}

/// Why a token was refused or not made. Clients learn no more than "expired" or "invalid".
#[derive(thiserror::Error, Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenError {
    /// It was valid until its `exp`.
    #[error("the token has expired")]
    Expired,
    /// It is not a token of ours, or not one for here and now. The reason is for a log and holds nothing of the token.
    #[error("the token is not valid: {0}")]
    Invalid(&'static str),
    /// It names a key that is not known here. Where keys are fetched from elsewhere, that is worth another look.
    #[error("the token is not valid: its key is unknown")]
    UnknownKey,
    /// It could not be signed.
    #[error("the token could not be signed")]
    Signing,
}
