//! Value types: parsed once, then carried typed. They depend on nothing else in this crate.

pub mod actor;
pub mod by;
pub mod cases;
pub mod clock;
pub mod codes;
pub mod email;
pub mod failure;
pub mod ids;
pub mod logout_uri;
pub mod names;
pub mod new_password;
pub mod origin;
pub mod packed;
pub mod page;
pub mod proof;
pub mod reachable;
pub mod relying_party;
pub mod resource_uri;
pub mod scopes;
pub mod text;
pub mod uris;
pub mod user_code;
