//! Authorization requests (RFC 6749, section 4.1; OpenID Connect Core, section 3.1.2).

pub mod answer;
pub mod asking;
pub mod challenge;
mod checks;
pub mod code;
mod identified;
pub mod outcome;
pub mod params;
pub mod pending;
pub mod pushed;
pub mod pushing;
pub mod request;
