//! The outbox, and delivery through SMTP or into a folder.

pub mod folder;
pub mod outbox;
pub mod smtp;
