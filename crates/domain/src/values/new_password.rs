//! A password that its owner may choose.

use std::sync::Arc;

use keyward_auth::{Password, PasswordPolicy, PasswordRefusal};

use super::email::Email;

/// The product's name, which is too easy to guess.
const PRODUCT: &str = "keyward";

/// A password that its owner may choose: the policy has seen it.
pub struct NewPassword(Arc<Password>);

impl NewPassword {
    /// Checks `raw` against `policy`; it must not be the account's own address, nor the product's name with nothing but
    /// digits and signs around it.
    ///
    /// # Errors
    /// [`PasswordRefusal`] says which rule it breaks.
    pub fn parse(raw: &str, policy: &PasswordPolicy, owner: Option<&Email>) -> Result<Self, PasswordRefusal> {
        let password = Password::new(raw);
        let (address, local) = owner.map_or(("", ""), |email| (email.as_str(), email.local()));
        policy.check(&password, &[address, local])?;
        let word = password.expose().trim_matches(|c: char| !c.is_alphabetic());
        if word.eq_ignore_ascii_case(PRODUCT) {
            Err(PasswordRefusal::Context)
        } else {
            Ok(Self(Arc::new(password)))
        }
    }

    /// Whether it may belong to the account of that address: it must not be the address, nor the part before the @.
    ///
    /// # Errors
    /// [`PasswordRefusal::Context`].
    pub fn check_owner(&self, owner: &Email) -> Result<(), PasswordRefusal> {
        let words_only = PasswordPolicy { min_chars: 0, max_chars: usize::MAX, ..PasswordPolicy::default() };
        words_only.check(&self.0, &[owner.as_str(), owner.local()])
    }

    /// The password, for the hasher.
    pub fn password(&self) -> Arc<Password> {
        Arc::clone(&self.0)
    }
}
