//! Money, exact: whole minor units, never binary floating point.

use std::fmt;

/// An amount of a currency with two decimals, in minor units (cents): 0 to [`Money::MAX`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Money(i64);

/// The text is no amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// It is no plain decimal number.
    #[error("should be a plain decimal number")]
    NotANumber,
    /// It has more than two decimals.
    #[error("should have no more than 2 decimal places")]
    TooPrecise,
    /// It is negative or too large.
    #[error("should be between 0 and 9999999.99")]
    OutOfRange,
}

impl Money {
    /// The largest price there can be.
    pub const MAX: Self = Self(999_999_999);

    /// Reads a price such as `19.99`, `20` or `20.0`.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
        let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !plain(whole) || !plain(decimals) {
            return Err(MoneyError::NotANumber);
        }
        let decimals = decimals.trim_end_matches('0');
        if decimals.len() > 2 {
            return Err(MoneyError::TooPrecise);
        }
        let minor: i64 = format!("{whole}{decimals:0<2}").parse().map_err(|_| MoneyError::OutOfRange)?;
        Some(Self(sign * minor))
            .filter(|money| (0..=Self::MAX.0).contains(&money.0))
            .ok_or(MoneyError::OutOfRange)
    }

    /// An amount in minor units, as it was stored.
    pub fn from_minor(minor: i64) -> Self {
        Self(minor)
    }

    /// The amount in minor units.
    pub fn minor(self) -> i64 {
        self.0
    }

    /// The price of `quantity` pieces; `None` on overflow.
    pub fn times(self, quantity: u32) -> Option<Self> {
        self.0.checked_mul(quantity.into()).map(Self)
    }

    /// Both together; `None` if that is more than can be counted.
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn prices_are_read_exactly() {
        for (text, minor) in
            [("0", 0), ("19.99", 1999), ("20", 2000), ("20.0", 2000), ("0.10", 10), ("0.1", 10)]
        {
            assert_eq!(Money::parse(text), Ok(Money(minor)), "{text}");
        }
        assert_eq!(Money::parse("9999999.99"), Ok(Money::MAX));
    }

    #[test]
    fn what_is_no_price_is_refused() {
        for (text, error) in [
            ("", MoneyError::NotANumber),
            ("NaN", MoneyError::NotANumber),
            ("1e3", MoneyError::NotANumber),
            (".5", MoneyError::NotANumber),
            ("1.", MoneyError::NotANumber),
            ("1.234", MoneyError::TooPrecise),
            ("-0.01", MoneyError::OutOfRange),
            ("10000000", MoneyError::OutOfRange),
            ("99999999999999999999999", MoneyError::OutOfRange),
        ] {
            assert_eq!(Money::parse(text), Err(error), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_price_is_read_as_it_is_written(minor in 0..=999_999_999_i64) {
            prop_assert_eq!(Money::parse(&Money(minor).to_string()), Ok(Money(minor)));
        }

        #[test]
        fn any_text_is_a_price_or_refused(text in "\\PC{0,40}") {
            if let Ok(money) = Money::parse(&text) {
                prop_assert!((0..=Money::MAX.0).contains(&money.0));
            }
        }
    }
}
