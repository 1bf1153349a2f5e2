//! The tables as SeaORM sees them.

pub(crate) mod api_keys;
pub(crate) mod attempts;
pub(crate) mod browser_sessions;
pub(crate) mod clients;
pub(crate) mod consents;
pub(crate) mod device_requests;
pub(crate) mod email_proofs;
pub(crate) mod jobs;
pub(crate) mod logins;
pub(crate) mod logouts;
pub(crate) mod outbox;
pub(crate) mod passkeys;
pub(crate) mod recoveries;
pub(crate) mod recovery_codes;
pub(crate) mod revocations;
pub(crate) mod security_events;
pub(crate) mod sessions;
pub(crate) mod signing_keys;
pub(crate) mod spent;
pub(crate) mod totp_factors;
pub(crate) mod totp_offers;
pub mod users;
