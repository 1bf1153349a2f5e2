//! The document of a server with some of the resources: the one in the repository without what belongs to the others.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value};

/// Each resource with its tags and scopes.
const RESOURCES: [(&str, &[&str], &[&str]); 2] = [
    ("blog", &["posts", "blog"], &["posts:read", "posts:write"]),
    ("shop", &["catalog", "cart", "orders"], &["shop", "catalog:write"]),
];

/// That the document has the operations, tags, scopes and schemas of these resources, and of no other.
pub(super) fn holds_what_is_mounted(document: &Value, resources: &str) {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi.json");
    let mut kept: Value = serde_json::from_str(&std::fs::read_to_string(kept).unwrap()).unwrap();
    for (name, tags, scopes) in RESOURCES {
        if !resources.split(',').any(|mounted| mounted == name) {
            take_out(&mut kept, tags, scopes);
        }
    }
    for part in ["tags", "paths", "info"] {
        assert_eq!(document[part], kept[part], "{part} with {resources}");
    }
    assert_eq!(document["components"], kept["components"], "components with {resources}");
    assert_eq!(document, &kept, "{resources}");
}

fn take_out(document: &mut Value, tags: &[&str], scopes: &[&str]) {
    document["tags"].as_array_mut().unwrap().retain(|tag| !tags.contains(&tag["name"].as_str().unwrap()));
    let all = codes(&document["paths"]);
    object(&mut document["paths"]).retain(|_, operations| {
        let operations = object(operations);
        operations.retain(|_, operation| !tags.contains(&operation["tags"][0].as_str().unwrap()));
        !operations.is_empty()
    });
    for scheme in object(&mut document["components"]["securitySchemes"]).values_mut() {
        for flow in ["password", "authorizationCode"] {
            if let Some(known) = scheme.pointer_mut(&format!("/flows/{flow}/scopes")) {
                object(known).retain(|name, _| !scopes.contains(&name.as_str()));
            }
        }
    }
    let left = codes(&document["paths"]);
    for schema in ["Problem", "HTTPValidationError"] {
        let known = document["components"]["schemas"][schema]["properties"]["code"]["enum"].as_array_mut();
        known
            .unwrap()
            .retain(|code| left.contains(code.as_str().unwrap()) || !all.contains(code.as_str().unwrap()));
    }
    let mut used = references(&document["paths"]);
    loop {
        let schemas = object(&mut document["components"]["schemas"]);
        let deeper: BTreeSet<_> = used.iter().flat_map(|name| references(&schemas[name])).collect();
        if deeper.is_subset(&used) {
            schemas.retain(|name, _| used.contains(name));
            return;
        }
        used.extend(deeper);
    }
}

fn object(value: &mut Value) -> &mut Map<String, Value> {
    value.as_object_mut().unwrap()
}

/// The codes of errors that operations document.
fn codes(paths: &Value) -> BTreeSet<String> {
    let operations = paths.as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
    let responses = operations.flat_map(|operation| operation["responses"].as_object().unwrap().values());
    let examples = responses.filter_map(|response| {
        response.pointer("/content/application~1json/examples").and_then(Value::as_object)
    });
    examples.flat_map(Map::keys).cloned().collect()
}

/// The names of the schemas that are referred to.
fn references(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Object(members) => {
            let own = members.get("$ref").and_then(Value::as_str).and_then(|name| name.rsplit('/').next());
            own.map(str::to_owned).into_iter().chain(members.values().flat_map(references)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => BTreeSet::new(),
    }
}
