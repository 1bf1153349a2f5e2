//! The database: opening it, connections with bounded time, transactions, and what its failures mean.

pub mod announcer;
pub mod backup;
pub(crate) mod batches;
pub mod bounded;
pub mod columns;
pub mod connect;
pub mod connect_error;
pub mod connections;
pub mod contention;
pub mod db;
pub mod error;
pub mod inspection;
mod interrupt;
pub mod listener;
pub mod options;
pub mod permission;
mod pooler;
mod probe;
pub mod read_pool;
pub mod readers;
pub mod replica;
pub mod rights;
pub mod search;
pub mod server_time;
pub mod signals;
pub mod store;
mod url;
