//! Proofs of possession (DPoP, RFC 9449): reading one, and deciding whether it is for this request. Whether it was used before is
//! `memory.rs`'s business, nonces are `nonce.rs`'s.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::address::normal;
use crate::json::{present, strict_object};
use crate::jws::Jws;
use crate::{Algorithm, Jwk, Thumbprint, VerifyingKey};

/// The `alg`s that a proof may be signed with, separated by spaces, as in `WWW-Authenticate: DPoP algs="..."`. `Ed25519`, which is RFC
/// 9864's name for what `EdDSA` does here, is taken as well.
pub const DPOP_ALGORITHMS: &str = "ES256 EdDSA RS256 PS256";

/// The media type of a proof (RFC 9449, section 4.2).
const TYPE: &str = "dpop+jwt";
/// How old a proof may be, in seconds.
pub(super) const OLDEST: i64 = 60;
/// How far a proof's time may be ahead of our clock, in seconds.
pub(super) const AHEAD: i64 = 30;
/// The longest `jti`, in bytes.
const LONGEST_ID: usize = 256;
/// The longest RSA modulus and exponent, in bytes: the sender of a proof chooses what checking it costs.
const LONGEST_RSA: (usize, usize) = (512, 4);
/// The members that only a private or a symmetric key has.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Why a proof is refused. The words hold nothing of the proof.
#[derive(thiserror::Error, Clone, Copy, Debug, PartialEq, Eq)]
#[error("The DPoP proof {0}")]
pub struct DpopError(pub &'static str);

/// A proof that was signed with the key it names. For which request, [`is_for`](Self::is_for) decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DpopProof {
    thumbprint: Thumbprint,
    claims: Claims,
}

/// The request that a proof has to be for.
#[derive(Clone, Copy, Debug)]
pub struct ProofTarget<'a> {
    /// The method, such as `GET`.
    pub method: &'a str,
    /// The address as the client sees it. Its query and fragment do not count.
    pub address: &'a str,
    /// The access token that comes with the proof; `None` where none does, as at a token endpoint.
    pub token: Option<&'a str>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default, deserialize_with = "present")]
    typ: Option<String>,
    jwk: Map<String, Value>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: i64,
    #[serde(default, deserialize_with = "present")]
    ath: Option<String>,
    #[serde(default, deserialize_with = "present")]
    nonce: Option<String>,
}

/// A proof as it was sent. Its signature has not been checked, which costs far more than reading it: what it says of itself comes first.
pub struct UnverifiedProof<'a> {
    jws: Jws<'a>,
    alg: String,
    jwk: Jwk,
    claims: Claims,
}

impl<'a> UnverifiedProof<'a> {
    /// Reads a proof (RFC 9449, section 4.3, steps 2 to 5 and 7).
    ///
    /// # Errors
    /// [`DpopError`] for anything that is no such JWT: without the type `dpop+jwt`, with a private or symmetric key or one that is
    /// too long, or without a claim that every proof has.
    pub fn parse(text: &'a str) -> Result<Self, DpopError> {
        let malformed = |_| DpopError("is malformed");
        let jws = Jws::parse(text).map_err(malformed)?;
        let Header { alg, typ, jwk }: Header = jws.header_as().ok_or(DpopError("has a malformed header"))?;
        if typ.as_deref() != Some(TYPE) {
            return Err(DpopError("is not of the type dpop+jwt"));
        }
        if PRIVATE.iter().any(|member| jwk.contains_key(*member)) {
            return Err(DpopError("holds a private or symmetric key"));
        }
        let mut jwk: Jwk =
            serde_json::from_value(Value::Object(jwk)).map_err(|_| DpopError("has a malformed key"))?;
        // A key may name its algorithm, which then is the header's. What it may be used for is its holder's to decide.
        if jwk.alg.take().is_some_and(|named| !is_same(&named, &alg)) {
            return Err(DpopError("has a key for another algorithm"));
        }
        (jwk.use_, jwk.key_ops, jwk.kid) = (None, None, None);
        let too_long = |(n, e): (Vec<u8>, Vec<u8>)| n.len() > LONGEST_RSA.0 || e.len() > LONGEST_RSA.1;
        if components(&jwk).is_some_and(too_long) {
            return Err(DpopError("has an RSA key of more than 4,096 bits"));
        }
        let payload = jws.unverified().map_err(malformed)?;
        let claims: Claims = strict_object(&payload).ok_or(DpopError("has malformed claims"))?;
        if claims.jti.is_empty() || claims.jti.len() > LONGEST_ID {
            return Err(DpopError("needs a jti of 1 to 256 bytes"));
        }
        Ok(Self { jws, alg, jwk, claims })
    }

    /// As [`DpopProof::is_for`].
    ///
    /// # Errors
    /// As there.
    pub fn is_for(&self, target: &ProofTarget<'_>, now: i64) -> Result<(), DpopError> {
        self.claims.are_for(target, now)
    }

    /// The nonce that it repeats, if it does.
    pub fn nonce(&self) -> Option<&str> {
        self.claims.nonce.as_deref()
    }

