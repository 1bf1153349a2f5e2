//! Periodic jobs and security events.

pub mod events;
pub mod jobs;
