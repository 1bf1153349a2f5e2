//! OAuth2 and OpenID Connect: registered clients, what people allow them, and the tokens they get.

pub mod app_error;
pub mod authorize;
pub mod client_error;
pub mod clients;
pub mod consents;
pub mod device;
pub mod end_session;
pub mod id_tokens;
pub mod logouts;
pub mod redeem;
pub mod tokens;
