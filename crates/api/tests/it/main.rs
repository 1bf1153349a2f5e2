//! The service as its callers see it, on a real database: SQLite, or the PostgreSQL server that
//! `KEYWARD_TEST_DATABASE_URL` names.
#![expect(clippy::unwrap_used, reason = "clippy's exemption for tests does not know their helpers")]

mod answer;
mod app;
mod document;
mod mailbox;
mod schema;

mod claims;
mod contract;
mod forge;
mod hashing;
mod health;
mod hostile;
mod login;
mod mail;
mod pages;
mod paging;
mod posts;
mod races;
mod recovery;
mod root;
mod shared;
mod slashes;
mod strings;
mod tokens;
mod tutorials;
mod users;
