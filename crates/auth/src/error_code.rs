//! The identity of an error: what programs compare, while its sentence may change.

use std::fmt;

use serde::{Serialize, Serializer};

/// An error's name for programs: lower-case ASCII letters, digits and `_`, such as `token_expired`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrorCode(&'static str);

impl ErrorCode {
    /// No credentials came with the request.
    pub const NOT_AUTHENTICATED: Self = Self::new("not_authenticated");
    /// The access token is malformed, forged or revoked.
    pub const INVALID_TOKEN: Self = Self::new("invalid_token");
    /// The access token has expired.
    pub const TOKEN_EXPIRED: Self = Self::new("token_expired");
    /// The access token is valid, and its scope does not allow the call.
    pub const INSUFFICIENT_SCOPE: Self = Self::new("insufficient_scope");
    /// The access token is valid, and good for nothing but enrolling a second factor.
    pub const ENROLMENT_ONLY: Self = Self::new("enrolment_only");
    /// The access token is valid, and its holder was authenticated too long ago or not strongly enough (RFC 9470).
    pub const INSUFFICIENT_USER_AUTHENTICATION: Self = Self::new("insufficient_user_authentication");
    /// The DPoP proof is missing, malformed, used before, or for another request, token or key (RFC 9449).
    pub const INVALID_DPOP_PROOF: Self = Self::new("invalid_dpop_proof");
    /// The DPoP proof has to hold the nonce of the header `DPoP-Nonce` (RFC 9449, section 8).
    pub const USE_DPOP_NONCE: Self = Self::new("use_dpop_nonce");
    /// Too many attempts. `Retry-After` says when the next one may succeed.
    pub const TOO_MANY_ATTEMPTS: Self = Self::new("too_many_attempts");
    /// A dependency is busy or down. The same call may succeed later.
    pub const UNAVAILABLE: Self = Self::new("unavailable");

    /// The code of that name. Constants of it are checked when they are compiled.
    ///
    /// # Panics
    /// On an empty name, and on characters outside `a-z`, `0-9` and `_`.
    pub const fn new(name: &'static str) -> Self {
        let bytes = name.as_bytes();
        assert!(!bytes.is_empty(), "a code has a name");
        let mut index = 0;
        while index < bytes.len() {
            assert!(matches!(bytes[index], b'a'..=b'z' | b'0'..=b'9' | b'_'), "a code is snake_case");
            index += 1;
        }
        Self(name)
    }

    /// The name.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}
