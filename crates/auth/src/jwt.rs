//! Access tokens as JWTs (RFC 7519, RFC 9068): issuing them, and deciding whether one holds here and now. Neither reads a
//! clock: the time is passed in. The compact form lives in `jws.rs`, keys in `ring.rs`.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::jws::{self, Jws};
use crate::memory::{MemoryUse, TokenMemory};
use crate::{
    AccessToken, Claims, Confirmation, Grant, Random, SharedKeyRing, TokenError, TokenIssuer, TokenProfile,
    TokenVerifier,
};

/// The media type of an access token (RFC 9068 section 2.1).
const TYPE: &str = "at+jwt";

/// How far ahead of our clock a token may have been issued, in seconds.
const MAX_IAT_AHEAD: i64 = 60;

/// What an issuer puts into every token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerSettings {
    /// `iss`: the service's address, such as `https://auth.example.com`.
    pub issuer: String,
    /// `aud`: the API the tokens are for.
    pub audience: String,
    /// How long a token is valid, in seconds. Minutes, not days: 900 is usual.
    pub ttl_seconds: i64,
}

/// Signs access tokens with the current key of a ring.
pub struct JwtIssuer {
    settings: IssuerSettings,
    keys: SharedKeyRing,
    random: Arc<dyn Random>,
}

impl JwtIssuer {
    /// An issuer that takes its key from `keys` anew for every token, and each token's `jti` from `random`.
    pub fn new(settings: IssuerSettings, keys: SharedKeyRing, random: Arc<dyn Random>) -> Self {
        Self { settings, keys, random }
    }
}

impl TokenIssuer for JwtIssuer {
    fn issue(&self, grant: &Grant, now: i64) -> Result<AccessToken, TokenError> {
        let mut id = [0; 16];
        self.random.fill(&mut id);
        let mut aud = grant.audience.clone();
        if aud.is_empty() {
            aud.push(self.settings.audience.clone());
        }
        if grant.userinfo && !aud.contains(&self.settings.issuer) {
            aud.push(self.settings.issuer.clone());
        }
        let claims = Claims {
            iss: self.settings.issuer.clone(),
            aud,
            sub: grant.subject.clone(),
            sid: grant.session.clone(),
            client_id: grant.client_id.clone(),
            cnf: grant.key.as_ref().map(Confirmation::of),
            jti: URL_SAFE_NO_PAD.encode(id),
            iat: now,
            nbf: Some(now),
            exp: now.saturating_add(self.settings.ttl_seconds),
            scope: grant.scope.clone(),
            auth_time: grant.authentication.as_ref().map(|authentication| authentication.at),
            acr: grant.authentication.as_ref().map(|authentication| authentication.acr.clone()),
            amr: grant
                .authentication
                .as_ref()
                .map(|authentication| authentication.amr.clone())
                .unwrap_or_default(),
        };
        let ring = self.keys.load();
        let key = ring.current().ok_or(TokenError::Signing)?;
        let payload = serde_json::to_vec(&claims).map_err(|_| TokenError::Signing)?;
        Ok(AccessToken::new(jws::sign(TYPE, &payload, key)?, claims))
    }
}

/// Whose tokens a verifier accepts, and how exact clocks have to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierSettings {
    /// The only accepted `iss`, compared exactly.
    pub issuer: String,
    /// What `aud` has to contain.
    pub audience: String,
    /// Other names of the same service: one of them in `aud` will do, too. Empty by default.
    pub further_audiences: Vec<String>,
    /// How many seconds clocks may disagree about `exp` and `nbf`. 5 by default.
    pub leeway_seconds: i64,
    /// What the tokens look like. As Keyward writes them by default.
    pub profile: TokenProfile,
}

impl VerifierSettings {
    /// Settings with the default leeway, for tokens as Keyward writes them.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            further_audiences: Vec::new(),
            leeway_seconds: 5,
            profile: TokenProfile::default(),
        }
    }
}

