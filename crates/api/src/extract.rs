//! From a request to checked values: what Keyward adds to `keyward-web`, whose extractors answer FastAPI's 422 with every
//! faulty field at once.
//!
//! Each extractor here enforces and documents; see `docs/ADDING_AN_ENDPOINT.md`.

pub mod binary;
mod ids;
mod new_passwords;
mod oauth;
mod paged;
pub mod read;
mod sender;
mod sign_ups;
mod submitted;
mod token_body;

pub use ids::{Id, KeyOfUser};
pub use new_passwords::{NewPasswordReader, NewPasswords, as_set, new_password, refusal};
pub use oauth::{CLIENT_SCHEME, ClientFor, ClientForm, NamedClient, OAuthForm, invalid_client};
pub use paged::{Paged, Place, SESSIONS, USERS};
pub use sender::Sender;
pub use sign_ups::{SignUps, UserCreate};
pub use submitted::{Asked, Outcome, Submitted, Submitter};
pub use token_body::TokenBody;
