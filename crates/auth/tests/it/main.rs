//! The public API from the outside: one file a noun, and the attacks in one of their own. Known answers lie in `../vectors`.
#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod attacks;
mod attacks_on_claims;
#[cfg(feature = "imported")]
mod imported;
mod memory;
mod passwords;
mod refresh;
mod service;
mod tokens;
