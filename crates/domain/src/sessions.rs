//! Sessions: one row per login. Every access token names its session, so ending the session ends its tokens.

pub mod admission;
pub mod browser_sessions;
pub mod ending;
pub mod error;
pub mod feed;
pub mod finish_login;
pub mod known_device;
pub mod log_in;
pub mod log_out;
mod login_counters;
pub mod opening;
mod owing;
pub mod passkey_login;
pub mod prove_again;
pub mod refresh;
pub mod sign_up;
pub mod standing;
mod verified;
