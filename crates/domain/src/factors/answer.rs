//! Answers to the question for a second factor.

use keyward_auth::{SecretHash, Zeroizing};

use crate::ports::webauthn::Assertion;
use crate::values::ids::UserId;
use crate::values::proof::Method;

/// An answer to the question for a second factor, as typed. It has no `Debug`.
pub enum Answer {
    /// A code of an authenticator app.
    Otp(Zeroizing<String>),
    /// A recovery code.
    RecoveryCode(Zeroizing<String>),
    /// An assertion by a passkey.
    Passkey(Box<Assertion>),
}

impl Answer {
    /// A code, as typed: spaces do not matter, for apps show them.
    pub fn otp(typed: &str) -> Self {
        Self::Otp(Zeroizing::new(typed.split_whitespace().collect()))
    }

    /// A recovery code, as typed: see `normalized`.
    pub fn recovery_code(typed: &str) -> Self {
        Self::RecoveryCode(normalized(typed))
    }

    /// The method.
    pub fn method(&self) -> Method {
        match self {
            Self::Otp(_) => Method::Otp,
            Self::RecoveryCode(_) => Method::RecoveryCode,
            Self::Passkey(_) => Method::Passkey,
        }
    }
}

/// A recovery code without letter case, spaces and hyphens, and without the letters that look like digits (Crockford's
/// base32).
pub(super) fn normalized(typed: &str) -> Zeroizing<String> {
    let mut plain = Zeroizing::new(String::with_capacity(typed.len()));
    for c in typed.chars().filter(|c| !c.is_whitespace() && *c != '-') {
        plain.push(match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        });
    }
    plain
}

/// The hash of a recovery code of this account.
pub(super) fn hash(user: UserId, normalized: &str) -> SecretHash {
    SecretHash::of(&Zeroizing::new(format!("recovery code of {user}: {normalized}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_code_is_read_as_people_type_it() {
        for typed in ["0k1m-9abc-0000-1111", " 0K1M 9ABC OOoo IiLl ", "0k1m9abc00001111"] {
            assert_eq!(*normalized(typed), "0k1m9abc00001111", "{typed}");
        }
        assert_ne!(hash(UserId(1), "a"), hash(UserId(2), "a"));
    }
}
