//! The service's interface, for servers and callers, and what it does.
#![forbid(unsafe_code)]

#[expect(clippy::pedantic, reason = "generated")]
pub mod greeter;
mod polite;

pub use polite::Polite;
