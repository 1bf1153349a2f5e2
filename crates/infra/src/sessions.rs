//! Sessions, their proofs, their ends, and the revocation feed.

pub mod browser_sessions;
pub mod endings;
pub mod feed_epoch;
pub mod position;
pub mod proofs;
pub mod repository;
pub mod restored;
pub mod revocations;
mod rows;
mod spending;
