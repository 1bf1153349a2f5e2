//! An e-mail address as the identifier of an account.
//!
//! Two spellings of one mailbox must never become two accounts, and two mailboxes never one. Hence: surrounding
//! space is trimmed, letter case is folded, and only ASCII is accepted (an internationalised domain is written in its
//! `xn--` form), because Unicode has many look-alikes and foldings that differ from one mail system to the next.

use std::fmt;

/// A folded, well-formed address of at most 254 characters (RFC 5321, section 4.5.3.1): `local@domain`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Email(String);

/// Why a text is no address. The words complete "value is not a valid email address: ".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// No `@`, or more than one.
    #[error("It must have exactly one @-sign.")]
    AtSign,
    /// Nothing, or too much, before the `@`.
    #[error("There must be 1 to 64 characters before the @-sign.")]
    LocalLength,
    /// A character that may not stand before the `@`.
    #[error(
        "The part before the @-sign may hold only ASCII letters, digits, single inner periods and !#$%&'*+-/=?^_`{{|}}~."
    )]
    Local,
    /// The part after the `@` is no domain name.
    #[error(
        "The part after the @-sign must be a domain name such as example.com (an international one in its xn-- form)."
    )]
    Domain,
    /// More than 254 characters.
    #[error("It is longer than 254 characters.")]
    TooLong,
}

impl Email {
    /// The longest address there can be, in characters.
    pub const MAX: usize = 254;

    /// Trims, folds and checks an address.
    ///
    /// # Errors
    /// [`EmailError`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim_matches([' ', '\t']);
        if text.len() > Self::MAX {
            return Err(EmailError::TooLong);
        }
        let (local, domain) = text.split_once('@').ok_or(EmailError::AtSign)?;
        if domain.contains('@') {
            return Err(EmailError::AtSign);
        }
        if local.is_empty() || local.len() > 64 {
            return Err(EmailError::LocalLength);
        }
        if !local.split('.').all(is_atom) {
            return Err(EmailError::Local);
        }
        if !is_domain(domain) {
            return Err(EmailError::Domain);
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@`.
    pub fn local(&self) -> &str {
        self.0.split_once('@').map_or(self.as_str(), |(local, _)| local)
    }

    /// Trusts an address that was checked when it was stored.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// RFC 5322, section 3.2.3: one or more of `atext`.
fn is_atom(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
}

/// Two or more LDH labels (RFC 1034, section 3.5), the last of them not a number.
fn is_domain(text: &str) -> bool {
    let labels: Vec<&str> = text.split('.').collect();
    text.len() <= 253
        && labels.len() >= 2
        && labels.iter().all(|label| is_label(label))
        && labels.last().is_some_and(|tld| !tld.bytes().all(|b| b.is_ascii_digit()))
}

fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_and_surrounding_space_do_not_make_another_address() {
        assert_eq!(Email::parse(" Ana@Example.COM\t").unwrap().as_str(), "ana@example.com");
        assert_eq!(Email::parse("a.b+tag@sub.example.com").unwrap().local(), "a.b+tag");
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", EmailError::AtSign),
            ("plain", EmailError::AtSign),
            ("a@b@example.com", EmailError::AtSign),
            ("@example.com", EmailError::LocalLength),
            ("a..b@example.com", EmailError::Local),
            (".a@example.com", EmailError::Local),
            ("a b@example.com", EmailError::Local),
            ("a\r\nBcc: x@example.com", EmailError::Local),
            ("\"a\"@example.com", EmailError::Local),
            ("Ana <ana@example.com>", EmailError::Local),
            ("a\0@example.com", EmailError::Local),
            ("kelvin\u{212a}@example.com", EmailError::Local),
            ("a@exampl\u{435}.com", EmailError::Domain),
            ("a@example.com.", EmailError::Domain),
            ("a@example.com\r\n", EmailError::Domain),
            ("a@localhost", EmailError::Domain),
            ("a@-x.com", EmailError::Domain),
            ("a@127.0.0.1", EmailError::Domain),
            ("a@[127.0.0.1]", EmailError::Domain),
            ("a@example.com,b@example.com", EmailError::AtSign),
        ] {
            assert_eq!(Email::parse(text), Err(reason), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn parsing_is_idempotent_and_never_panics(text in "\\PC{0,300}") {
            if let Ok(email) = Email::parse(&text) {
                prop_assert_eq!(Email::parse(email.as_str()), Ok(email.clone()));
                prop_assert!(email.as_str().len() <= Email::MAX && email.as_str().is_ascii());
            }
        }

        #[test]
        fn every_spelling_of_case_is_one_address(local in "[a-zA-Z0-9]{1,20}", domain in "[a-zA-Z]{1,20}") {
            let text = format!("{local}@{domain}.com");
            prop_assert_eq!(Email::parse(&text).unwrap(), Email::parse(&text.to_uppercase()).unwrap());
        }
    }
}
