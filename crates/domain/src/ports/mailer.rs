//! The mailer port: hands mail to a mail server.

use async_trait::async_trait;

use crate::model::mail::Message;

/// Hands mail to a mail server.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends a mail, within a time well below [`CLAIM`](crate::model::outbox::CLAIM). `Ok` means that the server took
    /// responsibility for it.
    async fn send(&self, message: &Message) -> Result<(), MailError>;
}

/// A mail was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct MailError {
    /// Whether further attempts are pointless.
    pub permanent: bool,
    /// The reason, in one line.
    pub reason: String,
}
