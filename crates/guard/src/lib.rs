#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod authenticator;
#[cfg(any(feature = "axum", feature = "tower"))]
mod bearer;
#[cfg(feature = "axum")]
mod current_user;
#[cfg(feature = "openapi")]
mod documented;
mod error;
#[cfg(feature = "tower")]
mod layer;
#[cfg(feature = "openapi")]
mod lock;
mod principal;
#[cfg(feature = "remote")]
mod remote;
mod scope;

pub use authenticator::{Authenticator, TokenAuthenticator};
#[cfg(feature = "axum")]
pub use current_user::CurrentUser;
#[cfg(feature = "openapi")]
pub use documented::{Documented, Schemas, describe};
pub use error::Refusal;
#[cfg(feature = "axum")]
pub use error::detail;
#[cfg(feature = "tower")]
pub use layer::{BearerBody, BearerLayer, BearerService};
#[cfg(feature = "openapi")]
pub use lock::{BEARER_SCHEME, ERROR, PASSWORD_SCHEME, error_schema, lock, schemes};
pub use principal::Principal;
#[cfg(feature = "remote")]
pub use remote::{RemoteAuthenticator, RemoteBuilder, RemoteError};
pub use scope::{Requirement, Scope};

pub use keyward_auth::{Random, ScopeSet, Scoped, SystemRandom, TokenProfile};

#[cfg(feature = "openapi")]
#[doc(hidden)]
pub use utoipa_axum;
