//! Mail: the templates of messages.

pub mod templates;
