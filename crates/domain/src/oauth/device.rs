//! Logging in on a device without a browser (RFC 8628): it asks, a person allows it elsewhere, and it gets its tokens.

pub mod ask;
pub mod decide;
pub mod error;
mod question;
pub mod redeem;
