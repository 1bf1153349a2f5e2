//! What use cases need from outside, as traits; `keyward-infra` implements them.

pub mod announce;
pub mod bundle;
pub mod hashing;
pub mod letters;
pub mod logout_sender;
pub mod mailer;
pub mod retry;
pub mod store;
pub mod webauthn;
