//! The words of mails: templates, compiled in, each of which a folder may override.
//!
//! A letter has two: `NAME.txt`, whose first line is `Subject: ..` and whose second is empty, and
//! `NAME.html`, in which every value is escaped. A template is tried out when it is loaded, so that a faulty
//! one stops the start and no order.

use std::io::ErrorKind;
use std::path::Path;

use keyward_domain::email::Email;
use keyward_domain::letters::{Letter, LetterError, Letters};
use keyward_domain::money::Money;
use keyward_domain::shop::catalog::{Label, ProductId};
use keyward_domain::shop::orders::{Address, Line, Order, OrderId, OrderStatus};
use keyward_domain::users::UserId;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use time::OffsetDateTime;

const ORDER_CONFIRMATION: &str = "order_confirmation";
const PASSWORD_RESET: &str = "password_reset";
const PASSWORD_CHANGED: &str = "password_changed";
const EMAIL_VERIFICATION: &str = "email_verification";
const EMAIL_CHANGED: &str = "email_changed";

/// Every template there is.
const BUILT_IN: [(&str, &str); 10] = [
    ("order_confirmation.txt", include_str!("../../templates/order_confirmation.txt")),
    ("order_confirmation.html", include_str!("../../templates/order_confirmation.html")),
    ("password_reset.txt", include_str!("../../templates/password_reset.txt")),
    ("password_reset.html", include_str!("../../templates/password_reset.html")),
    ("password_changed.txt", include_str!("../../templates/password_changed.txt")),
    ("password_changed.html", include_str!("../../templates/password_changed.html")),
    ("email_verification.txt", include_str!("../../templates/email_verification.txt")),
    ("email_verification.html", include_str!("../../templates/email_verification.html")),
    ("email_changed.txt", include_str!("../../templates/email_changed.txt")),
    ("email_changed.html", include_str!("../../templates/email_changed.html")),
];

/// The letters' templates.
pub struct Templates(Environment<'static>);

impl Default for Templates {
    fn default() -> Self {
        let mut environment = Environment::empty();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|name| match name.rsplit_once('.') {
            Some((_, "html")) => AutoEscape::Html,
            _ => AutoEscape::None,
        });
        for (name, source) in BUILT_IN {
            // A test below loads each of them; one that did not load would make its letter fail.
            let _ = environment.add_template(name, source);
        }
        Self(environment)
    }
}

impl Templates {
    /// The templates, with those of `folder` in place of the built-in ones of the same name.
    ///
    /// # Errors
    /// A sentence that names the faulty file.
    pub fn overridden(folder: &Path) -> Result<Self, String> {
        let mut templates = Self::default();
        std::fs::read_dir(folder)
            .map_err(|error| format!("the folder {} cannot be read: {error}", folder.display()))?;
        for (name, _) in BUILT_IN {
            let path = folder.join(name);
            let source = match std::fs::read_to_string(&path) {
                Ok(source) => source,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(format!("{} cannot be read: {error}", path.display())),
            };
            let added = templates.0.add_template_owned(name, source);
            added.map_err(|error| format!("{}: {error}", path.display()))?;
        }
        templates.try_out().map_err(|error| error.to_string())?;
        Ok(templates)
    }

    fn try_out(&self) -> Result<(), LetterError> {
        self.order_confirmation(&sample())?;
        self.password_reset("https://keyward.example/reset-password?token=t")?;
        self.password_changed()?;
        self.email_verification("https://keyward.example/verify-email?token=t", "000000")?;
        self.email_changed(&Email::from_stored("ana@example.org".to_owned())).map(drop)
    }

    fn letter(&self, name: &'static str, values: &Value) -> Result<Letter, LetterError> {
        let faulty = |reason: String| LetterError { name, reason };
        let render = |file: String| {
            let template = self.0.get_template(&file).map_err(|error| faulty(error.to_string()))?;
            template.render(values).map_err(|error| faulty(error.to_string()))
        };
        let text = render(format!("{name}.txt"))?;
        let html = render(format!("{name}.html"))?;
        let (subject, text) = text
            .strip_prefix("Subject: ")
            .and_then(|text| text.split_once('\n'))
            .ok_or_else(|| faulty(format!("{name}.txt does not begin with `Subject: `")))?;
        Ok(Letter { subject: subject.trim().to_owned(), text: text.trim_start().to_owned(), html })
    }
}

impl Letters for Templates {
    fn order_confirmation(&self, order: &Order) -> Result<Letter, LetterError> {
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
        self.letter(ORDER_CONFIRMATION, &context! { order })
    }

    fn password_reset(&self, link: &str) -> Result<Letter, LetterError> {
        self.letter(PASSWORD_RESET, &context! { link })
    }

    fn password_changed(&self) -> Result<Letter, LetterError> {
        self.letter(PASSWORD_CHANGED, &context! {})
    }

    fn email_verification(&self, link: &str, code: &str) -> Result<Letter, LetterError> {
        self.letter(EMAIL_VERIFICATION, &context! { link, code })
    }

    fn email_changed(&self, new: &Email) -> Result<Letter, LetterError> {
        self.letter(EMAIL_CHANGED, &context! { email => new.as_str() })
    }
}

/// An order to try templates out with.
fn sample() -> Order {
    let price = Money::from_minor(1_999);
    Order {
        id: OrderId(1),
        user: UserId(1),
        placed_at: OffsetDateTime::UNIX_EPOCH,
        amount: price,
        status: OrderStatus::Processing,
        address: Address::from_stored("1 Main Street".to_owned()),
        lines: vec![Line {
            product: ProductId(1),
            name: Label::from_stored("Tea & <b>biscuits</b>".to_owned()),
            price,
            quantity: 1,
        }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_template_can_be_written() {
        Templates::default().try_out().unwrap();
    }

    #[test]
    fn values_are_escaped_in_html_and_as_they_are_in_plain_text() {
        let letter = Templates::default().order_confirmation(&sample()).unwrap();
        assert_eq!(letter.subject, "Your order 1");
        assert!(letter.text.contains("1 x Tea & <b>biscuits</b>: 19.99"), "{}", letter.text);
        assert!(letter.html.contains("Tea &amp; &lt;b&gt;biscuits"), "{}", letter.html);
    }

    #[test]
    fn a_folder_overrides_templates_and_a_faulty_one_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("order_confirmation.txt");
        std::fs::write(&path, "Subject: Merci ({{ order.id }})\n\nBonjour").unwrap();
        let letter = Templates::overridden(folder.path()).unwrap().order_confirmation(&sample()).unwrap();
        assert_eq!((letter.subject.as_str(), letter.text.as_str()), ("Merci (1)", "Bonjour"));
        for faulty in ["Bonjour", "Subject: {{ order.nothing }}\n\nx", "Subject: {{ \n\nx"] {
            std::fs::write(&path, faulty).unwrap();
            let problem = Templates::overridden(folder.path()).err().unwrap();
            assert!(problem.contains("order_confirmation"), "{problem}");
        }
    }
}
