//! Why a token endpoint refuses a `grant_type`.

use keyward_domain::values::failure::{Failure, Kind};
use keyward_guard::ErrorCode;

use crate::codes::UNSUPPORTED_GRANT_TYPE;

/// Why a token endpoint refuses a `grant_type`.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// `/login` knows one.
    #[error("The grant_type of this form is password.")]
    OnlyPassword,
    /// `/oauth/token` knows three.
    #[error("The grant_type must be password, refresh_token or client_credentials.")]
    Unknown,
}

impl Failure for GrantError {
    fn kind(&self) -> Kind {
        Kind::Invalid
    }

    fn code(&self) -> ErrorCode {
        UNSUPPORTED_GRANT_TYPE
    }
}

keyward_domain::cases! {
    /// The `grant_type` is another than `password`.
    OnlyPassword => GrantError::OnlyPassword;
    /// The `grant_type` is unknown.
    UnknownGrant => GrantError::Unknown;
}
