//! Second factors, and what is good once.

pub mod changes;
pub mod repository;
pub mod spent;
