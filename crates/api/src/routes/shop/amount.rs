//! Amounts of money in answers.

use keyward_domain::money::Money;
use serde_json::Number;

/// An amount as it stands in answers: a JSON number with at most two decimals.
///
/// The number is written from the exact amount: up to 90 trillion its shortest form as a double is the same digits.
pub(super) fn amount(money: Money) -> Number {
    #[expect(clippy::cast_precision_loss, reason = "amounts stay far below 2^53 minor units")]
    let value = money.minor() as f64 / 100.0;
    Number::from_f64(value).unwrap_or_else(|| 0.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_with_their_own_digits() {
        for (minor, text) in [(0, "0.0"), (1999, "19.99"), (10, "0.1"), (99_999_999_900, "999999999.0")] {
            assert_eq!(amount(Money::from_minor(minor)).to_string(), text);
        }
        assert_eq!(amount(Money::from_minor(123_456_789_012_345)).to_string(), "1234567890123.45");
    }
}
