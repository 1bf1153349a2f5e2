//! Amounts of money on the wire.

use keyward_web::{Flaw, Given, Reader};
use serde_json::{Number, json};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};

use crate::domain::money::{Money, MoneyError};

/// An amount as it stands in answers: a JSON number with at most two decimals.
///
/// The number is written from the exact amount: up to 90 trillion its shortest form as a double is the same digits.
pub fn amount(money: Money) -> Number {
    #[expect(clippy::cast_precision_loss, reason = "amounts stay far below 2^53 minor units")]
    let value = money.minor() as f64 / 100.0;
    Number::from_f64(value).unwrap_or_else(|| 0.into())
}

/// The highest price.
const MAX_PRICE: f64 = 9_999_999.99;

/// Reads a price: a JSON number with at most two decimals.
pub struct Price;

impl<C> Reader<C> for Price {
    type Value = Money;

    fn read(&self, given: Given<'_>, _: &C) -> Result<Money, Flaw> {
        let number = given.value().as_number();
        let number = number.ok_or_else(|| Flaw::new("decimal_type", "Input should be a valid number"))?;
        // The shortest form that means the same double has the digits that were sent, for prices of up to 15 digits.
        let text = number.to_string();
        // It has an exponent only far from any price.
        let tiny = number.as_f64().is_some_and(|number| 0.0 < number && number < 1.0);
        Money::parse(&text).map_err(|error| match error {
            MoneyError::OutOfRange | MoneyError::NotANumber if text.starts_with('-') => {
                let message = "Input should be greater than or equal to 0";
                Flaw::with_ctx("greater_than_equal", message, json!({ "ge": 0 }))
            }
            error if error == MoneyError::TooPrecise || tiny => {
                let message = "Decimal input should have no more than 2 decimal places";
                Flaw::with_ctx("decimal_max_places", message, json!({ "decimal_places": 2 }))
            }
            _ => {
                let message = format!("Input should be less than or equal to {MAX_PRICE}");
                Flaw::with_ctx("less_than_equal", message, json!({ "le": MAX_PRICE }))
            }
        })
    }

    fn schema(&self) -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Number)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Double)))
            .minimum(Some(0))
            .maximum(Some(MAX_PRICE))
            .into()
    }
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
