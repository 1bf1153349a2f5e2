//! Servers for xtask and the tools: builds and starts Keyward, and starts private PostgreSQL servers.
//!
//! It also runs programs and writes to the terminal ([`shell`]), for xtask and the tools alike.
#![forbid(unsafe_code)]

pub mod build;
pub mod pgo;
pub mod ports;
#[cfg(unix)]
pub mod postgres;
pub mod process;
pub mod shell;
