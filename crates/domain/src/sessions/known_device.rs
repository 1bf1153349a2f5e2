//! Devices that were logged in before.

use crate::values::ids::SessionId;

/// What shows that a device was logged in before. It gives a login counters of its own, and opens nothing.
pub enum KnownDevice {
    /// A refresh token that it got at an earlier login, valid or not.
    RefreshToken(String),
    /// The session of an earlier login, ended or not. The caller knows it from what only this server can have made.
    Session(SessionId),
}
