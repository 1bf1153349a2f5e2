//! What must hold of anything that arrives, one module a parser. Each `check` feeds bytes to what reads them in earnest,
//! compares the outcome with a second opinion, and panics where they differ.
//!
//! The fuzzer's targets in `fuzz/targets` call these, and so does a test with every seed. Nothing here knows libFuzzer.
#![forbid(unsafe_code)]
#![expect(clippy::missing_panics_doc, reason = "to panic is how a check says what it found")]

pub mod access_token;
mod answers;
pub mod argon2;
pub mod assertion;
pub mod attestation;
pub mod authorization;
pub mod body;
mod ceremony;
pub mod dpop;
mod fate;
mod fixtures;
pub mod headers;
pub mod import;
pub mod json;
pub mod jwks;
pub mod log_line;
pub mod password_hash;
pub mod query;
pub mod refresh_token;
pub mod sealed_states;

pub use fate::Fate;

/// One parser under test.
pub struct Target {
    /// Its name, which its folder of seeds and its program share.
    pub name: &'static str,
    pub check: fn(&[u8]) -> Fate,
}

pub const TARGETS: [Target; 15] = [
    Target { name: "access_token", check: access_token::check },
    Target { name: "refresh_token", check: refresh_token::check },
    Target { name: "password_hash", check: password_hash::check },
    Target { name: "argon2", check: argon2::check },
    Target { name: "jwks", check: jwks::check },
    Target { name: "headers", check: headers::check },
    Target { name: "body", check: body::check },
    Target { name: "query", check: query::check },
    Target { name: "import", check: import::check },
    Target { name: "attestation", check: attestation::check },
    Target { name: "authorization", check: authorization::check },
    Target { name: "dpop", check: dpop::check },
    Target { name: "assertion", check: assertion::check },
    Target { name: "sealed_states", check: sealed_states::check },
    Target { name: "log_line", check: log_line::check },
];
