//! Second factors: enrolling them, logging in with them, proving again who one is, and taking them away.

mod client;
mod doors;
mod enrolment;
mod new_device;
mod no_password;
pub(crate) mod phone;
mod policy;
mod proof;
mod races;
mod removal;
mod weak_sessions;
