//! Keyward as a library: authentication for an axum program, with JSON routes, token checks and an OpenAPI
//! document.
//!
//! [`service::Service`] is the whole of it: `keyward serve` serves its router, and another program may merge
//! that router into its own. [`wiring`] holds the smaller parts, for commands that need the database alone.
#![forbid(unsafe_code)]

pub mod access;
pub mod answers;
pub mod boundary;
pub mod codes;
mod document;
pub mod error;
mod error_pages;
pub mod extract;
pub mod foundation;
pub mod metrics;
mod middleware;
pub mod resources;
pub mod router;
pub mod routes;
pub mod service;
pub mod settings;
pub mod state;
#[cfg(feature = "testing")]
pub mod testing;
pub mod wiring;
