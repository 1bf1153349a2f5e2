//! What can go wrong, one enum a noun. Messages are for logs and operators: none carries a secret, a token or a hash,
//! and none knows of HTTP. ([`TokenError`](crate::TokenError) lives beside its traits in `token.rs`.)

use crate::Algorithm;

/// Why a password could not be hashed or checked. A wrong password is no error: see [`Verdict`](crate::Verdict).
#[derive(thiserror::Error, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PasswordError {
    /// The cost parameters asked for are outside what Argon2 (RFC 9106 section 3.1) or this crate's caps allow.
    #[error("the Argon2 parameters are not usable: {0}")]
    Parameters(&'static str),
    /// A stored hash is malformed, of an unknown scheme, or asks for an absurd amount of work.
    #[error("the stored password hash is not usable: {0}")]
    UnusableHash(&'static str),
    /// A stored hash begins with the name of a function that is not known here.
    #[error("the stored password hash is not usable: its function {0} is unknown")]
    UnknownHash(String),
    /// The working memory could not be allocated.
    #[error("there is not enough memory to hash a password")]
    OutOfMemory,
    /// The hash function itself refused.
    #[error("the password could not be hashed")]
    Hashing,
}

/// Why a key was refused.
#[derive(thiserror::Error, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// The name of a signature algorithm this crate does not have.
    #[error("unknown algorithm: use EdDSA, ES256, RS256 or HS256")]
    UnknownAlgorithm,
    /// The operation makes no sense for this algorithm, such as generating an HS256 secret.
    #[error("{0} does not support this: {1}")]
    Unsupported(Algorithm, &'static str),
    /// A secret or master secret with less than 32 bytes (RFC 7518 section 3.2).
    #[error("the secret has {0} bytes, at least 32 are required")]
    TooShort(usize),
    /// The bytes are no key of the expected kind.
    #[error("the key was refused: {0}")]
    Rejected(&'static str),
    /// A JWK of a type, curve, algorithm or use this crate does not verify with (RFC 7517 section 5: to be skipped).
    #[error("the key is of a kind that is not used here: {0}")]
    Foreign(&'static str),
    /// Two keys of a set share one `kid`.
    #[error("two keys of the set have the same kid")]
    DuplicateKid,
    /// A key set without any key to verify with.
    #[error("the key set holds no usable key")]
    NoUsableKey,
    /// A rotation without a next key, or without any signing key.
    #[error("there is no next key to rotate to")]
    NothingNext,
    /// The cryptographic library could not make a key.
    #[error("the key could not be generated")]
    Generation,
}

/// Why a scope string was refused (RFC 6749 section 3.3).
#[derive(thiserror::Error, Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScopeError {
    /// A name that is empty or holds a space, a quote, a backslash or anything outside printable ASCII.
    #[error("a scope name may only hold printable ASCII without spaces, quotes and backslashes")]
    Name,
}

/// Why a text is no refresh token of ours. Whether a well-formed one is *genuine* is
/// [`RefreshTokens::verify`](crate::RefreshTokens::verify)'s business.
#[derive(thiserror::Error, Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefreshError {
    /// Not `kwr_` followed by 96 characters of canonical base64url, or by the 75 of earlier versions.
    #[error("this is not a refresh token")]
    Malformed,
}
