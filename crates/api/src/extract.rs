//! From a request to checked values: what Keyward adds to `keyward-web`, whose extractors answer FastAPI's 422 with every
//! faulty field at once.
//!
//! Each extractor here enforces and documents; see `docs/ADDING_AN_ENDPOINT.md`.

pub mod binary;
mod client_auth;
pub mod clients;
pub mod dpop;
mod ids;
mod maybe_client;
pub(crate) mod mounted;
mod new_passwords;
mod oauth;
mod paged;
pub mod read;
mod sender;
mod sign_ups;
mod token_body;
mod userinfo;

pub use client_auth::{NamedClient, invalid_client};
pub use ids::{Id, KeyOfUser};
pub use maybe_client::MaybeClient;
pub use mounted::HasPages;
pub use new_passwords::{NewPasswordReader, NewPasswords, as_set, new_password, refusal};
pub use oauth::{CLIENT_SCHEME, ClientFor, ClientForm, KnownClientForm, OAuthForm};
pub use paged::{Paged, Place, SESSIONS, USERS};
pub use sender::Sender;
pub use sign_ups::{SignUps, UserCreate};
pub use token_body::TokenBody;
pub use userinfo::{ForUserinfo, UserinfoForm};