/// Checks access tokens against the keys of a ring.
pub struct JwtVerifier {
    settings: VerifierSettings,
    keys: SharedKeyRing,
    memory: Option<TokenMemory>,
    any_audience: bool,
}

impl JwtVerifier {
    /// A verifier that looks into `keys` anew for every token.
    pub fn new(settings: VerifierSettings, keys: SharedKeyRing) -> Self {
        Self { settings, keys, memory: None, any_audience: false }
    }

    /// The same, remembering up to `tokens` genuine tokens (or a few more): the signature of each is checked once. Everything
    /// that depends on the time is still asked each time, and a [`SharedKeyRing::replace`] that changes anything voids them all.
    #[must_use]
    pub fn remembering(self, tokens: usize) -> Self {
        Self { memory: Some(TokenMemory::new(tokens)), ..self }
    }

    /// The same for tokens of this issuer for any audience: for the issuer's own use, as when it is asked what a token is
    /// worth. Never to let a request in.
    #[must_use]
    pub fn of_any_audience(self) -> Self {
        Self { any_audience: true, ..self }
    }

    /// How much the memory of [`remembering`](Self::remembering) is used; all zero without.
    pub fn memory(&self) -> MemoryUse {
        self.memory.as_ref().map(TokenMemory::usage).unwrap_or_default()
    }

    /// What a token says that one of our keys signed as an access token.
    fn prove(&self, token: &str) -> Result<Claims, TokenError> {
        let jws = Jws::parse(token)?;
        if !self.settings.profile.accepts_type(jws.header.typ.as_deref()) {
            return Err(TokenError::Invalid("it is not an access token"));
        }
        let ring = self.keys.load();
        let key = ring.find(jws.header.kid.as_deref()).ok_or(TokenError::UnknownKey)?;
        let payload = jws.verified(key)?;
        self.settings.profile.claims(&payload).ok_or(TokenError::Invalid("its claims are malformed"))
    }

    fn is_meant(&self, audience: &String) -> bool {
        *audience == self.settings.audience || self.settings.further_audiences.contains(audience)
    }

    /// Whether genuine claims are meant for us, and now (RFC 9068 section 4).
    fn check(&self, claims: &Claims, now: i64) -> Result<(), TokenError> {
        let leeway = self.settings.leeway_seconds.max(0);
        if claims.iss != self.settings.issuer {
            return Err(TokenError::Invalid("it is from another issuer"));
        }
        if !self.any_audience && !claims.aud.iter().any(|name| self.is_meant(name)) {
            return Err(TokenError::Invalid("it is for another audience"));
        }
        if claims.sub.is_empty() || (claims.jti.is_empty() && self.settings.profile.needs_id()) {
            return Err(TokenError::Invalid("its subject or id is empty"));
        }
        if claims.nbf.is_some_and(|start| start > now.saturating_add(leeway)) {
            return Err(TokenError::Invalid("it is not valid yet"));
        }
        if claims.iat > now.saturating_add(MAX_IAT_AHEAD) {
            return Err(TokenError::Invalid("it was issued in the future"));
        }
        if now >= claims.exp.saturating_add(leeway) {
            return Err(TokenError::Expired);
        }
        Ok(())
    }
}

impl TokenVerifier for JwtVerifier {
    fn verify(&self, token: &str, now: i64) -> Result<Claims, TokenError> {
        self.verify_shared(token, now).map(Arc::unwrap_or_clone)
    }

    fn verify_shared(&self, token: &str, now: i64) -> Result<Arc<Claims>, TokenError> {
        // Before the ring is looked at: if it is replaced meanwhile, what is kept below is never found.
        let generation = self.keys.generation();
        if let Some(claims) = self.memory.as_ref().and_then(|memory| memory.find(token, generation)) {
            self.check(&claims, now)?;
            return Ok(claims);
        }
        let claims = Arc::new(self.prove(token)?);
        self.check(&claims, now)?;
        if let Some(memory) = &self.memory {
            memory.keep(token, generation, &claims);
        }
        Ok(claims)
    }
}
