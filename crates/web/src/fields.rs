//! Reading an object field by field, keeping every fault instead of stopping at the first.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::cursor::{self, Narrowing};
use crate::fault::{Fault, Flaw, Loc};
use crate::given::Given;
use crate::reader::Reader;

/// The fields of one part of a request.
pub struct Fields<'a> {
    part: &'static str,
    object: &'a Map<String, Value>,
    text: bool,
    faults: Vec<Fault>,
    /// The parameters of a query that were asked for and are there.
    asked: RefCell<BTreeSet<String>>,
}

impl<'a> Fields<'a> {
    /// The fields of a JSON body.
    pub fn of_json(object: &'a Map<String, Value>) -> Self {
        Self { part: "body", object, text: false, faults: Vec::new(), asked: RefCell::default() }
    }

    /// The fields of a form, whose values are all text.
    pub fn of_form(object: &'a Map<String, Value>) -> Self {
        Self { part: "body", object, text: true, faults: Vec::new(), asked: RefCell::default() }
    }

    /// The parameters of a query, whose values are all text. A parameter without a value counts as missing.
    pub fn of_query(object: &'a Map<String, Value>) -> Self {
        Self { part: "query", object, text: true, faults: Vec::new(), asked: RefCell::default() }
    }

    /// What was read, unless a field was faulty.
    ///
    /// # Errors
    /// Every fault, in the order in which the fields were read.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Vec<Fault>> {
        value.filter(|_| self.faults.is_empty()).ok_or(self.faults)
    }

    /// A field that must be there.
    pub fn required<C, R: Reader<C>>(&mut self, name: &str, reader: &R, context: &C) -> Option<R::Value> {
        let value = self.value(name);
        let given = value.map(|value| Given::new(value, self.text));
        let missing = || Err(vec![Flaw::missing().at(Vec::new(), None)]);
        match given.map_or_else(missing, |given| reader.read_parts(given, context)) {
            Ok(read) => Some(read),
            Err(faults) => {
                let place = [Loc::Name(self.part.into()), Loc::Name(name.to_owned().into())];
                self.faults.extend(faults.into_iter().map(|fault| Fault {
                    loc: place.iter().cloned().chain(fault.loc).collect(),
                    input: fault.input.filter(|_| !R::SECRET),
                    ..fault
                }));
                None
            }
        }
    }

    /// A field that may be missing or null: `Some(None)` then.
    pub fn optional<C, R: Reader<C>>(
        &mut self,
        name: &str,
        reader: &R,
        context: &C,
    ) -> Option<Option<R::Value>> {
        match self.value(name) {
            None | Some(Value::Null) => Some(None),
            Some(_) => self.required(name, reader, context).map(Some),
        }
    }

    /// A field that may be missing, `Some(None)` then, or null: `Some(Some(None))`.
    pub fn nullable<C, R: Reader<C>>(
        &mut self,
        name: &str,
        reader: &R,
        context: &C,
    ) -> Option<Option<Option<R::Value>>> {
        match self.value(name) {
            None => Some(None),
            Some(_) => self.optional(name, reader, context).map(Some),
        }
    }

    /// A field that may be missing, and has a value of its own then. Null is no value of it.
    pub fn or_default<C, R: Reader<C>>(
        &mut self,
        name: &str,
        reader: &R,
        context: &C,
        default: R::Value,
    ) -> Option<R::Value> {
        match self.value(name) {
            None => Some(default),
            Some(_) => self.required(name, reader, context),
        }
    }

    /// The value of a field, for a rule over several fields; `None` if it is missing or null.
    pub fn given(&self, name: &str) -> Option<&'a Value> {
        self.value(name).filter(|value| !value.is_null())
    }

    /// Adds a fault of a field, for a rule over several fields. Its value is echoed.
    pub fn fault(&mut self, name: &str, flaw: Flaw) {
        self.faults.push(flaw.in_field(self.part, name, self.value(name).cloned()));
    }

    /// Reports a field that must not be there, where it is. Its value is not repeated.
    pub fn refuse(&mut self, name: &str, flaw: &Flaw) {
        if self.has(name) {
            self.faults.push(flaw.clone().in_field(self.part, name, None));
        }
    }

    /// Whether the field is there, null or not.
    pub fn has(&self, name: &str) -> bool {
        self.object.contains_key(name)
    }

    /// The text of a field as it came, which reports no fault.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.object.get(name).and_then(Value::as_str)
    }

    /// The name under which a field came that has two: `alias` if only that is there.
    pub fn either<'n>(&self, name: &'n str, alias: &'n str) -> &'n str {
        if !self.has(name) && self.has(alias) { alias } else { name }
    }

    /// A digest of the parameters of a query that were read so far, but for these.
    pub(crate) fn digest(&self, but: &[&str]) -> Narrowing {
        let asked = self.asked.borrow();
        let asked = asked.iter().filter(|name| !but.contains(&name.as_str()));
        cursor::digest(asked.filter_map(|name| Some((name.as_str(), self.text(name)?))))
    }

    fn value(&self, name: &str) -> Option<&'a Value> {
        let value = self.object.get(name);
        if self.part != "query" {
            return value;
        }
        let value = value.filter(|value| !value.is_null());
        if value.is_some() {
            self.asked.borrow_mut().insert(name.to_owned());
        }
        value
    }
}
