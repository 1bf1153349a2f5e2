#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod address;
mod call;
mod endpoints;
mod error;
mod grant;
mod keyward;
mod logout;
mod second_factor;
mod session;

pub use call::Call;
pub use error::Error;
pub use keyward::Keyward;
pub use reqwest;
pub use second_factor::{HalfLogin, SecondFactor};
pub use session::Session;
