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
    /// No answer in time.
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

impl RemoteError {
    /// Whether the endpoint may have moved since the metadata was read: there is no server at the address, or one
    /// without this endpoint. An issuer that is slow, broken, or refuses the request has not moved.
    pub(super) fn leads_elsewhere(&self) -> bool {
        match self {
            Self::Unreachable { cause, .. } => cause
                .downcast_ref::<reqwest::Error>()
                .is_some_and(|error| error.is_connect() && !error.is_timeout()),
            Self::Status { status, .. } => matches!(status, 300..=399 | 404 | 405 | 410 | 421),
            Self::Answer { .. } => true,
            // These tell of no endpoint.
            Self::Address { .. } | Self::OtherIssuer { .. } | Self::Settings(_) | Self::Client(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::Url;
    use tokio::net::TcpSocket;

    use super::*;
    use crate::remote::http::Http;

    async fn asked(url: &str, limit: Duration) -> RemoteError {
        let http = Http::new(limit, true).unwrap();
        http.get::<bool>(&Url::parse(url).unwrap()).await.map(|fetched| fetched.value).unwrap_err()
    }

    #[tokio::test]
    async fn whoever_is_slow_is_where_it_was_and_whoever_is_gone_may_be_elsewhere() {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = socket.local_addr().unwrap();
        // The port is bound, but not listening.
        let gone = asked(&format!("http://{address}"), Duration::from_mins(10)).await;
        assert!(matches!(gone, RemoteError::Unreachable { .. }) && gone.leads_elsewhere(), "{gone:?}");
        // The system accepts the connection, and no program answers.
        let _listener = socket.listen(8).unwrap();
        for scheme in ["http", "https"] {
            let slow = asked(&format!("{scheme}://{address}"), Duration::from_millis(50)).await;
            assert!(matches!(slow, RemoteError::Unreachable { .. }) && !slow.leads_elsewhere(), "{slow:?}");
        }
    }

    #[test]
    fn a_status_says_whether_the_endpoint_is_there() {
        let of = |status| RemoteError::Status { address: String::new(), status };
        assert!([301, 302, 308, 404, 405, 410, 421].map(of).iter().all(RemoteError::leads_elsewhere));
        assert!(
            ![400, 401, 403, 408, 429, 500, 502, 503, 504].map(of).iter().any(RemoteError::leads_elsewhere)
        );
    }
}
