//! The service as its callers see it, on a real database: SQLite, or the PostgreSQL server that
//! `KEYWARD_TEST_DATABASE_URL` names.
#![expect(clippy::unwrap_used, reason = "clippy's exemption for tests does not know their helpers")]

mod forge;
mod mailbox;
mod process;
mod proxy;
mod wire;

mod app;
mod backup;
mod binary;
mod claims;
mod client;
mod commands;
mod contention;
mod contract;
mod cors;
mod deploy;
mod discovery;
mod doctor;
mod endings;
mod events;
mod feed;
mod flood;
mod framing;
mod guessing;
mod hashing;
mod health;
mod hostile;
mod import;
mod login;
mod mail;
mod metrics;
mod oauth;
mod outage;
mod pages;
mod paging;
mod programs;
mod proofs;
mod races;
mod recovery;
mod refusals;
mod removed_clients;
mod replica;
mod resources;
mod revocation;
mod root;
mod scopes;
mod server;
mod session_model;
mod sessions;
mod shared;
mod slashes;
mod story;
mod strings;
mod throttle;
mod timing;
mod tls;
mod tokens;
#[cfg(feature = "otlp")]
mod traces;
mod tutorials;
mod users;
mod verification;
mod yesterday;
