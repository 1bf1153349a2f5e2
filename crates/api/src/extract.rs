//! From a request to checked values, with FastAPI's 422 for whatever does not fit: every faulty field at once.
//!
//! Each extractor here enforces and documents; see `docs/ADDING_AN_ENDPOINT.md`.

mod body;
mod both;
mod conditions;
mod cursor;
mod fields;
mod form;
mod json;
mod oauth;
mod paged;
mod path;
mod query;
pub mod read;
mod sender;
mod submitted;

pub use body::{AnyBody, Body};
pub use both::Both;
pub use conditions::Conditions;
pub use cursor::List;
pub use fields::{Fields, Input};
pub use oauth::{CLIENT_SCHEME, ClientFor, ClientForm, OAuthForm, invalid_client};
pub use paged::{Listed, Listing, Paged, Unfiltered};
pub use path::{IntegerId, Path, PathParam};
pub use query::{Here, Query, refuse_credentials_in};
pub use sender::{RequestId, Sender};
pub use submitted::{Outcome, Outcomes, Submitted, Submitter};
