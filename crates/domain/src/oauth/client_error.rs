//! Why a use case of clients failed.

use keyward_auth::{Algorithm, ErrorCode};

use crate::factors::error::FactorError;
use crate::model::store_error::StoreError;
use crate::values::codes;
use crate::values::failure::{Failure, Kind};

/// Why a use case of clients failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Unknown, or another secret: deliberately one answer.
    #[error("Client authentication failed")]
    Unknown,
    /// There is a client of that id.
    #[error("there is a client with this id")]
    Taken,
    /// There is no client of that id.
    #[error("there is no client with this id")]
    NotFound,
    /// A public client without redirect URI, and not for devices, could do nothing.
    #[error("a public client needs a redirect URI, or the device grant")]
    NoRedirect,
    /// A public client has no secret.
    #[error("a public client has no secret")]
    NoSecret,
    /// More URIs of one kind than a client may have.
    #[error("a client has at most {0} URIs of each kind")]
    TooManyUris(usize),
    /// A resource is the issuer or this server's audience: tokens that name no resource are for this server already.
    #[error(
        "a resource must not be this server's issuer or audience; tokens are for this server without one"
    )]
    OwnResource,
    /// Logout tokens would not be sent to its URI for them.
    #[error(
        "the URI for logout tokens must have a host of the public Internet; with KEYWARD_BACKCHANNEL_PRIVATE=on it may have any"
    )]
    PrivateReceiver,
    /// ID tokens cannot be signed with a secret that several clients share.
    #[error("ID tokens cannot be signed with {0}")]
    Algorithm(Algorithm),
    /// There are as many clients as there may be.
    #[error("there are {0} clients, which is the most there may be")]
    Full(u64),
    /// The administrator has a second factor, which was not shown.
    #[error(transparent)]
    Factor(#[from] FactorError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Failure for ClientError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unknown => Kind::Unauthenticated,
            Self::Taken | Self::Full(_) | Self::NoSecret => Kind::Conflict,
            Self::NotFound => Kind::NotFound,
            Self::NoRedirect
            | Self::TooManyUris(_)
            | Self::OwnResource
            | Self::PrivateReceiver
            | Self::Algorithm(_) => Kind::Unprocessable,
            Self::Factor(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::Unknown => codes::INVALID_CLIENT,
            Self::Taken => codes::CLIENT_TAKEN,
            Self::NotFound => codes::NOT_FOUND,
            Self::NoSecret => codes::PUBLIC_CLIENT,
            Self::NoRedirect
            | Self::TooManyUris(_)
            | Self::OwnResource
            | Self::PrivateReceiver
            | Self::Algorithm(_) => codes::VALIDATION,
            Self::Full(_) => codes::TOO_MANY_CLIENTS,
            Self::Factor(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn field(&self) -> Option<[&'static str; 2]> {
        match self {
            Self::NoRedirect | Self::TooManyUris(_) => Some(["body", "redirect_uris"]),
            Self::OwnResource => Some(["body", "resources"]),
            Self::PrivateReceiver => Some(["body", "backchannel_logout_uri"]),
            Self::Algorithm(_) => Some(["body", "id_token_signed_response_alg"]),
            _ => None,
        }
    }

    fn acr_values(&self) -> Option<&'static str> {
        match self {
            Self::Factor(error) => error.acr_values(),
            _ => None,
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Factor(error) => error.retry_after(),
            _ => None,
        }
    }
}

crate::cases! {
    /// There is a client with this id.
    ClientTaken => ClientError::Taken;
    /// There is no such client.
    NoClient => ClientError::NotFound;
    /// There are as many clients as there may be.
    ManyClients => ClientError::Full(1_000);
    /// The client is public, and has no secret.
    NoSecret => ClientError::NoSecret;
}
