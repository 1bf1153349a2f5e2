//! JSON log lines: one line per event, written by a thread of its own.
//!
//! `tracing-subscriber`'s JSON format parses the fields of a span back into a value at every line, which costs as much as
//! everything else in a request. This one writes them once.

pub mod escape;
pub mod fields;
pub mod layer;
pub mod sink;
mod timestamp;
