//! Readers of the domain's values, for `#[input(read = ..)]`. The words are pydantic v2's.

use keyward_auth::Password;
use keyward_domain::values::email::{Email, EmailError};
use keyward_domain::values::names::{LoginName, LoginNames, Username, UsernameError};
use keyward_domain::values::text::{Text, TextError};
use keyward_web::{Flaw, Given, Reader};
use serde_json::json;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};

/// Reads a bounded text; the type of the field has the bounds.
pub fn text<const MIN: usize, const MAX: usize>() -> TextReader<MIN, MAX> {
    TextReader
}

/// Made by [`text`].
pub struct TextReader<const MIN: usize, const MAX: usize>;

impl<C, const MIN: usize, const MAX: usize> Reader<C> for TextReader<MIN, MAX> {
    type Value = Text<MIN, MAX>;

    fn read(&self, given: Given<'_>, _: &C) -> Result<Self::Value, Flaw> {
        Text::parse(given.string()?).map_err(|error| match error {
            TextError::TooShort { min } => Flaw::too_short(min),
            TextError::TooLong { max } => Flaw::too_long(max),
            TextError::Control => Flaw::control(),
        })
    }

    fn schema(&self) -> RefOr<Schema> {
        let length = of_type(Type::String).min_length((MIN > 0).then_some(MIN));
        length.max_length(Some(MAX)).into()
    }
}

/// Reads an e-mail address.
pub fn email() -> EmailReader {
    EmailReader
}

/// Made by [`email`].
pub struct EmailReader;

impl<C> Reader<C> for EmailReader {
    type Value = Email;

    fn read(&self, given: Given<'_>, _: &C) -> Result<Email, Flaw> {
        Email::parse(given.string()?).map_err(no_email)
    }

    fn schema(&self) -> RefOr<Schema> {
        of_type(Type::String).format(known(KnownFormat::Email)).max_length(Some(254)).into()
    }
}

/// What is wrong with an e-mail address.
fn no_email(error: EmailError) -> Flaw {
    let reason = error.to_string();
    let message = format!("value is not a valid email address: {reason}");
    Flaw::with_ctx("value_error", message, json!({ "reason": reason }))
}

/// Reads a user name.
pub fn username() -> UsernameReader {
    UsernameReader
}

/// Made by [`username`].
pub struct UsernameReader;

impl<C> Reader<C> for UsernameReader {
    type Value = Username;

    fn read(&self, given: Given<'_>, _: &C) -> Result<Username, Flaw> {
        Username::parse(given.string()?).map_err(no_username)
    }

    fn schema(&self) -> RefOr<Schema> {
        of_type(Type::String).min_length(Some(1)).max_length(Some(Username::MAX)).into()
    }
}

/// What is wrong with a user name.
fn no_username(error: UsernameError) -> Flaw {
    match error {
        UsernameError::TooShort => Flaw::too_short(1),
        UsernameError::TooLong => Flaw::too_long(Username::MAX),
        UsernameError::Character => Flaw::value(&error.to_string()),
    }
}

/// Reads one of the names that an account logs in with, of these kinds.
pub fn login_name(kinds: LoginNames) -> LoginNameReader {
    LoginNameReader { kinds }
}

/// Made by [`login_name`].
pub struct LoginNameReader {
    kinds: LoginNames,
}

impl<C> Reader<C> for LoginNameReader {
    type Value = LoginName;

    fn read(&self, given: Given<'_>, _: &C) -> Result<LoginName, Flaw> {
        let text = given.string()?;
        let address = match self.kinds {
            LoginNames::Both => text.contains('@'),
            LoginNames::Email => true,
            LoginNames::Username => false,
        };
        if address {
            return Email::parse(text).map(LoginName::Email).map_err(no_email);
        }
        Username::parse(text).map(LoginName::Username).map_err(no_username)
    }

    fn schema(&self) -> RefOr<Schema> {
        of_type(Type::String).min_length(Some(1)).max_length(Some(Email::MAX)).into()
    }
}

/// Reads a password as its owner types it, to be compared whole. It is never echoed.
pub fn password() -> PasswordReader {
    PasswordReader
}

/// Made by [`password`].
pub struct PasswordReader;

impl<C> Reader<C> for PasswordReader {
    type Value = Password;

    const SECRET: bool = true;

    fn read(&self, given: Given<'_>, _: &C) -> Result<Password, Flaw> {
        given.raw_string().map(Password::new)
    }

    fn schema(&self) -> RefOr<Schema> {
        of_type(Type::String).format(known(KnownFormat::Password)).into()
    }
}

/// A password at a login.
pub struct LoginPassword {
    /// The password, as typed.
    pub password: Password,
    /// Whether it came in a form, in which a code may stand behind it.
    pub in_form: bool,
}

/// Reads a password at a login, and whether it came in a form. It is never echoed.
pub fn login_password() -> LoginPasswordReader {
    LoginPasswordReader
}

/// Made by [`login_password`].
pub struct LoginPasswordReader;

impl<C> Reader<C> for LoginPasswordReader {
    type Value = LoginPassword;

    const SECRET: bool = true;

    fn read(&self, given: Given<'_>, _: &C) -> Result<LoginPassword, Flaw> {
        let password = given.raw_string().map(Password::new)?;
        Ok(LoginPassword { password, in_form: given.is_text() })
    }

    fn schema(&self) -> RefOr<Schema> {
        <PasswordReader as Reader<C>>::schema(&PasswordReader)
    }
}

fn of_type(schema_type: Type) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(schema_type)
}

#[expect(clippy::unnecessary_wraps, reason = "as the builder takes it")]
fn known(format: KnownFormat) -> Option<SchemaFormat> {
    Some(SchemaFormat::KnownFormat(format))
}
