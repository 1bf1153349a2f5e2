//! The shop on a real database: SQLite, or the PostgreSQL server that `KEYWARD_TEST_DATABASE_URL` names.
#![expect(clippy::unwrap_used, reason = "clippy's exemption for tests does not know their helpers")]

mod bounds;
mod cart;
mod catalog;
mod contention;
mod orders;
mod storage;
mod support;
