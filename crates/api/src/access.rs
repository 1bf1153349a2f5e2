//! Who may come in: token checks with a short memory, and what handlers get from them.

pub mod cache_use;
pub mod current_user;
pub mod endpoint_proofs;
pub mod epochs;
pub mod feed;
pub(crate) mod key_check;
pub mod key_uses;
pub mod own_account;
pub(crate) mod remembered;
pub mod scope;
pub mod session_check;
pub mod userinfo;
