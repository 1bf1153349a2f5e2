//! The compact form of a signed token (RFC 7515): taking it apart strictly, and putting one together. Claims and clocks
//! live in `jwt.rs`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::json::{present, strict_object};
use crate::{Algorithm, SigningKey, TokenError, VerifyingKey};

#[cfg(test)]
mod vectors;

/// The longest token that is looked at, in bytes. Ours have about 500.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The header of a token. Members that could point to a key (`jwk`, `jku`, `x5u`, `x5c`) are not even read.
#[derive(Deserialize)]
pub(crate) struct Header {
    alg: String,
    #[serde(default, deserialize_with = "present")]
    pub(crate) typ: Option<String>,
    #[serde(default, deserialize_with = "present")]
    pub(crate) kid: Option<String>,
    /// Extensions that have to be understood (RFC 7515 section 4.1.11): we have none.
    #[serde(default, deserialize_with = "present")]
    crit: Option<IgnoredAny>,
    /// Unencoded payload (RFC 7797), encryption and compression (RFC 7516): not ours.
    #[serde(default, deserialize_with = "present")]
    b64: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    enc: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    zip: Option<IgnoredAny>,
}

/// A token taken apart, of which nothing is proven yet.
pub(crate) struct Jws<'a> {
    pub(crate) header: Header,
    signed: &'a str,
    payload: &'a str,
    signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// Takes a token apart: exactly three parts of canonical base64url, the first a JSON object we understand.
    pub(crate) fn parse(token: &'a str) -> Result<Self, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Invalid("it is too long"));
        }
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(TokenError::Invalid("it does not have three parts"));
        };
        if signature.is_empty() {
            return Err(TokenError::Invalid("it is not signed"));
        }
        let signed = &token[..header.len() + 1 + payload.len()];
        let header: Header =
            strict_object(&decode(header)?).ok_or(TokenError::Invalid("its header is malformed"))?;
        if header.crit.is_some() || header.b64.is_some() || header.enc.is_some() || header.zip.is_some() {
            return Err(TokenError::Invalid("its header asks for an extension"));
        }
        Ok(Self { header, signed, payload, signature: decode(signature)? })
    }

    /// The header, read as another kind of token has it.
    pub(crate) fn header_as<T: DeserializeOwned>(&self) -> Option<T> {
        let (header, _) = self.signed.split_once('.')?;
        strict_object(&decode(header).ok()?)
    }

    /// The payload, of which nothing is proven.
    pub(crate) fn unverified(&self) -> Result<Vec<u8>, TokenError> {
        decode(self.payload)
    }

    /// The payload, if `verifies` takes message and signature. What the header's `alg` asks for is the caller's to check.
    pub(crate) fn verified_by(
        &self,
        verifies: impl FnOnce(&[u8], &[u8]) -> bool,
    ) -> Result<Vec<u8>, TokenError> {
        if !verifies(self.signed.as_bytes(), &self.signature) {
            return Err(TokenError::Invalid("its signature is wrong"));
        }
        decode(self.payload)
    }

    /// The payload, if the key signed it. The header's `alg` only has to agree with the key's.
    pub(crate) fn verified(&self, key: &VerifyingKey) -> Result<Vec<u8>, TokenError> {
        if Algorithm::from_jose(&self.header.alg) != Some(key.algorithm()) {
            return Err(TokenError::Invalid("its algorithm is not the key's"));
        }
        if !key.verify(self.signed.as_bytes(), &self.signature) {
            return Err(TokenError::Invalid("its signature is wrong"));
        }
        decode(self.payload)
    }
}

fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::Invalid("a part is not canonical base64url"))
}

/// The header we write.
#[derive(Serialize)]
struct OwnHeader<'a> {
    alg: &'a str,
    typ: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
}

/// Signs a payload, with the header's `alg` and `kid` from the key.
pub(crate) fn sign(typ: &str, payload: &[u8], key: &SigningKey) -> Result<Zeroizing<String>, TokenError> {
    let header = OwnHeader { alg: key.algorithm().as_str(), typ, kid: key.kid() };
    let header = serde_json::to_vec(&header).map_err(|_| TokenError::Signing)?;
    // 512 characters are the longest signature we make (RSA of 3072 bits); a longer one only costs a copy.
    let mut token =
        Zeroizing::new(String::with_capacity((header.len() + payload.len()).div_ceil(3) * 4 + 16 + 512));
    URL_SAFE_NO_PAD.encode_string(header, &mut token);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(payload, &mut token);
    let signature = key.sign(token.as_bytes()).ok_or(TokenError::Signing)?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}
