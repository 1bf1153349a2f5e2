//! How the holder of a token was authenticated: when, by what, and how strong that is (RFC 9470; RFC 8176).

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

/// What knows when and how its holder was authenticated: an identity that a token stands for.
pub trait Authenticated {
    /// When, in Unix seconds; `None` where that is not known.
    fn authenticated_at(&self) -> Option<i64>;
    /// How strong, such as [`AAL2`]; `None` where that is not known.
    fn acr(&self) -> Option<&str>;
}
