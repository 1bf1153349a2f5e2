//! JSON lines: one object a line. What a member means is said in `draft.rs`.

use std::fmt;
use std::io::{self, BufRead};

use keyward_domain::identity::import::ForeignUser;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::draft::{Draft, Reading, Value};
use super::entry::{Entry, Fault};
use super::lines::Lines;

/// A file of JSON lines.
pub struct JsonLines<R> {
    lines: Lines<R>,
    objects: Objects,
}

/// Reads the objects of a file.
pub(super) struct Objects(pub(super) Reading);

impl<R: BufRead> JsonLines<R> {
    pub(super) fn open(input: R, objects: Objects) -> Self {
        Self { lines: Lines::new(input), objects }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.lines.bytes
    }

    pub(super) fn next_entry(&mut self) -> io::Result<Option<Entry>> {
        loop {
            let Some(next) = self.lines.next()? else { return Ok(None) };
            let line = self.lines.number;
            let user = match next {
                Ok(text) if text.trim().is_empty() => continue,
                Ok(text) => self.objects.read(&text),
                Err(fault) => Err(fault),
            };
            return Ok(Some(Entry { line, element: None, user }));
        }
    }
}

impl Objects {
    pub(super) fn read(&self, text: &str) -> Result<ForeignUser, Fault> {
        // The error's own words would quote the line.
        let Members(members) = serde_json::from_str(text).map_err(|error| match error.column() {
            0 => "it is no JSON object".to_owned(),
            column => format!("it is no JSON object: column {column}"),
        })?;
        let mut draft = Draft::default();
        for (name, value) in members {
            if let Some(field) = self.0.field(&name)? {
                draft.set(field, value.into())?;
            }
        }
        draft.finish(&self.0)
    }
}

impl From<serde_json::Value> for Value {
    fn from(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Nothing,
            serde_json::Value::Bool(flag) => Self::Flag(flag),
            serde_json::Value::String(text) => Self::Text(text),
            // SQLite and MySQL have no booleans.
            serde_json::Value::Number(number) if number.as_u64() == Some(0) => Self::Flag(false),
            serde_json::Value::Number(number) if number.as_u64() == Some(1) => Self::Flag(true),
            _ => Self::Other,
        }
    }
}

/// An object's members, in their order, the repeated ones among them.
struct Members(Vec<(String, serde_json::Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}
