//! Rate limits: how many wrong passwords, tokens or requests for mail are accepted before waits begin.

pub mod budgets;
pub mod key_guesses;
mod rate;
pub mod throttle;
pub mod waits;
pub mod writes;
