//! Mail: into the outbox in the transaction that causes it, and out of it later.

pub mod delivery;
mod domains;
pub mod postbox;
pub mod slots;
