//! Files of accounts that another system wrote, read as they come: CSV and JSON lines. What is let in is the domain's to say.
//!
//! No reason given here quotes the file: a secret may stand wherever a column was forgotten.

mod csv;
mod json;
mod lines;

use std::io::{self, BufRead};
use std::path::Path;

use keyward_domain::import::ForeignUser;

use self::csv::Csv;
use self::json::JsonLines;

/// Why a line, or the whole file, is refused: a sentence.
pub type Fault = String;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180, with the columns' names in its first line; `;` and tabs separate as well.
    Csv,
    /// One JSON object a line.
    JsonLines,
}

impl Format {
    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "csv" | "tsv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            _ => None,
        }
    }

    /// The format that a file of this name most likely has.
    pub fn of(path: &Path) -> Option<Self> {
        Self::from_name(&path.extension()?.to_str()?.to_ascii_lowercase())
    }
}

/// What one line, or record of several lines, tells.
pub struct Entry {
    /// The number of its first line, from 1.
    pub line: u64,
    /// The account.
    pub user: Result<ForeignUser, Fault>,
}

/// A file of accounts. Whatever it holds, only one record of at most 64 KiB is in memory.
pub enum Users<R> {
    /// CSV.
    Csv(Csv<R>),
    /// JSON lines.
    JsonLines(JsonLines<R>),
}

impl<R: BufRead> Users<R> {
    /// Begins to read. Columns that mean nothing here are passed over, if told to, and otherwise refused: a misspelled
    /// `disabled` would let people in.
    ///
    /// # Errors
    /// The first line of a CSV file does not name the columns.
    pub fn open(input: R, format: Format, ignore_unknown: bool) -> io::Result<Result<Self, Fault>> {
        Ok(match format {
            Format::Csv => Csv::open(input, ignore_unknown)?.map(Self::Csv),
            Format::JsonLines => Ok(Self::JsonLines(JsonLines::open(input, ignore_unknown))),
        })
    }

    /// The next account.
    ///
    /// # Errors
    /// The file cannot be read any further.
    pub fn next_entry(&mut self) -> io::Result<Option<Entry>> {
        match self {
            Self::Csv(csv) => csv.next_entry(),
            Self::JsonLines(json) => json.next_entry(),
        }
    }

    /// How many bytes were read.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Csv(csv) => csv.bytes(),
            Self::JsonLines(json) => json.bytes(),
        }
    }
}

/// A column or member that means something here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Email,
    Name,
    Hash,
    Role,
    Disabled,
    EmailVerified,
}

const FIELDS: &str = "email, hash, name, role, disabled, email_verified";

impl Field {
    /// The field of that name, or of one that FastAPI's template or Django gives to the same.
    fn from_name(name: &str) -> Option<Self> {
        match name.trim().to_ascii_lowercase().replace('-', "_").as_str() {
            "email" | "e_mail" => Some(Self::Email),
            "name" | "full_name" => Some(Self::Name),
            "hash" | "password_hash" | "hashed_password" | "password" => Some(Self::Hash),
            "role" => Some(Self::Role),
            "disabled" => Some(Self::Disabled),
            "email_verified" => Some(Self::EmailVerified),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Name => "name",
            Self::Hash => "hash",
            Self::Role => "role",
            Self::Disabled => "disabled",
            Self::EmailVerified => "email_verified",
        }
    }
}

/// What stands in a field.
enum Value {
    Nothing,
    Text(String),
    Flag(bool),
    Other,
}

/// An account, field by field.
#[derive(Default)]
struct Draft {
    user: ForeignUser,
    seen: Vec<Field>,
}

impl Draft {
    fn set(&mut self, field: Field, value: Value) -> Result<(), Fault> {
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
            (Field::Role, Value::Text(text)) => user.role = some(text.trim().to_owned()),
            (Field::Disabled, value) => user.disabled = flag(field, &value)?,
            (Field::EmailVerified, value) => user.email_verified = flag(field, &value)?,
            (field, _) => return Err(format!("`{}` is no text", field.name())),
        }
        Ok(())
    }

    fn finish(self) -> Result<ForeignUser, Fault> {
        if self.user.email.is_empty() {
            return Err("there is no `email`".to_owned());
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

#[cfg(test)]
mod tests;
