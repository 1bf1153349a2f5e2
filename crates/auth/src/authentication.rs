//! How the holder of a token was authenticated: when, by what, and how strong that is (RFC 9470; RFC 8176).

use crate::Confirmation;

/// Authentication by one factor, such as a password (NIST SP 800-63B).
pub const AAL1: &str = "aal1";
/// Authentication by two factors.
pub const AAL2: &str = "aal2";

/// When and how the user was authenticated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    /// `auth_time`: when, in Unix seconds.
    pub at: i64,
    /// `acr`: how strong, [`AAL1`] or [`AAL2`].
    pub acr: String,
    /// `amr`: by what, such as `pwd` and `otp`.
    pub amr: Vec<String>,
}

/// What a caller presented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credential {
    /// An access token that a user got for themselves.
    #[default]
    AccessToken,
    /// An access token that an OAuth2 client got, for itself or in the name of a user.
    ClientToken,
    /// An API key.
    ApiKey,
}

/// What knows when and how its holder was authenticated: an identity that a token stands for.
pub trait Authenticated {
    /// Whether its callers may have to wait after too many credentials that open nothing: the document says so.
    const WAITS: bool = false;
    /// When, in Unix seconds; `None` where that is not known.
    fn authenticated_at(&self) -> Option<i64>;
    /// How strong, such as [`AAL2`]; `None` where that is not known.
    fn acr(&self) -> Option<&str>;
    /// What the credential is bound to; `None` for one that any bearer may use. A lock opens to a bound one only with a proof by its
    /// key (RFC 9449).
    fn confirmation(&self) -> Option<&Confirmation>;
    /// What its holder presented.
    fn credential(&self) -> Credential;
}
