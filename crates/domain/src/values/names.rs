//! The names that an account logs in with: an e-mail address, a user name, or both.
//!
//! A text with an `@` in it is always an address, and a user name never has one. So one field takes either.

use std::fmt;

use super::email::Email;

/// A folded user name: 1 to 64 of `a-z`, `0-9`, `.`, `_` and `-`, the first of them a letter or a digit.
///
/// Only the letter case is folded, of ASCII alone. Anything else is refused, not fixed: what looks alike must not become
/// two accounts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Username(String);

/// Why a text is no user name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UsernameError {
    /// No characters.
    #[error("should have at least 1 character")]
    TooShort,
    /// More than 64 characters.
    #[error("should have at most 64 characters")]
    TooLong,
    /// A character that it may not have.
    #[error(
        "a user name has only the characters a-z, 0-9, '.', '_' and '-', and begins with a letter or a digit"
    )]
    Character,
}

impl Username {
    /// The most characters.
    pub const MAX: usize = 64;

    /// Folds and checks a user name.
    ///
    /// # Errors
    /// [`UsernameError`] says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, UsernameError> {
        let first = text.chars().next().ok_or(UsernameError::TooShort)?;
        if text.chars().count() > Self::MAX {
            return Err(UsernameError::TooLong);
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if !first.is_ascii_alphanumeric() || !text.chars().all(allowed) {
            return Err(UsernameError::Character);
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// The user name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Trusts a user name that was checked when it was stored.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One name, as someone types it to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginName {
    /// An e-mail address.
    Email(Email),
    /// A user name.
    Username(Username),
}

impl LoginName {
    /// Reads a name; `None` if no account can have it, or if `kinds` do not log in here.
    pub fn parse(text: &str, kinds: LoginNames) -> Option<Self> {
        let name = if text.contains('@') {
            Self::Email(Email::parse(text).ok()?)
        } else {
            Self::Username(Username::parse(text).ok()?)
        };
        kinds.admits(&name).then_some(name)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Email(email) => email.as_str(),
            Self::Username(username) => username.as_str(),
        }
    }
}

impl fmt::Display for LoginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which kinds of name log in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoginNames {
    /// Either.
    #[default]
    Both,
    /// E-mail addresses.
    Email,
    /// User names.
    Username,
}

impl LoginNames {
    /// Returns whether a name of this kind logs in.
    pub fn admits(self, name: &LoginName) -> bool {
        match self {
            Self::Both => true,
            Self::Email => matches!(name, LoginName::Email(_)),
            Self::Username => matches!(name, LoginName::Username(_)),
        }
    }
}

/// Which names a sign-up has to have.
#[derive(Clone, Copy, Debug)]
pub struct NameRules {
    /// Which names log in: of these there has to be one.
    pub kinds: LoginNames,
    /// Whether there has to be an e-mail address, which is verified before the first login.
    pub email_required: bool,
}

/// The names of an account: at least one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Names {
    email: Option<Email>,
    username: Option<Username>,
}

impl Names {
    /// Puts names together; `None` without any name.
    pub fn new(email: Option<Email>, username: Option<Username>) -> Option<Self> {
        (email.is_some() || username.is_some()).then_some(Self { email, username })
    }

    /// The e-mail address.
    pub fn email(&self) -> Option<&Email> {
        self.email.as_ref()
    }

    /// The user name.
    pub fn username(&self) -> Option<&Username> {
        self.username.as_ref()
    }

    /// The name under which attempts at the account are counted, whichever was used, and by which people know it: the e-mail
    /// address where there is one.
    pub fn primary(&self) -> &str {
        let email = self.email.as_ref().map(Email::as_str);
        email.or(self.username.as_ref().map(Username::as_str)).unwrap_or_default()
    }

    /// The words that a password must not be.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        let email = self.email.iter().flat_map(|email| [email.as_str(), email.local()]);
        email.chain(self.username.iter().map(Username::as_str))
    }
}

impl From<Email> for Names {
    fn from(email: Email) -> Self {
        Self { email: Some(email), username: None }
    }
}

impl From<Username> for Names {
    fn from(username: Username) -> Self {
        Self { email: None, username: Some(username) }
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.primary())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn letter_case_does_not_make_another_user_name() {
        assert_eq!(Username::parse("FlyingSponge").unwrap().as_str(), "flyingsponge");
        for name in ["a", "7", "a.b_c-d", "0.", &"x".repeat(64)] {
            assert_eq!(Username::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn what_is_no_user_name_is_refused_and_not_fixed() {
        for (text, reason) in [
            ("", UsernameError::TooShort),
            (" ", UsernameError::Character),
            (" ana", UsernameError::Character),
            ("ana ", UsernameError::Character),
            ("an a", UsernameError::Character),
            (".ana", UsernameError::Character),
            ("_ana", UsernameError::Character),
            ("-ana", UsernameError::Character),
            ("ana@example.com", UsernameError::Character),
            ("ana\0", UsernameError::Character),
            ("ana\n", UsernameError::Character),
            // A full-width letter, the Kelvin sign, a Cyrillic letter, a dotless i.
            ("\u{ff41}na", UsernameError::Character),
            ("\u{212a}elvin", UsernameError::Character),
            ("\u{430}na", UsernameError::Character),
            ("\u{131}na", UsernameError::Character),
            (&"x".repeat(65), UsernameError::TooLong),
        ] {
            assert_eq!(Username::parse(text), Err(reason), "{text:?}");
        }
    }

    #[test]
    fn a_name_with_an_at_sign_is_an_address_and_another_a_user_name() {
        let parse = |text| LoginName::parse(text, LoginNames::Both).map(|name| name.to_string());
        assert_eq!(parse("Ana@Example.com"), Some("ana@example.com".to_owned()));
        assert_eq!(parse("Ana"), Some("ana".to_owned()));
        assert_eq!(parse("ana@"), None);
        assert_eq!(parse("a na"), None);
        assert_eq!(LoginName::parse("ana", LoginNames::Email), None);
        assert_eq!(LoginName::parse("ana@example.com", LoginNames::Username), None);
    }

    #[test]
    fn an_account_has_a_name() {
        assert_eq!(Names::new(None, None), None);
        let (email, username) = (Email::parse("ana@example.com").unwrap(), Username::parse("ana7").unwrap());
        let both = Names::new(Some(email), Some(username.clone())).unwrap();
        assert_eq!(both.primary(), "ana@example.com");
        assert_eq!(both.words().collect::<Vec<_>>(), ["ana@example.com", "ana", "ana7"]);
        assert_eq!(Names::from(username).primary(), "ana7");
    }

    proptest! {
        #[test]
        fn parsing_is_idempotent_and_never_panics(text in "\\PC{0,100}") {
            if let Ok(name) = Username::parse(&text) {
                prop_assert_eq!(Username::parse(name.as_str()), Ok(name.clone()));
                prop_assert!(name.as_str().len() <= Username::MAX && !name.as_str().contains('@'));
            }
        }
    }
}
