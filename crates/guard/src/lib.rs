#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod authenticator;
mod bearer;
mod current_user;
mod documented;
mod error;
mod lock;
mod principal;
mod scope;

pub use authenticator::{Authenticator, TokenAuthenticator};
pub use current_user::CurrentUser;
pub use documented::{Documented, Schemas, describe};
pub use error::{Refusal, detail};
pub use lock::{BEARER_SCHEME, PASSWORD_SCHEME, lock, schemes};
pub use principal::Principal;
pub use scope::{Requirement, Scope};

#[doc(hidden)]
pub use utoipa_axum;
