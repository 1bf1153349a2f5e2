//! The tables as SeaORM sees them. Nothing outside this crate sees an entity.

pub(crate) mod posts;
pub(crate) mod sessions;
pub(crate) mod signing_keys;
pub(crate) mod users;
