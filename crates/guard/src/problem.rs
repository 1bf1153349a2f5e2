//! Errors in an OpenAPI document: the schema `Problem`, and an example for each code that an operation answers with.

use std::collections::BTreeSet;

use keyward_auth::ErrorCode;
use serde_json::Value;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{ArrayBuilder, Object, ObjectBuilder, Schema, Type};
use utoipa::openapi::{Content, ContentBuilder, HeaderBuilder, OpenApi, Ref, RefOr, Response};

use crate::documented::operations;

/// The schema of an error: FastAPI's `{"detail": ".."}`, and its code.
pub const PROBLEM: &str = "Problem";
/// The schema of a 422, as FastAPI names it: `detail` is a list of faulty fields.
const VALIDATION: &str = "HTTPValidationError";

const JSON: &str = "application/json";

/// Documents that `operation` can answer `status` with `body`, an error. `body` becomes the example under its `code`.
///
/// `when` says when that happens, without a full stop. Of one status, several of them are joined; a description in
/// `#[utoipa::path]` stays. 401 gets the header `WWW-Authenticate`, 429 and 503 get `Retry-After`.
pub fn document_problem(operation: &mut Operation, status: u16, when: &str, body: Value) {
    let code = body["code"].as_str().unwrap_or_default().to_owned();
    let schema = if body["detail"].is_array() { VALIDATION } else { PROBLEM };
    let responses = &mut operation.responses.responses;
    let response = responses.entry(status.to_string()).or_insert_with(|| RefOr::T(Response::default()));
    let RefOr::T(response) = response else { return };
    describe(response, when);
    header(response, status);
    let new = || RefOr::T(ContentBuilder::new().schema(Some(Ref::from_schema_name(schema))).build());
    if let RefOr::T(content) = response.content.entry(JSON.to_owned()).or_insert_with(new) {
        let example = ExampleBuilder::new().summary(when).value(Some(body)).build();
        content.examples.entry(code).or_insert_with(|| RefOr::T(example));
    }
}

/// Adds `when` to a description that is made of such, or empty.
fn describe(response: &mut Response, when: &str) {
    let by_hand = !response.description.is_empty() && examples(response).next().is_none();
    if response.description.is_empty() {
        when.clone_into(&mut response.description);
    } else if !by_hand && !response.description.contains(when) {
        response.description = format!("{}; or: {when}", response.description);
    }
}

fn header(response: &mut Response, status: u16) {
    let (name, words) = match status {
        401 => ("WWW-Authenticate", "The challenge of RFC 6750, section 3"),
        429 | 503 => ("Retry-After", "Seconds to wait before the next attempt"),
        _ => return,
    };
    let header = || RefOr::T(HeaderBuilder::new().description(Some(words)).build());
    response.headers.entry(name.to_owned()).or_insert_with(header);
}

/// The codes of a response's examples, each with the content it stands in.
fn examples(response: &Response) -> impl Iterator<Item = (&Content, &str)> {
    let contents = response.content.values().filter_map(|content| match content {
        RefOr::T(content) => Some(content),
        RefOr::Ref(_) => None,
    });
    contents.flat_map(|content| content.examples.keys().map(move |code| (content, code.as_str())))
}

/// Adds the schema `Problem`, whose `code` is one of those that the operations document, or of `further` ones. Where there is a
/// schema `HTTPValidationError`, its `code` is completed alike. Called by [`schemes`](crate::schemes).
pub fn problems(document: &mut OpenApi, further: &[ErrorCode]) {
    let mut codes: BTreeSet<String> = further.iter().map(|code| code.as_str().to_owned()).collect();
    let mut faults = BTreeSet::new();
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        for response in operation.responses.responses.values() {
            let RefOr::T(response) = response else { continue };
            for (content, code) in examples(response) {
                let is_list =
                    matches!(&content.schema, Some(RefOr::Ref(to)) if to.ref_location.ends_with(VALIDATION));
                let set = if is_list { &mut faults } else { &mut codes };
                set.insert(code.to_owned());
            }
        }
    }
    let schemas = &mut document.components.get_or_insert_default().schemas;
    schemas.insert(PROBLEM.to_owned(), RefOr::T(problem(codes)));
    if let Some(RefOr::T(Schema::Object(object))) = schemas.get_mut(VALIDATION) {
        object.properties.insert("code".to_owned(), RefOr::T(code(faults)));
    }
}

/// The schema [`PROBLEM`] with any code, for documents to which [`problems`] adds none.
pub fn problem_schema() -> Schema {
    problem(BTreeSet::new())
}

fn problem(codes: BTreeSet<String>) -> Schema {
    let text = |words: &str| ObjectBuilder::new().schema_type(Type::String).description(Some(words));
    ObjectBuilder::new()
        .property("detail", text("What went wrong, for people"))
        .required("detail")
        .property("code", code(codes))
        .required("code")
        .property("error", text("At the token endpoints: the code of RFC 6749, section 5.2"))
        .property("error_description", text("At the token endpoints: the detail once more"))
        .property("mfa_token", text("At a login that owes a second factor: what to come back with"))
        .property(
            "mfa_methods",
            ArrayBuilder::new()
                .items(Object::with_type(Type::String))
                .description(Some("At a login that owes a second factor: what will do")),
        )
        .description(Some("An error in FastAPI's shape, with a code"))
        .into()
}

fn code(codes: BTreeSet<String>) -> Schema {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values((!codes.is_empty()).then_some(codes))
        .description(Some("What went wrong, for programs"))
        .into()
}
