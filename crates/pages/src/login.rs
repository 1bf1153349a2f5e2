//! Logging in, in all its steps, and logging out.

pub(crate) mod answer;
pub mod forgot;
pub mod log_in;
pub mod log_out;
pub mod mfa;
pub mod onward;
pub(crate) mod passkey;
mod pending;
pub mod prove;
pub mod sign_up;
