//! One faulty field, in pydantic v2's shape and words.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// A step on the way to a faulty field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Loc {
    /// A part of the request, or a field's name.
    Name(Cow<'static, str>),
    /// A position.
    Index(usize),
}

/// One faulty field.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = ValidationError)]
pub struct Fault {
    /// What is wrong with it, for programs.
    #[serde(rename = "type")]
    #[schema(example = "missing")]
    pub kind: &'static str,
    /// Where it is: the part of the request, then the field.
    #[schema(example = json!(["body", "email"]))]
    pub loc: Vec<Loc>,
    /// What is wrong with it, for people.
    #[schema(example = "Field required")]
    pub msg: Cow<'static, str>,
    /// The value as it came; never a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// The bounds that the message speaks of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ctx: Option<Value>,
}

/// What is wrong with a value, wherever it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Flaw {
    kind: &'static str,
    msg: Cow<'static, str>,
    ctx: Option<Value>,
}

impl Flaw {
    /// A flaw without bounds.
    pub fn new(kind: &'static str, msg: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, msg: msg.into(), ctx: None }
    }

    /// A flaw whose message speaks of bounds.
    pub fn with_ctx(kind: &'static str, msg: impl Into<Cow<'static, str>>, ctx: Value) -> Self {
        Self { kind, msg: msg.into(), ctx: Some(ctx) }
    }

    /// The same flaw, with what its message leaves out.
    #[must_use]
    pub fn saying(self, ctx: Value) -> Self {
        Self { ctx: Some(ctx), ..self }
    }

    /// A rule of ours that no type expresses.
    pub fn value(reason: &str) -> Self {
        Self::with_ctx("value_error", format!("Value error, {reason}"), json!({ "error": reason }))
    }

    /// The field is not there.
    pub fn missing() -> Self {
        Self::new("missing", "Field required")
    }

    /// A value is no object, where one with fields is expected.
    pub fn not_an_object() -> Self {
        Self::new(
            "model_attributes_type",
            "Input should be a valid dictionary or object to extract fields from",
        )
    }

    /// A text holds a NUL character.
    pub fn nul() -> Self {
        Self::value("text must not contain NUL characters")
    }

    /// A text holds a control character that it must not.
    pub fn control() -> Self {
        Self::value("text must not contain control characters other than tab, newline and carriage return")
    }

    /// A text has fewer characters than `min`.
    pub fn too_short(min: usize) -> Self {
        let message = format!("String should have at least {min} character{}", plural(min));
        Self::with_ctx("string_too_short", message, json!({ "min_length": min }))
    }

    /// A text has more characters than `max`.
    pub fn too_long(max: usize) -> Self {
        let message = format!("String should have at most {max} character{}", plural(max));
        Self::with_ctx("string_too_long", message, json!({ "max_length": max }))
    }

    /// A text, or what it was decoded from, could not be read.
    pub fn undecodable(kind: &'static str, msg: &'static str, error: &str) -> Self {
        Self::with_ctx(kind, msg, json!({ "error": error }))
    }

    /// The fault this is at `loc`.
    pub fn at(self, loc: Vec<Loc>, input: Option<Value>) -> Fault {
        Fault { kind: self.kind, loc, msg: self.msg, input, ctx: self.ctx }
    }

    /// The fault this is in a field of a part of the request.
    pub fn in_field(self, part: &'static str, name: &str, input: Option<Value>) -> Fault {
        self.at(vec![Loc::Name(part.into()), Loc::Name(name.to_owned().into())], input)
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
