//! The shop's letters, from templates.

use std::sync::Arc;

use keyward_domain::model::mail::Letter;
use keyward_domain::ports::letters::{LetterError, Reader};
use keyward_infra::mail::templates::{Template, Templates};
use minijinja::{Value, context};

use crate::domain::letters::ShopLetters;
use crate::domain::order::Order;

/// The confirmation of an order.
pub const ORDER_CONFIRMATION: Template = Template {
    name: "order_confirmation",
    text: include_str!("../../templates/order_confirmation.txt"),
    html: include_str!("../../templates/order_confirmation.html"),
    sample,
};

/// Words letters with Keyward's templates.
pub struct TemplateLetters(pub Arc<Templates>);

impl ShopLetters for TemplateLetters {
    fn order_confirmation(&self, reader: Reader<'_>, order: &Order) -> Result<Letter, LetterError> {
        let lines = order.lines.iter().map(|line| {
            let subtotal = line.price.times(line.quantity).unwrap_or_default();
            context! {
                name => line.name.as_str(),
                price => line.price.to_string(),
                quantity => line.quantity,
                subtotal => subtotal.to_string(),
            }
        });
        let order = context! {
            id => order.id.0,
            address => order.address.as_str(),
            amount => order.amount.to_string(),
            lines => lines.collect::<Vec<_>>(),
        };
        let (email, name) = (reader.email.as_str(), reader.name.unwrap_or_default());
        self.0.letter(ORDER_CONFIRMATION.name, &context! { order, email, name })
    }
}

/// The values of an order to try templates out with.
fn sample() -> Value {
    let line =
        context! { name => "Tea & <b>biscuits</b>", price => "19.99", quantity => 1, subtotal => "19.99" };
    let order = context! { id => 1, address => "1 Main Street", amount => "19.99", lines => vec![line] };
    context! { order }
}

#[cfg(test)]
mod tests {
    use keyward_infra::mail::templates::Wording;

    use super::*;

    #[test]
    fn a_confirmation_lists_what_was_bought() {
        let templates =
            Templates::load(None, Wording::of("Tea Shop", "https://tea.example"), [ORDER_CONFIRMATION])
                .unwrap();
        let letter = templates.letter(ORDER_CONFIRMATION.name, &sample()).unwrap();
        assert_eq!(letter.subject, "Your order 1 at Tea Shop");
        assert!(letter.text.contains("1 x Tea & <b>biscuits</b>: 19.99"), "{}", letter.text);
        assert!(letter.html.contains("Tea &amp; &lt;b&gt;biscuits"), "{}", letter.html);
    }
}
