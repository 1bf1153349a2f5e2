//! Documented refusals that no test has seen: an operation that cannot give one should not document it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use keyward_servers::shell::{self, Outcome};
use serde_json::Value;

/// Where tests note each refusal that they see: `POST /posts 422 validation`.
pub(super) const VARIABLE: &str = "KEYWARD_TEST_REFUSALS";

/// What comes with every access to the database, and with every body: a test for each operation would show nothing new, and
/// would wait for 15 s.
const SHARED: [&str; 2] = ["unavailable", "body_timeout"];

/// An empty file for the notes of a run.
pub(super) fn begin() -> Outcome<PathBuf> {
    let file = shell::root().join("target/refusals.txt");
    std::fs::write(&file, "").map_err(|error| format!("{} cannot be written: {error}.", file.display()))?;
    Ok(file)
}

/// Compares the notes of all tests with `openapi.json`.
pub(super) fn compare(notes: &PathBuf) -> Outcome {
    let read = |path: &PathBuf| {
        std::fs::read_to_string(path).map_err(|error| format!("{} cannot be read: {error}.", path.display()))
    };
    let document = serde_json::from_str(&read(&shell::root().join("openapi.json"))?)
        .map_err(|error| format!("openapi.json is no JSON: {error}."))?;
    let unseen = unseen(&document, &read(notes)?);
    if unseen.is_empty() {
        return Ok(());
    }
    Err(format!("No test gets these documented refusals:\n  {}", unseen.join("\n  ")))
}

/// The refusals that the document has and the notes have not.
fn unseen(document: &Value, notes: &str) -> Vec<String> {
    let seen: BTreeSet<&str> = notes.lines().collect();
    let mut unseen = Vec::new();
    for (path, methods) in members(&document["paths"]) {
        for (method, operation) in members(methods) {
            for (status, response) in members(&operation["responses"]) {
                for (code, _) in members(&response["content"]["application/json"]["examples"]) {
                    let line = format!("{} {path} {status} {code}", method.to_uppercase());
                    let is_error = status.as_str() >= "400" && !SHARED.contains(&code.as_str());
                    if is_error && !seen.contains(&*line) {
                        unseen.push(line);
                    }
                }
            }
        }
    }
    unseen
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_that_no_test_got_is_named() {
        let examples = json!({ "not_found": {}, "gone": {}, "unavailable": {} });
        let response = json!({ "content": { "application/json": { "examples": examples } } });
        let document =
            json!({ "paths": { "/a": { "get": { "responses": { "404": response, "200": {} } } } } });
        assert_eq!(unseen(&document, "GET /a 404 not_found\nGET /a 404 other\n"), ["GET /a 404 gone"]);
        assert_eq!(unseen(&document, "GET /a 404 not_found\nGET /a 404 gone\n"), [""; 0]);
    }
}
