//! The ports of `keyward-domain` on SeaORM (SQLite in a file, or PostgreSQL), SMTP and the system's clock.
//!
//! | module | holds |
//! |---|---|
//! | [`database`] | opening a database, connections with bounded time, transactions, and what failures mean |
//! | [`identity`], [`sessions`], [`oauth`], [`factors`], [`keys`], [`mail`], [`limits`], [`upkeep`] | one repository a file |
//! | [`mail`] | also the templates of letters, and delivery through SMTP or into a folder |
//! | [`hashing_pool`] | password hashing on a few threads with a bounded queue |
//! | [`entity`] | the tables as SeaORM sees them |
//!
//! What must never be here: a decision. Who may do what, and what an absent row means, is the domain's.
#![forbid(unsafe_code)]

pub mod clock;
pub mod database;
pub mod entity;
pub mod factors;
pub mod hashing_pool;
pub mod identity;
pub mod keys;
pub mod limits;
pub mod mail;
pub mod oauth;
pub mod sessions;
#[cfg(feature = "testing")]
pub mod testing;
pub mod upkeep;
