//! Asking the issuer about every token (RFC 7662), for services that must see a revocation at once.

use std::sync::Arc;

use keyward_auth::{Claims, Credential, ScopeSet};
use serde::Deserialize;

use super::RemoteError;
use super::credentials::{Credentials, form};
use super::discovery::{Discovery, Metadata};
use super::http::read;
use crate::{Principal, Refusal};

/// What the issuer says of a token.
#[derive(Deserialize)]
struct Answer {
    active: bool,
    sub: Option<String>,
    scope: Option<ScopeSet>,
    exp: Option<i64>,
}

/// Whose an API key is, and until when it is good, in Unix seconds.
#[derive(Clone, Debug)]
pub(super) struct GoodKey {
    pub(super) principal: Principal,
    pub(super) expires_at: Option<i64>,
}

#[derive(Debug)]
pub(super) struct Introspection {
    discovery: Arc<Discovery>,
    credentials: Credentials,
}

impl Introspection {
    pub(super) fn new(discovery: Arc<Discovery>, credentials: Credentials) -> Self {
        Self { discovery, credentials }
    }

    /// What is left of a token that verifies: nothing, if it was revoked; no more than the issuer still allows.
    pub(super) async fn confirm(&self, token: &str, claims: Claims) -> Result<Claims, Refusal> {
        let answer = match self.ask(token).await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::warn!(cause = ?error, "the issuer could not be asked about a token");
                return Err(Refusal::Unavailable);
            }
        };
        if !answer.active || answer.sub.is_some_and(|sub| sub != claims.sub) {
            return Err(Refusal::InvalidToken);
        }
        let Some(allowed) = answer.scope else { return Ok(claims) };
        let scope = claims.scope.iter().filter(|name| allowed.contains(name));
        let scope = ScopeSet::from_names(scope).unwrap_or_default();
        Ok(Claims { scope, ..claims })
    }

    /// Whose API key this is; `None` if it is not good.
    pub(super) async fn api_key(&self, key: &str) -> Result<Option<GoodKey>, RemoteError> {
        let answer = self.ask(key).await?;
        let Answer { active: true, sub: Some(subject), scope, exp } = answer else { return Ok(None) };
        let principal = Principal {
            subject,
            session: None,
            scope: scope.unwrap_or_default(),
            authenticated_at: None,
            acr: None,
            methods: Vec::new(),
            credential: Credential::ApiKey,
            confirmation: None,
        };
        Ok(Some(GoodKey { principal, expires_at: exp }))
    }

    /// Whether the issuer can be asked at all.
    pub(super) async fn ready(&self) -> Result<(), RemoteError> {
        self.discovery.metadata().await?.introspection().map(drop)
    }

    async fn ask(&self, token: &str) -> Result<Answer, RemoteError> {
        let metadata = self.discovery.metadata().await?;
        let answer = self.ask_at(&metadata, token).await;
        if let Err(error) = &answer {
            self.discovery.doubt(&metadata, error).await;
        }
        answer
    }

    async fn ask_at(&self, metadata: &Metadata, token: &str) -> Result<Answer, RemoteError> {
        let url = metadata.introspection()?;
        let request = self
            .discovery
            .http()
            .post(url)
            .body(form(&[("token", token), ("token_type_hint", "access_token")]));
        Ok(read(url, self.credentials.sign(request)).await?.value)
    }
}
