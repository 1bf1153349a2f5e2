//! What the texts of all functions have in common: fields between `$`, and bounds.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::PasswordError;

/// What an output must have at least, in bytes: fewer can be found by trying.
pub(super) const MIN_OUTPUT: usize = 16;

pub(super) const COSTLY: PasswordError = PasswordError::UnusableHash("its cost is out of bounds");

/// Base64 of either alphabet, with or without padding.
pub(super) fn any_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD_NO_PAD.decode(text.trim_end_matches('=').replace('-', "+").replace('_', "/")).ok()
}

/// Hexadecimal digits.
pub(super) fn hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| if let [high, low] = pair { Some(digit(high)? << 4 | digit(low)?) } else { None })
        .collect()
}

/// The fields between `$`, if there are `N`.
pub(super) fn fields<const N: usize>(text: &str) -> Option<[&str; N]> {
    text.split('$').collect::<Vec<_>>().try_into().ok()
}
