//! Why a token endpoint refuses a `grant_type`, or a client.

use keyward_domain::values::codes::{INVALID_CLIENT, UNAUTHORIZED_CLIENT};
use keyward_domain::values::failure::{Failure, Kind};
use keyward_guard::ErrorCode;

use crate::codes::UNSUPPORTED_GRANT_TYPE;

/// Why a token endpoint refuses a `grant_type`, or a client.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// `/login` knows one.
    #[error("The grant_type of this form is password.")]
    OnlyPassword,
    /// `/oauth/token` knows others.
    #[error(
        "The grant_type must be authorization_code, urn:ietf:params:oauth:grant-type:device_code, password, \
        refresh_token or client_credentials."
    )]
    Unknown,
    /// The grant is not for public clients.
    #[error(
        "A public client gets tokens by authorization_code, by the device grant and by refresh_token alone."
    )]
    Unauthorized,
    /// `/login` knows no clients.
    #[error("A registered client logs people in at /oauth/token, with its secret.")]
    ClientElsewhere,
}

impl Failure for GrantError {
    fn kind(&self) -> Kind {
        match self {
            Self::ClientElsewhere => Kind::Unauthenticated,
            Self::OnlyPassword | Self::Unknown | Self::Unauthorized => Kind::Invalid,
        }
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::ClientElsewhere => INVALID_CLIENT,
            Self::Unauthorized => UNAUTHORIZED_CLIENT,
            Self::OnlyPassword | Self::Unknown => UNSUPPORTED_GRANT_TYPE,
        }
    }
}

keyward_domain::cases! {
    /// The `grant_type` is another than `password`.
    OnlyPassword => GrantError::OnlyPassword;
    /// The `grant_type` is unknown.
    UnknownGrant => GrantError::Unknown;
    /// The client is public, and the grant is not for public clients.
    UnauthorizedClient => GrantError::Unauthorized;
    /// A registered client is named, which logs people in at `/oauth/token`.
    ClientElsewhere => GrantError::ClientElsewhere;
}
