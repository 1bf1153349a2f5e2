//! A service and its issuer, with a network between them.
#![expect(clippy::unwrap_used, reason = "clippy's exemption for tests does not know their helpers")]
#![expect(clippy::disallowed_methods, reason = "tokens for a service without a clock port")]

mod api_keys;
mod issuer;
mod keys;
mod outage;
mod revocation;
mod start;

use std::time::Duration;

/// Waits until something is so; the harness ends what never is.
async fn until(mut so: impl AsyncFnMut() -> bool) {
    while !so().await {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Long enough never to end by itself in a test.
const LONG: Duration = Duration::from_mins(10);
const SHORT: Duration = Duration::from_millis(20);
