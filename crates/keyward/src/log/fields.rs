//! The fields of events and spans as members of a JSON object. Integers of 128 bits are strings there.

use std::error::Error;
use std::fmt::Debug;

use tracing::field::{Field, Visit};

use super::escape::{float, printed, string};

/// Appends every field as `,"name":value`.
pub struct Members<'a>(pub &'a mut String);

impl Members<'_> {
    fn name(&mut self, field: &Field) {
        self.0.push_str(",\"");
        // A field's name is an identifier, or a string literal of the program.
        super::escape::escaped(self.0, plain(field.name()));
        self.0.push_str("\":");
    }

    fn number(&mut self, field: &Field, number: impl itoa::Integer) {
        self.name(field);
        self.0.push_str(itoa::Buffer::new().format(number));
    }
}

/// A raw identifier without its mark.
pub(super) fn plain(name: &'static str) -> &'static str {
    name.strip_prefix("r#").unwrap_or(name)
}

impl Visit for Members<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.name(field);
        printed(self.0, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.name(field);
        string(self.0, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.number(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.number(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.name(field);
        self.0.push_str(if value { "true" } else { "false" });
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.name(field);
        float(self.0, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.name(field);
        printed(self.0, format_args!("{value}"));
    }
}

/// The fields of a span, each written once. A later record of a field replaces it.
#[derive(Default)]
pub(super) struct SpanFields {
    /// Every field as `,"name":value`, one after the other.
    members: String,
    /// Their names, and where each ends.
    ends: Vec<(&'static str, usize)>,
}

impl SpanFields {
    /// Of a request: its id, and its user and session or key.
    pub(super) fn with_room() -> Self {
        Self { members: String::with_capacity(192), ends: Vec::with_capacity(4) }
    }

    /// Takes the fields that `record` visits.
    pub(super) fn take(&mut self, record: impl FnOnce(&mut dyn Visit)) {
        record(&mut Collecting(self));
    }

    /// Appends `,"span":{..,"name":".."}`, as the members of the enclosing object.
    pub(super) fn write(&self, line: &mut String, name: &str) {
        line.push_str(",\"span\":{");
        // Past the comma that begins the first.
        if let Some(members) = self.members.get(1..) {
            line.push_str(members);
            line.push(',');
        }
        line.push_str("\"name\":");
        string(line, name);
        line.push('}');
    }
}

/// Keeps each visited field by its name.
struct Collecting<'a>(&'a mut SpanFields);

impl Collecting<'_> {
    fn keep(&mut self, field: &Field, write: impl FnOnce(&mut Members<'_>)) {
        let name = plain(field.name());
        let SpanFields { members, ends } = &mut *self.0;
        let Some(kept) = ends.iter().position(|(kept, _)| *kept == name) else {
            write(&mut Members(members));
            ends.push((name, members.len()));
            return;
        };
        let begin = kept.checked_sub(1).map_or(0, |before| ends[before].1);
        let end = ends[kept].1;
        let rest = members.split_off(end);
        members.truncate(begin);
        write(&mut Members(members));
        for (_, later) in &mut ends[kept..] {
            *later = *later - end + members.len();
        }
        members.push_str(&rest);
    }
}

impl Visit for Collecting<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.keep(field, |members| members.record_debug(field, value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.keep(field, |members| members.record_str(field, value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.keep(field, |members| members.record_i64(field, value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.keep(field, |members| members.record_u64(field, value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.keep(field, |members| members.record_bool(field, value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.keep(field, |members| members.record_f64(field, value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.keep(field, |members| members.record_error(field, value));
    }
}
