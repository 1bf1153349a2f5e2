//! Keyward's entities, value types and use cases, with the ports (traits) they need.
//!
//! | module | holds |
//! |---|---|
//! | [`values`] | what everything is made of: ids, e-mail addresses, scopes, pages, failures |
//! | [`model`] | what is stored: each noun with its repository port |
//! | [`ports`] | what use cases need from outside: the store, hashing, letters, a mail server |
//! | [`limits`] | rate limits for everything that can be guessed or repeated |
//! | [`mail`] | putting mail into the outbox, and delivering it |
//! | [`factors`], [`identity`], [`sessions`], [`oauth`], [`keys`], [`upkeep`] | the use cases, each with its error |
//!
//! A module imports only from those above it in this table. Nothing here knows HTTP, SQL, JSON or an async runtime:
//! those live behind the ports, in `keyward-infra` and `keyward-api`. Time and randomness are passed in.
#![forbid(unsafe_code)]

pub mod factors;
pub mod identity;
pub mod keys;
pub mod limits;
pub mod mail;
pub mod model;
pub mod oauth;
pub mod ports;
pub mod sessions;
pub mod upkeep;
pub mod values;
