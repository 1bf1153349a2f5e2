//! An account in the making: which fields there are, under which names, and what their values mean.

use keyward_domain::identity::import::ForeignUser;

use super::entry::Fault;

/// A column or member that means something here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Email,
    Username,
    Name,
    Hash,
    Role,
    Disabled,
    EmailVerified,
}

pub(super) const FIELDS: &str = "email, username, hash, name, role, disabled, email_verified";

impl Field {
    /// The field of that name, or of one that FastAPI's template or Django gives to the same.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name.trim().to_ascii_lowercase().replace('-', "_").as_str() {
            "email" | "e_mail" => Some(Self::Email),
            "username" | "user_name" => Some(Self::Username),
            "name" | "full_name" => Some(Self::Name),
            "hash" | "password_hash" | "hashed_password" | "password" => Some(Self::Hash),
            "role" => Some(Self::Role),
            "disabled" => Some(Self::Disabled),
            "email_verified" => Some(Self::EmailVerified),
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Username => "username",
            Self::Name => "name",
            Self::Hash => "hash",
            Self::Role => "role",
            Self::Disabled => "disabled",
            Self::EmailVerified => "email_verified",
        }
    }
}

/// What stands in a field.
pub(super) enum Value {
    Nothing,
    Text(String),
    Flag(bool),
    Other,
}

/// An account, field by field.
#[derive(Default)]
pub(super) struct Draft {
    user: ForeignUser,
    seen: Vec<Field>,
}

impl Draft {
    pub(super) fn set(&mut self, field: Field, value: Value) -> Result<(), Fault> {
        if self.seen.contains(&field) {
            return Err(format!("`{}` is there twice", field.name()));
        }
        self.seen.push(field);
        let user = &mut self.user;
        match (field, value) {
            (_, Value::Nothing) => {}
            (Field::Email, Value::Text(text)) => user.email = some(text),
            (Field::Username, Value::Text(text)) => user.username = some(text),
            (Field::Name, Value::Text(text)) => user.name = some(text),
            (Field::Hash, Value::Text(text)) => text.trim().clone_into(&mut user.hash),
            (Field::Role, Value::Text(text)) => user.role = some(text.trim().to_owned()),
            (Field::Disabled, value) => user.disabled = flag(field, &value)?,
            (Field::EmailVerified, value) => user.email_verified = flag(field, &value)?,
            (field, _) => return Err(format!("`{}` is no text", field.name())),
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<ForeignUser, Fault> {
        if self.user.email.is_none() && self.user.username.is_none() {
            return Err("there is neither `email` nor `username`".to_owned());
        }
        if self.user.hash.is_empty() {
            return Err("there is no `hash`".to_owned());
        }
        Ok(self.user)
    }
}

fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// Databases and languages write truth in many ways.
fn flag(field: Field, value: &Value) -> Result<bool, Fault> {
    let known = match value {
        Value::Flag(flag) => Some(*flag),
        Value::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "1" => Some(true),
            "false" | "f" | "no" | "n" | "0" | "" => Some(false),
            _ => None,
        },
        Value::Nothing | Value::Other => None,
    };
    known.ok_or_else(|| format!("`{}` is neither true nor false", field.name()))
}
