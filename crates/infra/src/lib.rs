//! The ports of `keyward-domain` on SeaORM, and the system's clock: SQLite in a file, or PostgreSQL.
//!
//! | file | holds |
//! |---|---|
//! | `connect.rs` | how a database is opened, and why it could not be |
//! | `bounded.rs` | a connection whose every call ends in bounded time |
//! | `store.rs` | [`Database`]: the `Store` port, autocommit and transactions |
//! | `users.rs`, `sessions.rs`, `posts.rs`, `keys.rs`, `clients.rs`, `events.rs`, `jobs.rs`, `attempts.rs`, `catalog.rs`, `carts.rs`, `orders.rs`, `outbox.rs`, `recoveries.rs` | one repository each |
//! | `hashing_pool.rs` | the `Hashing` port: a few threads with a bounded queue |
//! | `identity/import/` | files of accounts of another system |
//! | `mail/templates.rs` | the `Letters` port: templates of messages |
//! | `mailer.rs`, `mail_folder.rs` | mail through SMTP, or into a folder |
//! | `search.rs` | pages of ids, for lists that can be searched |
//! | `entity/` | the tables as SeaORM sees them, private to this crate |
//! | `columns.rs` | how values that are no plain column are kept: times, folded titles |
//! | `inspection.rs` | what a database says of itself, for operators |
//! | `error.rs` | the only place that reads SeaORM's errors |
//!
//! What must never be here: a decision. Who may do what, and what an absent row means, is the domain's.
#![forbid(unsafe_code)]

mod attempts;
mod backup;
mod bounded;
mod carts;
mod catalog;
mod clients;
mod clock;
mod columns;
mod connect;
mod connections;
mod contention;
mod entity;
mod error;
mod events;
pub mod hashing_pool;
pub mod identity;
mod inspection;
mod jobs;
mod keys;
mod listener;
pub mod mail;
mod mail_folder;
mod mailer;
mod options;
mod orders;
mod outbox;
mod posts;
mod probe;
mod recoveries;
mod replica;
mod revocations;
mod search;
mod sessions;
mod signals;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod users;
mod verifications;

pub use backup::{BackupError, copy_sqlite, open_sound_sqlite, settle_sqlite, sqlite_file};
pub use clock::SystemClock;
pub use connect::ConnectError;
pub use mail_folder::MailFolder;
pub use mailer::{MailSettingsError, Sender, SmtpMailer};
pub use options::DatabaseOptions;
pub use signals::Signal;
pub use store::Database;
