//! An account in the making: which fields there are, under which names, and what their values mean.

use keyward_domain::identity::import::ForeignUser;

use super::entry::Fault;
use super::firebase::FirebaseParameters;

/// A column or member that means something here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Email,
    Name,
    Hash,
    Salt,
    Role,
    Disabled,
    EmailVerified,
}

pub(super) const FIELDS: &str = "email, hash, name, role, disabled, email_verified";

impl Field {
    /// The field of that name, or of one that another framework gives to the same; however its words are joined.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name.trim().to_ascii_lowercase().replace(['-', '_', ' '], "").as_str() {
            "email" => Some(Self::Email),
            "name" | "fullname" | "displayname" => Some(Self::Name),
            "hash" | "passwordhash" | "hashedpassword" | "password" | "encryptedpassword"
            | "passworddigest" => Some(Self::Hash),
            "salt" => Some(Self::Salt),
            "role" => Some(Self::Role),
            "disabled" => Some(Self::Disabled),
            "emailverified" => Some(Self::EmailVerified),
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Name => "name",
            Self::Hash => "hash",
            Self::Salt => "salt",
            Self::Role => "role",
            Self::Disabled => "disabled",
            Self::EmailVerified => "email_verified",
        }
    }
}

/// What is known of a file beside its text.
#[derive(Clone, Default)]
pub struct Reading {
    /// Skip fields that mean nothing here.
    pub ignore_unknown: bool,
    /// What the hashes of Firebase's users need beside their salt.
    pub firebase: Option<FirebaseParameters>,
}

impl Reading {
    /// The field of that name; `None` for one to skip.
    pub(super) fn field(&self, name: &str) -> Result<Option<Field>, Fault> {
        let field = Field::from_name(name).filter(|field| *field != Field::Salt || self.firebase.is_some());
        if field.is_some() || self.ignore_unknown {
            return Ok(field);
        }
        // A line of data in the place of the names may hold secrets, but nothing that looks like a name.
        let name = name.trim();
        let quoted =
            (1..=40).contains(&name.len()) && name.chars().all(|c| c.is_alphanumeric() || "_- ".contains(c));
        let name = if quoted { format!("`{name}` is") } else { "it is".to_owned() };
        Err(format!("{name} not one of {FIELDS}: --ignore-unknown skips it"))
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
    salt: String,
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
            (Field::Email, Value::Text(text)) => user.email = text,
            (Field::Name, Value::Text(text)) => user.name = some(text),
            (Field::Hash, Value::Text(text)) => text.trim().clone_into(&mut user.hash),
            (Field::Salt, Value::Text(text)) => text.trim().clone_into(&mut self.salt),
            (Field::Role, Value::Text(text)) => user.role = some(text.trim().to_owned()),
            (Field::Disabled, value) => user.disabled = flag(field, &value)?,
            (Field::EmailVerified, value) => user.email_verified = flag(field, &value)?,
            (field, _) => return Err(format!("`{}` is no text", field.name())),
        }
        Ok(())
    }

    /// The account. Without a hash it has no password.
    pub(super) fn finish(mut self, reading: &Reading) -> Result<ForeignUser, Fault> {
        if self.user.email.is_empty() {
            return Err("there is no `email`".to_owned());
        }
        let bare = !self.user.hash.is_empty() && !self.user.hash.contains('$');
        if let Some(parameters) = reading.firebase.as_ref().filter(|_| bare) {
            self.user.hash = parameters.complete(&self.salt, &self.user.hash);
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
