//! Listening: HTTP/1.1 connections, in clear or in TLS, with every limit that `axum::serve` leaves open.

pub mod accept;
mod byte_budget;
mod connection_limiter;
mod head_timer;
pub mod limits;
pub mod open_files;
mod paced;
pub mod tls;
#[cfg(unix)]
pub(crate) mod unix_socket;
