//! The blog on a real database: SQLite, or the PostgreSQL server that `KEYWARD_TEST_DATABASE_URL` names.
#![expect(clippy::unwrap_used, reason = "clippy's exemption for tests does not know their helpers")]

mod locks;
mod pages;
mod posts;
mod storage;
mod support;
