//! An [`Authenticator`](crate::Authenticator) that needs nothing but an issuer's address: it fetches the
//! keys, keeps them fresh, and verifies with them here, without a call for every request.

mod address;
mod api_keys;
mod authenticator;
mod builder;
mod credentials;
mod discovery;
mod error;
mod http;
mod introspection;
mod keys;
mod revocations;
mod task;

pub use self::authenticator::RemoteAuthenticator;
pub use self::builder::RemoteBuilder;
pub use self::error::RemoteError;
