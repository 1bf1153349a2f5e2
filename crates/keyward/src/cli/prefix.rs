//! How the names of our variables begin.

/// Before the name of every setting.
pub(super) const PREFIX: &str = "KEYWARD_";
