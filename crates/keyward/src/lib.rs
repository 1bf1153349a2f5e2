//! Keyward as a server: its command line, and its accept loop around the service of `keyward-api`.
#![forbid(unsafe_code)]

pub mod cli;
pub mod log;
pub mod resources;
pub mod server;
