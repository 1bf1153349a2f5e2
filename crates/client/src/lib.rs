#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod address;
mod application;
mod body;
mod call;
mod device;
mod endpoints;
mod error;
mod form;
mod grant;
mod half_login;
mod id_token;
mod keeping;
mod kept;
mod keyward;
mod logout;
mod loopback;
mod metadata;
mod oauth;
mod secrets;
mod session;
mod session_file;
mod store;
mod tokens;
mod wall;

pub use application::Application;
pub use call::Call;
pub use device::DevicePrompt;
pub use error::Error;
pub use half_login::{HalfLogin, SecondFactor};
pub use keyward::Keyward;
pub use reqwest;
pub use session::Session;
pub use session_file::SessionFile;
pub use store::{LockedStore, SavedSession, SessionStore};
