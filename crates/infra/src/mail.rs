//! The outbox, the templates of letters, and delivery through SMTP or into a folder.

pub mod error;
pub mod folder;
pub mod outbox;
pub mod sender;
pub mod smtp;
pub mod templates;
