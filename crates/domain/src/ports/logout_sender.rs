//! The port through which logout tokens reach clients.

use async_trait::async_trait;

use crate::values::logout_uri::LogoutUri;

/// Sends logout tokens (OpenID Connect Back-Channel Logout, section 2.5).
#[async_trait]
pub trait LogoutSender: Send + Sync {
    /// Sends a token, within a time well below [`CLAIM`](crate::model::logouts::CLAIM). `Ok` means that the client took it.
    async fn send(&self, uri: &LogoutUri, token: &str) -> Result<(), Undelivered>;
}

/// A logout token was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// The client refused it, with this error code if it named one. That may pass: clients answer so as well when their logout
    /// fails (section 2.8).
    #[error("the client refused it")]
    Refused(Option<String>),
    /// The client could not be reached, or answered otherwise, for this reason, in one line.
    #[error("{0}")]
    Failed(String),
}
