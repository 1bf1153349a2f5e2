//! Files of accounts that another system wrote: CSV and JSON lines. Which accounts are accepted is the domain's to decide.
//!
//! No reason given here quotes the file: a secret may stand wherever a column was forgotten.

mod csv;
mod draft;
pub mod entry;
mod json;
mod lines;
pub mod reader;
#[cfg(test)]
mod tests;
