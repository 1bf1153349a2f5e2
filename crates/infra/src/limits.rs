//! Failed attempts.

pub mod attempts;
