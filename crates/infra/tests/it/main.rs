//! The contract of the ports, on a real database: SQLite, or the PostgreSQL server that `KEYWARD_TEST_DATABASE_URL` names.
#![expect(clippy::unwrap_used, reason = "clippy's exemption for tests does not know their helpers")]

mod attempts;
mod bindings;
mod clients;
mod contention;
mod events;
mod factors;
mod jobs;
mod keys;
mod migration_sets;
mod migrations;
mod notes;
mod opening;
mod outbox;
mod overviews;
mod passwordless;
mod recoveries;
mod refreshes;
mod revocations;
mod rows;
mod sessions;
mod signals;
mod spending;
mod support;
mod transactions;
mod unavailable;
mod users;
mod verifications;
