//! The service's interface, for servers and callers.

#[expect(missing_docs, clippy::pedantic, reason = "generated")]
pub mod greeter;
