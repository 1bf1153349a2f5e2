//! What the texts of all functions have in common: fields between `$`, and bounds.

use crate::PasswordError;

/// What an output must have at least, in bytes: fewer can be found by trying.
pub(super) const MIN_OUTPUT: usize = 16;

pub(super) const COSTLY: PasswordError = PasswordError::UnusableHash("its cost is out of bounds");

/// The fields between `$`, if there are `N`.
pub(super) fn fields<const N: usize>(text: &str) -> Option<[&str; N]> {
    text.split('$').collect::<Vec<_>>().try_into().ok()
}
