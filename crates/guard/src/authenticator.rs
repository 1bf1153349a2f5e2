//! From a token to a [`Principal`]: the seam behind the extractors.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use http::Extensions;
use keyward_auth::{Scoped, TokenError, TokenVerifier};

use crate::{NoResource, Principal, ProofCheck, Refusal};

/// Decides whether a token is valid, and whose it is. A router's state offers one: `Arc<dyn Authenticator>: FromRef<State>`.
///
/// `I` is the identity that handlers get through [`CurrentUser`](crate::CurrentUser). A service with types of its own for
/// its users' ids makes its own, so that ids are parsed here and nowhere else.
#[async_trait]
pub trait Authenticator<I: Scoped = Principal>: Send + Sync {
    /// Returns whose token this is. A token that is bound to a key ([`Authenticated::confirmation`](keyward_auth::Authenticated)) is not
    /// good by this alone: the locks of this crate ask for its proof, and a caller of this method has to refuse it or to do so itself.
    ///
    /// # Errors
    /// [`Refusal::InvalidToken`] or [`Refusal::Expired`] for a token that is not valid, [`Refusal::Unavailable`] when
    /// that cannot be decided now.
    async fn authenticate(&self, token: &str) -> Result<I, Refusal>;

    /// The same for a request with these extensions, which may say where it comes from: for an authenticator that limits what one
    /// caller may ask. Unless it is written, it asks [`authenticate`](Self::authenticate).
    ///
    /// # Errors
    /// Those of [`authenticate`](Self::authenticate), and [`Refusal::TooManyAttempts`].
    async fn authenticate_request(&self, token: &str, extensions: &Extensions) -> Result<I, Refusal> {
        let _ = extensions;
        self.authenticate(token).await
    }

    /// Whether [`authenticate`](Self::authenticate) accepts any text as its input. By default a lock first checks that a token has only the characters of
    /// RFC 6750, section 2.1, and refuses others itself. Return true to skip that check where tokens are verified anyway.
    fn takes_any_text(&self) -> bool {
        false
    }

    /// What checks the proofs of tokens that are bound to a key (RFC 9449). Unless it is written, no bound token
    /// opens a lock.
    fn proofs(&self) -> Option<&ProofCheck> {
        None
    }

    /// The time, in Unix seconds, by which the age of an authentication is judged: the system's.
    fn now(&self) -> i64 {
        unix_now()
    }
}

/// Trusts every token that its verifier does. Revocation is noticed when the token expires, minutes later.
#[derive(Clone)]
pub struct TokenAuthenticator {
    verifier: Arc<dyn TokenVerifier>,
    proofs: Option<Arc<ProofCheck>>,
}

impl TokenAuthenticator {
    /// An authenticator over `verifier`.
    pub fn new(verifier: Arc<dyn TokenVerifier>) -> Self {
        Self { verifier, proofs: None }
    }

    /// The same, with tokens that are bound to a key, too, for a service that its clients reach at `address`.
    ///
    /// # Errors
    /// [`NoResource`] where that is no address of a service.
    pub fn accept_dpop(self, address: &str) -> Result<Self, NoResource> {
        Ok(Self { proofs: Some(Arc::new(ProofCheck::new(address)?)), ..self })
    }
}

#[async_trait]
impl Authenticator for TokenAuthenticator {
    async fn authenticate(&self, token: &str) -> Result<Principal, Refusal> {
        self.verifier.verify(token, unix_now()).map(Principal::from).map_err(Refusal::from)
    }

    fn proofs(&self) -> Option<&ProofCheck> {
        self.proofs.as_deref()
    }
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Expired => Self::Expired,
            _ => Self::InvalidToken,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a service without a clock port of its own uses the system's")]
pub(crate) fn unix_now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_secs()).ok())
        .unwrap_or(0)
}
