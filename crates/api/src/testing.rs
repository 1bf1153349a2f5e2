//! The service under test: the router that the binary serves, on a database of the test's own, and people who
//! call it.
//!
//! Every answer is checked against the OpenAPI document. Panics instead of returning errors: a test has
//! nothing better to do.
#![expect(clippy::missing_panics_doc, clippy::unwrap_used, reason = "said once, above, for the whole module")]

pub mod answer;
pub mod app;
pub mod call;
pub mod clock;
pub mod document;
pub mod letters;
pub mod person;
pub mod race;
pub mod schema;
