//! As much of JSON Schema as our document uses: enough to see that an answer has the members it promises, of
//! the types it promises, and no others.

use serde_json::Value;

/// Where `value` is not what `schema` says, in words.
pub fn faults(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(document, schema, value, "$", &mut found);
    found
}

fn walk(document: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#'));
        return match target {
            Some(target) => walk(document, target, value, at, found),
            None => found.push(format!("{at}: {reference} leads nowhere")),
        };
    }
    if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        if !choices.iter().any(|choice| faults(document, choice, value).is_empty()) {
            found.push(format!("{at}: fits none of its schemas"));
        }
        return;
    }
    if !is_of_type(&schema["type"], value) {
        found.push(format!("{at}: {value} is no {}", schema["type"]));
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        found.push(format!("{at}: {value} is not one of {allowed:?}"));
    }
    if let (Some(items), Some(elements)) = (schema.get("items"), value.as_array()) {
        for (index, element) in elements.iter().enumerate() {
            walk(document, items, element, &format!("{at}[{index}]"), found);
        }
    }
    if let Some(object) = value.as_object() {
        members(document, schema, object, at, found);
    }
}

fn members(
    document: &Value,
    schema: &Value,
    object: &serde_json::Map<String, Value>,
    at: &str,
    found: &mut Vec<String>,
) {
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !object.contains_key(name) {
            found.push(format!("{at}: {name} is missing"));
        }
    }
    let Some(known) = schema["properties"].as_object() else { return };
    for (name, member) in object {
        match known.get(name) {
            Some(schema) => walk(document, schema, member, &format!("{at}.{name}"), found),
            None => found.push(format!("{at}: {name} is not documented")),
        }
    }
}

fn is_of_type(expected: &Value, value: &Value) -> bool {
    let fits = |name: &str| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    match expected {
        Value::String(name) => fits(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(fits),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_yardstick_finds_what_is_missing_wrong_or_too_much() {
        let schema = json!({
            "type": "object",
            "properties": { "id": { "type": "integer" }, "tags": { "type": ["array", "null"], "items": { "type": "string" } } },
            "required": ["id"],
        });
        let faults = |value| faults(&Value::Null, &schema, &value).len();
        assert_eq!(faults(json!({ "id": 1, "tags": null })), 0);
        assert_eq!(faults(json!({ "id": 1, "tags": ["a", 2] })), 1);
        assert_eq!(faults(json!({ "id": "1", "hash": "x" })), 2);
        assert_eq!(faults(json!({})), 1);
        assert_eq!(faults(json!([])), 1);
    }
}
