//! Faulty fields, in words.

use keyward_web::{Fault, Loc};
use serde_json::Value;

/// What a person who filled in a form can do about a field.
pub(super) fn advice(fault: &Fault) -> String {
    let ctx = |name: &str| fault.ctx.as_ref().map(|ctx| &ctx[name]).filter(|value| !value.is_null());
    match (fault.kind, ctx("min_length"), ctx("max_length"), ctx("error").and_then(Value::as_str)) {
        ("string_too_short", Some(min), ..) => format!("This is too short: use {min} characters or more."),
        ("string_too_long", _, Some(max), _) => format!("This is too long: use at most {max} characters."),
        ("missing", ..) => "Please fill in this field.".to_owned(),
        ("value_error", .., Some(error)) => format!("{error}. Please choose another."),
        _ => format!("{}.", fault.msg.trim_end_matches('.')),
    }
}

/// What is wrong with a field, for a programmer.
pub(super) fn words(fault: &Fault) -> String {
    format!("{}: {}", field(fault), fault.msg)
}

/// The name of a faulty field; `body` where the fault is of no single one.
pub(super) fn field(fault: &Fault) -> &str {
    let field = fault.loc.iter().rev().find_map(|loc| match loc {
        Loc::Name(name) => Some(name.as_ref()),
        Loc::Index(_) => None,
    });
    field.unwrap_or("body")
}
