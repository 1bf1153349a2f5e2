//! From settings to running parts: the database, the ports, the master secret, the mailer, the key ring and
//! the jobs.

pub mod check;
mod data_folder;
pub mod database;
mod distinct;
pub mod error;
pub mod grants;
pub(crate) mod jobs;
pub(crate) mod key_ring;
pub mod lock;
pub mod mail;
pub mod master_secret;
pub(crate) mod notifications;
pub mod place;
pub mod ports;
pub mod webauthn;
