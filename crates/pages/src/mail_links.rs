//! The pages that links in mails lead to.

mod deed;
mod link;
pub mod reset_password;
pub mod verify_email;
