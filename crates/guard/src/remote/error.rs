//! What can go wrong between a service and its issuer. None of it carries a secret or a token.

use std::error::Error;
use std::sync::Arc;

/// Why nothing good came from the issuer.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// An address is no `https` URL (or `http` on loopback), or has a query, a fragment or a password in it.
    #[error("{address} cannot be used: {reason}")]
    Address {
        /// The address.
        address: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Nobody answered in time.
    #[error("{address} could not be reached")]
    Unreachable {
        /// Who was asked.
        address: String,
        /// Why.
        #[source]
        cause: Arc<dyn Error + Send + Sync>,
    },
    /// The answer has another status than 200. A redirection is not followed.
    #[error("{address} answered {status}")]
    Status {
        /// Who was asked.
        address: String,
        /// The status.
        status: u16,
    },
    /// The answer is too long, no JSON, or lacks what it has to have.
    #[error("{address} answered something unusable: {reason}")]
    Answer {
        /// Who was asked.
        address: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The metadata is that of another issuer (RFC 8414, section 3.3).
    #[error("the issuer at {asked} calls itself {found}")]
    OtherIssuer {
        /// Whose metadata was asked for.
        asked: String,
        /// Who it says it is.
        found: String,
    },
    /// The builder was given settings that do not go together.
    #[error("{0}")]
    Settings(&'static str),
    /// The HTTP client could not be made.
    #[error("no HTTP client could be made")]
    Client(#[source] Arc<dyn Error + Send + Sync>),
}
