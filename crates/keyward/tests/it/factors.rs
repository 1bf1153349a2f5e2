//! Second factors: enrolling them, logging in with them, proving again who one is, and taking them away.

mod administration;
pub(crate) mod authenticator;
mod bound_logins;
mod client;
mod doors;
mod enrolment;
mod forgotten;
mod mfa_clients;
mod new_device;
mod no_password;
mod passkey_counters;
mod passkey_log;
mod passkey_login;
mod passkey_policy;
mod passkey_races;
mod passkey_refusals;
mod passkey_removal;
mod passkey_scopes;
mod passkeys;
pub(crate) mod phone;
mod policy;
mod proof;
mod races;
mod recovery_codes;
mod removal;
mod weak_sessions;
mod weakening;
