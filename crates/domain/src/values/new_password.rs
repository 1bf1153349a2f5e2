//! A password that its owner may choose.

use std::sync::Arc;

use keyward_auth::{Password, PasswordPolicy, PasswordRefusal};

use super::names::Names;

/// The product's name, which is too easy to guess.
const PRODUCT: &str = "keyward";

/// A password that its owner may choose: the policy has seen it.
pub struct NewPassword(Arc<Password>);

impl NewPassword {
    /// Checks `raw` against `policy`; it must not be a name of the account, nor the product's name with nothing but
    /// digits and signs around it.
    ///
    /// # Errors
    /// [`PasswordRefusal`] says which rule it breaks.
    pub fn parse(raw: &str, policy: &PasswordPolicy, owner: Option<&Names>) -> Result<Self, PasswordRefusal> {
        let password = Password::new(raw);
        policy.check(&password, &words(owner))?;
        let word = password.expose().trim_matches(|c: char| !c.is_alphabetic());
        if word.eq_ignore_ascii_case(PRODUCT) {
            Err(PasswordRefusal::Context)
        } else {
            Ok(Self(Arc::new(password)))
        }
    }

    /// Whether it may belong to the account of these names: it must be none of them, nor the part before the @.
    ///
    /// # Errors
    /// [`PasswordRefusal::Context`].
    pub fn check_owner(&self, owner: &Names) -> Result<(), PasswordRefusal> {
        let words_only = PasswordPolicy { min_chars: 0, max_chars: usize::MAX, ..PasswordPolicy::default() };
        words_only.check(&self.0, &words(Some(owner)))
    }

    /// The password, for the hasher.
    pub fn password(&self) -> Arc<Password> {
        Arc::clone(&self.0)
    }
}

/// The words that a password of the account must not be.
fn words(owner: Option<&Names>) -> Vec<&str> {
    owner.into_iter().flat_map(Names::words).collect()
}
