#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod algorithm;
mod api_key;
mod argon2;
mod authentication;
mod claims;
mod code;
mod confirmation;
mod dpop;
mod error;
mod error_code;
mod id_token;
mod json;
mod jwk;
mod jws;
mod jwt;
mod keys;
#[cfg(feature = "imported")]
mod legacy;
mod logout_token;
mod memory;
mod password;
mod policy;
mod profile;
mod random;
mod refresh;
mod ring;
mod scope;
mod seal;
mod secret;
mod secret_hash;
mod signer;
mod thumbprint;
mod token;
mod totp;

pub use algorithm::Algorithm;
pub use api_key::ApiKey;
pub use argon2::{Argon2Engine, Argon2Params, Argon2idHasher};
pub use authentication::{AAL1, AAL2, Authenticated, Authentication, Credential};
pub use claims::Claims;
pub use code::OneTimeCodes;
pub use confirmation::Confirmation;
pub use dpop::{
    DPOP_ALGORITHMS, DpopError, DpopNonce, DpopNonces, DpopProof, ProofMemory, ProofTarget, ProofUse,
    UnverifiedProof,
};
pub use error::{KeyError, PasswordError, RefreshError, ScopeError};
pub use error_code::ErrorCode;
pub use id_token::{IdTokenGrant, IdTokenHint};
pub use jwk::{Jwk, Jwks};
pub use jws::MAX_TOKEN_BYTES;
pub use jwt::{IssuerSettings, JwtIssuer, JwtVerifier, VerifierSettings};
pub use keys::{SigningKey, VerifyingKey};
pub use logout_token::LogoutTokenGrant;
pub use memory::MemoryUse;
pub use password::{Password, PasswordHash, PasswordHasher, Verdict};
pub use policy::{PasswordPolicy, PasswordRefusal, RefusedPasswords};
pub use profile::TokenProfile;
pub use random::{Random, SystemRandom};
pub use refresh::{RefreshClaim, RefreshToken, RefreshTokens};
pub use ring::{KeyRing, SharedKeyRing};
pub use scope::{ScopeSet, Scoped};
pub use secret::MasterSecret;
pub use secret_hash::{SecretHash, random_secret};
pub use thumbprint::Thumbprint;
pub use token::{AccessToken, Grant, TokenError, TokenIssuer, TokenVerifier};
pub use totp::TotpSecret;
pub use zeroize::Zeroizing;
