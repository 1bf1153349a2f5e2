//! Servers for xtask and the tools: builds and starts Keyward, and starts private PostgreSQL servers.
//!
//! It also holds what running a program takes ([`shell`]): a command of xtask and a tool report in the same way.
#![forbid(unsafe_code)]

pub mod build;
pub mod ports;
#[cfg(unix)]
pub mod postgres;
pub mod process;
pub mod shell;
