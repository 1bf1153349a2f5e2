//! Housekeeping that runs in the background.

pub mod cleaning;
mod surplus;
