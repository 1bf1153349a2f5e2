//! Private PostgreSQL servers: found, started, and gone with the process that wanted them.

mod account;
mod cluster;
pub mod installed;
pub mod keeper;
pub mod private;
mod signals;
