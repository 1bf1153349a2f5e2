//! Keyward's entities, value types and use cases, with the ports (traits) they need.
//!
//! A file reads top to bottom: types, port, error, use cases. Nothing here knows HTTP, SQL, JSON or an async
//! runtime: those live behind the ports, in `keyward-infra` and `keyward-api`. Time and randomness are passed in.
#![forbid(unsafe_code)]

mod accounts;
pub mod clients;
pub mod clock;
mod contention;
pub mod email;
pub mod events;
pub mod failure;
pub mod hashing;
pub mod housekeeping;
pub mod import;
pub mod keys;
pub mod letters;
mod login;
mod logout;
pub mod money;
pub mod oauth;
pub mod outbox;
pub mod page;
pub mod passwords;
pub mod ports;
pub mod postbox;
pub mod posts;
pub mod recovery;
pub mod refresh;
pub mod revocations;
pub mod scopes;
pub mod sessions;
pub mod shop;
pub mod store;
pub mod text;
pub mod throttle;
pub mod users;
pub mod verification;
