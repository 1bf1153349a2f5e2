//! Reading an object field by field, keeping every fault instead of stopping at the first.

use keyward_auth::PasswordPolicy;
use keyward_domain::values::email::Email;
use keyward_domain::values::new_password::NewPassword;
use serde_json::{Map, Value};

use super::read;
use crate::fault::{Fault, Flaw};

/// A request's body or query that reads itself from fields. `Self` is the documented shape; what comes out are
/// checked values.
pub trait Input {
    /// What handlers work with.
    type Value: Send;

    /// The largest body accepted, in bytes.
    const MAX_BODY: usize = 16 * 1024;

    /// Reads every field; `None` if any was faulty.
    fn read(fields: &mut Fields<'_>) -> Option<Self::Value>;
}

/// The fields of one part of a request.
pub struct Fields<'a> {
    part: &'static str,
    object: &'a Map<String, Value>,
    policy: PasswordPolicy,
    faults: Vec<Fault>,
}

impl<'a> Fields<'a> {
    /// The fields of `object`, which came as `part` (`body` or `query`).
    pub fn new(part: &'static str, object: &'a Map<String, Value>, policy: PasswordPolicy) -> Self {
        Self { part, object, policy, faults: Vec::new() }
    }

    /// A field that must be there.
    pub fn required<T>(&mut self, name: &str, read: impl FnOnce(&Value) -> Result<T, Flaw>) -> Option<T> {
        self.field(name, Echo::Input, read)
    }

    /// A field that must be there and is never echoed.
    pub fn secret<T>(&mut self, name: &str, read: impl FnOnce(&Value) -> Result<T, Flaw>) -> Option<T> {
        self.field(name, Echo::Nothing, read)
    }

    /// A password that shall be kept from now on, never echoed. `owner` is the account's address, where it is known already.
    pub fn new_password(&mut self, name: &str, owner: Option<&Email>) -> Option<NewPassword> {
        let policy = self.policy.clone();
        self.secret(name, |value| {
            NewPassword::parse(read::string(value)?, &policy, owner).map_err(read::refusal)
        })
    }

    /// A field that may be missing or null: `Some(None)` then.
    pub fn optional<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&Value) -> Result<T, Flaw>,
    ) -> Option<Option<T>> {
        match self.object.get(name) {
            None | Some(Value::Null) => Some(None),
            Some(_) => self.required(name, read).map(Some),
        }
    }

    /// A field that may be missing, but if it is there must fit: null does not.
    pub fn or_default<T>(
        &mut self,
        name: &str,
        default: T,
        read: impl FnOnce(&Value) -> Result<T, Flaw>,
    ) -> Option<T> {
        match self.object.get(name) {
            None => Some(default),
            Some(_) => self.required(name, read),
        }
    }

    /// Whether the field is there, null or not.
    pub fn has(&self, name: &str) -> bool {
        self.object.contains_key(name)
    }

    /// What was read, unless anything was faulty.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Vec<Fault>> {
        match value {
            Some(value) if self.faults.is_empty() => Ok(value),
            _ => Err(self.faults),
        }
    }

    fn field<T>(
        &mut self,
        name: &str,
        echo: Echo,
        read: impl FnOnce(&Value) -> Result<T, Flaw>,
    ) -> Option<T> {
        let value = self.object.get(name);
        match value.map_or_else(|| Err(Flaw::missing()), read) {
            Ok(read) => Some(read),
            Err(flaw) => {
                let input = value.filter(|_| matches!(echo, Echo::Input)).cloned();
                self.faults.push(flaw.in_field(self.part, name, input));
                None
            }
        }
    }
}

enum Echo {
    Input,
    Nothing,
}
