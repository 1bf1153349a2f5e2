//! The pages that applications send people to: allowing the application, and logging out.

pub(crate) mod authorize;
mod consent;
pub(crate) mod device;
pub(crate) mod logout;
mod onward;
mod query;
pub(crate) mod scopes;
pub(crate) mod switch;
