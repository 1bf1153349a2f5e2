//! Keyward's HTTP api: routes, request and response types, the OpenAPI document, settings.
//!
//! [`build`] makes the router that the binary serves and the tests call. Nothing here knows the database: `main.rs`
//! wires the ports to `keyward-infra`.
#![forbid(unsafe_code)]

pub mod config;
pub mod cors;
pub mod current_user;
mod docs;
pub mod error;
pub mod extract;
pub mod feed;
mod host;
pub mod metrics;
mod middleware;
pub mod openapi;
pub mod own_account;
mod pages;
pub mod proxies;
mod remembered;
mod router;
pub mod routes;
pub mod server;
pub mod session_check;
pub mod state;
pub mod worker;

pub use router::build;