    /// Checks the signature with the key in the header (RFC 9449, section 4.3, step 6).
    ///
    /// # Errors
    /// [`DpopError`] where another key signed it, for a key that is too weak, and for another algorithm than [`DPOP_ALGORITHMS`].
    pub fn verified(self) -> Result<DpopProof, DpopError> {
        let Self { jws, alg, jwk, claims } = self;
        let key = VerifyingKey::from_jwk(&jwk)
            .map_err(|_| DpopError("has a key of another kind, or a weak one"))?;
        let signed = if alg == "PS256" {
            let is_rsa = key.algorithm() == Algorithm::Rs256;
            let components = if is_rsa { components(&jwk) } else { None };
            let (n, e) = components.ok_or(DpopError("has a key for another algorithm"))?;
            jws.verified_by(|message, signature| {
                RsaPublicKeyComponents { n: &n, e: &e }
                    .verify(&RSA_PSS_2048_8192_SHA256, message, signature)
                    .is_ok()
            })
        } else {
            jws.verified(&key)
        };
        signed.map_err(|_| DpopError("is not signed with the key that it holds"))?;
        let thumbprint = key.jwk().and_then(|jwk| jwk.thumbprint()).and_then(|text| Thumbprint::parse(&text));
        let thumbprint = thumbprint.ok_or(DpopError("has a malformed key"))?;
        Ok(DpopProof { thumbprint, claims })
    }
}

/// The key is the sender's, and the claims are proven by nothing.
impl fmt::Debug for UnverifiedProof<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedProof").field("alg", &self.alg).finish_non_exhaustive()
    }
}

impl DpopProof {
    /// Reads a proof and checks its signature with the key in its header (RFC 9449, section 4.3, steps 2 to 7).
    ///
    /// # Errors
    /// Those of [`UnverifiedProof::parse`] and [`UnverifiedProof::verified`].
    pub fn parse(text: &str) -> Result<Self, DpopError> {
        UnverifiedProof::parse(text)?.verified()
    }

    /// Whether the proof was made for this request, and lately (RFC 9449, section 4.3, steps 8 to 12, without the nonce): at most 60 s
    /// before `now`, in Unix seconds, and at most 30 s after it.
    ///
    /// # Errors
    /// [`DpopError`] says what it is for instead.
    pub fn is_for(&self, target: &ProofTarget<'_>, now: i64) -> Result<(), DpopError> {
        self.claims.are_for(target, now)
    }

    /// The thumbprint of its key (RFC 7638), which is what tokens are bound to: `jkt`.
    pub fn thumbprint(&self) -> &Thumbprint {
        &self.thumbprint
    }

    /// The nonce that it repeats, if it does.
    pub fn nonce(&self) -> Option<&str> {
        self.claims.nonce.as_deref()
    }

    /// What tells it apart from every other: its key and its `jti`, hashed.
    pub(super) fn identity(&self) -> [u8; 16] {
        hash(&[self.thumbprint.as_str().as_bytes(), self.claims.jti.as_bytes()])
    }

    /// What tells its key apart from every other, hashed.
    pub(super) fn key(&self) -> [u8; 16] {
        hash(&[self.thumbprint.as_str().as_bytes()])
    }
}

impl Claims {
    fn are_for(&self, target: &ProofTarget<'_>, now: i64) -> Result<(), DpopError> {
        if self.htm != target.method {
            return Err(DpopError("is for another method"));
        }
        let same = normal(&self.htu).is_some_and(|own| Some(own) == normal(target.address));
        if !same {
            return Err(DpopError("is for another address"));
        }
        let age = now.saturating_sub(self.iat);
        if age > OLDEST {
            return Err(DpopError("is too old"));
        }
        if age < -AHEAD {
            return Err(DpopError("is from the future"));
        }
        match target.token {
            Some(token) if self.ath.as_deref() != Some(&*token_hash(token)) => {
                Err(DpopError("is for another access token"))
            }
            _ => Ok(()),
        }
    }
}

/// Whether two names are of the same algorithm.
fn is_same(one: &str, other: &str) -> bool {
    one == other || Algorithm::from_jose(one).is_some_and(|known| Algorithm::from_jose(other) == Some(known))
}

/// `ath` (RFC 9449, section 4.2).
fn token_hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, token.as_bytes()))
}

fn hash(parts: &[&[u8]]) -> [u8; 16] {
    let digest = digest(&SHA256, &parts.join(&b'.'));
    let mut hash = [0; 16];
    hash.copy_from_slice(&digest.as_ref()[..16]);
    hash
}

fn components(jwk: &Jwk) -> Option<(Vec<u8>, Vec<u8>)> {
    let member = |text: Option<&String>| text.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    Some((member(jwk.n.as_ref())?, member(jwk.e.as_ref())?))
}

#[cfg(test)]
impl DpopProof {
    /// A proof of this key and this id, for tests of what remembers proofs.
    pub(super) fn named(key: Thumbprint, id: &str) -> Self {
        let text = String::new;
        let claims = Claims { jti: id.to_owned(), htm: text(), htu: text(), iat: 0, ath: None, nonce: None };
        Self { thumbprint: key, claims }
    }
}

#[cfg(test)]
mod tests;
