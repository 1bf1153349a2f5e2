//! The two ends of a login.

use super::opening::Tokens;
use crate::factors::challenge::Challenge;

/// What a login comes to.
pub enum Admission {
    /// Logged in.
    Granted(Box<Tokens>),
    /// The password was right, and a second factor is owed: see [`FinishLogin`](super::finish_login::FinishLogin).
    Owes(Challenge),
}
