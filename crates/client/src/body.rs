//! The body of an answer, which is read up to a bound: what is at the other end may send without end.

use reqwest::Response;
use serde::de::DeserializeOwned;

/// The most that is read of an answer, in bytes. Keyward's are a few kilobytes.
const MOST: usize = 256 * 1024;

/// Why there is no body.
pub(crate) enum Unread {
    /// The connection was lost, or it took too long.
    Away,
    /// It is longer than an answer of Keyward's, or is not what was expected.
    Unfit,
}

/// Reads a body of JSON.
pub(crate) async fn json<T: DeserializeOwned>(mut response: Response) -> Result<T, Unread> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| Unread::Away)? {
        if bytes.len().saturating_add(chunk.len()) > MOST {
            return Err(Unread::Unfit);
        }
        bytes.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&bytes).map_err(|_| Unread::Unfit)
}
