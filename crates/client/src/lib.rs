#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod address;
mod call;
mod endpoints;
mod error;
mod grant;
mod half_login;
mod keyward;
mod logout;
mod session;

pub use call::Call;
pub use error::Error;
pub use half_login::{HalfLogin, SecondFactor};
pub use keyward::Keyward;
pub use reqwest;
pub use session::Session;
