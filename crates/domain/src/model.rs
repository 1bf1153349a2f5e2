//! What is stored: one file a noun, with its types and its repository port. Use cases live elsewhere.

pub mod api_keys;
pub mod attempts;
pub mod browser_sessions;
pub mod clients;
pub mod consents;
pub mod devices;
pub mod events;
pub mod factors;
pub mod jobs;
pub mod keys;
pub mod lifetimes;
pub mod logouts;
pub mod mail;
pub mod outbox;
pub mod overviews;
pub mod passkeys;
pub mod recoveries;
pub mod revocations;
pub mod sessions;
pub mod spent;
pub mod store_error;
pub mod users;
pub mod verifications;
