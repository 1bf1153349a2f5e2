//! Files of accounts that another system wrote: CSV, JSON lines and JSON. Which accounts are accepted is the domain's to decide.
//!
//! No reason given here quotes the file: a secret may stand wherever a column was forgotten.

mod array;
mod csv;
pub mod draft;
pub mod entry;
pub mod firebase;
mod json;
mod lines;
pub mod reader;
#[cfg(test)]
mod tests;
