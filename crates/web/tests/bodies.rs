//! Bodies, queries and pages as a service of another's sees them: what is answered, and what is documented.
#![expect(clippy::unwrap_used, reason = "clippy's exemption for tests does not know their helpers")]

use axum::body::{Body as Bytes, to_bytes};
use axum::http::{Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use keyward_guard::endpoint;
use keyward_web::{
    AnyBody, Body, Both, Fields, Input, List, Listed, Listing, MAX_LIMIT, Paged, Path, Query, RequestId,
    request_ids,
};
use serde::Serialize;
use serde_json::{Value, json};
use tower::ServiceExt;
use utoipa::openapi::OpenApi;
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;

/// What to write.
#[derive(Input, Serialize)]
#[input(max_body = 1024, example = json!({ "title": "Hello", "pin": "1234" }))]
struct NoteWrite {
    /// The first line.
    #[input(length = 1..=5)]
    title: String,
    #[input(secret, length = 4..=4)]
    pin: String,
    #[input(range = 0..=10, default = 3)]
    tags: u32,
    #[input(default = true)]
    public: bool,
    expires: Option<i64>,
    #[expect(clippy::option_option, reason = "missing and null differ")]
    parent: Option<Option<i64>>,
    #[input(alias = "author")]
    writer: String,
}

/// A note inside another one.
#[derive(Input, Serialize)]
struct Inner {
    /// The first line.
    #[input(length = 1..=5)]
    title: String,
    #[input(secret, length = 4..=4)]
    pin: String,
}

/// Two notes.
#[derive(Input, Serialize)]
struct Pair {
    #[input(read = keyward_web::readers::object::<Inner>())]
    first: Inner,
    /// May be missing.
    #[input(read = keyward_web::readers::object::<Inner>())]
    second: Option<Inner>,
}

/// Which notes.
#[derive(Input)]
struct NoteList {
    /// Only these.
    public: Option<bool>,
}

#[derive(Serialize, ToSchema)]
struct Note {
    id: i64,
}

impl Listed for Note {
    const LIST: List = List(b'n');
}

/// Write
#[utoipa::path(post, path = "/notes", responses((status = 200, body = String)))]
async fn create_note(Body(note): Body<NoteWrite>) -> Json<NoteWrite> {
    Json(note)
}

/// Write by form
#[utoipa::path(post, path = "/forms", responses((status = 200, body = String)))]
async fn create_by_form(AnyBody(note): AnyBody<NoteWrite>) -> Json<NoteWrite> {
    Json(note)
}

/// Write two
#[utoipa::path(post, path = "/pairs", responses((status = 200, body = String)))]
async fn create_pair(AnyBody(pair): AnyBody<Pair>) -> Json<Pair> {
    Json(pair)
}

/// Replace
#[utoipa::path(put, path = "/notes/{id}", responses((status = 200, body = String)))]
async fn replace_note(Both(Path(id), Body(note)): Both<Path<i64>, Body<NoteWrite>>) -> Response {
    Json((id, note)).into_response()
}

/// List
#[utoipa::path(get, path = "/notes", responses((status = 200, body = [Note])))]
async fn list_notes(Paged { page, filter, here }: Paged<Note, NoteList>) -> Listing<Note> {
    let first = page.after.unwrap_or(0) + i64::from(filter.public.unwrap_or(false));
    here.listing(vec![Note { id: first + 1 }], Some(first + 1))
}

/// Search
#[utoipa::path(get, path = "/search", responses((status = 200, body = String)))]
async fn search(Query(NoteList { public }): Query<NoteList>) -> String {
    format!("{public:?}")
}

fn service() -> (Router, OpenApi) {
    let routes = OpenApiRouter::new()
        .routes(endpoint!(create_note))
        .routes(endpoint!(create_by_form))
        .routes(endpoint!(create_pair))
        .routes(endpoint!(replace_note))
        .routes(endpoint!(list_notes))
        .routes(endpoint!(search));
    let (router, document) = routes.split_for_parts();
    (router.layer(axum::middleware::from_fn(request_ids)), document)
}

async fn call(request: Request<Bytes>) -> (StatusCode, Value, String) {
    let response = service().0.oneshot(request).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    assert!(headers.contains_key(RequestId::HEADER));
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    let link = headers.get(header::LINK).map(|link| link.to_str().unwrap().to_owned()).unwrap_or_default();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)), link)
}

async fn send(method: &str, path: &str, media: &str, body: impl Into<Bytes>) -> (StatusCode, Value) {
    let request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, media);
    let (status, value, _) = call(request.body(body.into()).unwrap()).await;
    (status, value)
}

async fn json(method: &str, path: &str, body: Value) -> (StatusCode, Value) {
    send(method, path, "application/json", body.to_string()).await
}

/// Kind and place of each fault.
fn faults(answer: &Value) -> Vec<(String, String)> {
    let kind = |fault: &Value| fault["type"].as_str().unwrap().to_owned();
    let place = |fault: &Value| fault["loc"][1].as_str().unwrap().to_owned();
    answer["detail"].as_array().unwrap().iter().map(|fault| (kind(fault), place(fault))).collect()
}

#[tokio::test]
async fn what_is_missing_has_its_default() {
    let body = json!({ "title": "Hi", "pin": "1234", "author": "Ana" });
    let (status, said) = json("POST", "/notes", body.clone()).await;
    let read = json!({ "title": "Hi", "pin": "1234", "tags": 3, "public": true, "expires": null, "parent": null,
        "writer": "Ana" });
    assert_eq!((status, said), (StatusCode::OK, read.clone()));
    let (status, said) = json("PUT", "/notes/7", body).await;
    assert_eq!((status, said), (StatusCode::OK, json!([7, read])));
}

#[test]
fn missing_and_null_differ_where_the_struct_says_so() {
    let parent = |body: Value| {
        let read = NoteWrite::read_all(Fields::of_json(body.as_object().unwrap()), &());
        read.ok().map(|note| note.parent)
    };
    let mut body = json!({ "title": "Hi", "pin": "1234", "writer": "Ana" });
    assert_eq!(parent(body.clone()), Some(None));
    body["parent"] = Value::Null;
    assert_eq!(parent(body.clone()), Some(Some(None)));
    body["parent"] = json!(1);
    assert_eq!(parent(body), Some(Some(Some(1))));
}

#[tokio::test]
async fn every_fault_is_answered_at_once_in_the_order_of_the_fields_and_no_secret_with_it() {
    let body =
        json!({ "writer": 1, "parent": "x", "public": null, "tags": 11, "pin": "secret", "title": "" });
    let (status, said) = json("PUT", "/notes/x", body).await;
    assert_eq!(status, 422);
    let expected = [
        ("int_parsing", "id"),
        ("string_too_short", "title"),
        ("string_too_long", "pin"),
        ("less_than_equal", "tags"),
        ("bool_type", "public"),
        ("int_type", "parent"),
        ("string_type", "writer"),
    ];
    let expected = expected.map(|(kind, place)| (kind.to_owned(), place.to_owned()));
    assert_eq!(faults(&said), expected);
    assert!(!said.to_string().contains("secret"), "{said}");
    assert_eq!(said["detail"][3]["input"], 11);
}

#[tokio::test]
async fn a_form_says_the_same_in_text() {
    let form = "title=Hi&pin=1234&tags=7&public=off&writer=Ana&expires=";
    let (status, said) = send("POST", "/forms", "application/x-www-form-urlencoded", form).await;
    assert_eq!(status, 200, "{said}");
    assert_eq!((&said["tags"], &said["public"], &said["expires"]), (&json!(7), &json!(false), &Value::Null));
    let (status, said) = send("POST", "/forms", "application/x-www-form-urlencoded", "tags=x").await;
    assert_eq!(status, 422);
    assert_eq!(faults(&said)[2], ("int_parsing".to_owned(), "tags".to_owned()));
}

#[tokio::test]
async fn a_body_that_is_too_large_or_of_another_type_is_refused_as_fastapi_refuses() {
    let (status, said) = send("POST", "/notes", "application/json", vec![b' '; 1025]).await;
    let words = "The body is larger than the 1024 bytes accepted here.";
    let expected = json!({ "detail": words, "code": "body_too_large" });
    assert_eq!((status, said), (StatusCode::PAYLOAD_TOO_LARGE, expected));
    let (status, said) = send("POST", "/notes", "text/plain", "x").await;
    let words = "The body must be sent with a Content-Type of application/json.";
    let expected = json!({ "detail": words, "code": "unsupported_media_type" });
    assert_eq!((status, said), (StatusCode::UNSUPPORTED_MEDIA_TYPE, expected));
    let (status, said) = json("POST", "/notes?password=x", json!({})).await;
    assert_eq!((status, &said["code"]), (StatusCode::BAD_REQUEST, &json!("credentials_in_query")));
    let (status, said) = send("POST", "/notes", "application/json", "").await;
    assert_eq!((status, &said["detail"][0]["type"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("missing")));
    assert_eq!(said["code"], "validation");
}

#[tokio::test]
async fn a_page_links_to_the_next_one() {
    let get = |path: &str| Request::builder().uri(path).body(Bytes::empty()).unwrap();
    let (status, page, link) = call(get("/notes?limit=1&public=true")).await;
    assert_eq!((status, page), (StatusCode::OK, json!([{ "id": 2 }])));
    let next = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap();
    assert!(next.starts_with("/notes?limit=1&public=true&after="), "{next}");
    assert_eq!(call(get(next)).await.1, json!([{ "id": 4 }]));
    let (status, said, _) = call(get("/notes?limit=0&after=x&public=2")).await;
    assert_eq!(status, 422);
    let kinds: Vec<String> = faults(&said).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["greater_than_equal", "value_error", "bool_parsing"]);
    assert_eq!(call(get("/search?public=")).await.1, "None");
}

#[test]
fn the_document_says_what_is_enforced() {
    let note = serde_json::to_value(NoteWrite::schema()).unwrap();
    assert_eq!(note["required"], json!(["title", "pin"]));
    let title = json!({ "type": "string", "description": "The first line.", "maxLength": 5, "minLength": 1 });
    assert_eq!(note["properties"]["title"], title);
    let tags = json!({ "type": "integer", "format": "int32", "default": 3, "maximum": 10, "minimum": 0 });
    assert_eq!(note["properties"]["tags"], tags);
    assert_eq!(note["properties"]["public"], json!({ "type": "boolean", "default": true }));
    assert_eq!(note["properties"]["parent"]["type"], json!(["integer", "null"]));
    assert_eq!(note["properties"]["author"]["description"], "In place of `writer`.");
    assert_eq!(note["example"]["title"], "Hello");

    let document = serde_json::to_value(service().1).unwrap();
    let responses = &document["paths"]["/notes"]["post"]["responses"];
    for (status, schema) in [
        ("400", "Problem"),
        ("408", "Problem"),
        ("413", "Problem"),
        ("415", "Problem"),
        ("422", "HTTPValidationError"),
    ] {
        let reference = &responses[status]["content"]["application/json"]["schema"]["$ref"];
        assert_eq!(*reference, format!("#/components/schemas/{schema}"), "{status}");
        assert!(responses[status]["content"]["application/json"]["examples"].is_object(), "{status}");
        assert!(document["components"]["schemas"].get(schema).is_some(), "{schema}");
    }
    let limit = &document["paths"]["/notes"]["get"]["parameters"][0];
    assert_eq!((&limit["name"], &limit["schema"]["maximum"]), (&json!("limit"), &json!(MAX_LIMIT)));
}

#[tokio::test]
async fn an_object_within_a_body_reports_every_fault_by_its_whole_path() {
    let good = json!({ "title": "a", "pin": "1234" });
    let (status, value) = json("POST", "/pairs", json!({ "first": good })).await;
    assert_eq!((status, &value), (StatusCode::OK, &json!({ "first": good, "second": null })));

    let bad = json!({ "first": { "title": "", "pin": "secret" }, "second": "x" });
    let (status, value) = json("POST", "/pairs", bad).await;
    assert_eq!(status, 422);
    let faults: Vec<_> = value["detail"].as_array().unwrap().iter().map(|fault| &fault["loc"]).collect();
    let expected =
        [json!(["body", "first", "title"]), json!(["body", "first", "pin"]), json!(["body", "second"])];
    assert_eq!(faults, expected.iter().collect::<Vec<_>>());
    assert!(!value.to_string().contains("secret"), "{value}");
    assert_eq!(value["detail"][2]["type"], "model_attributes_type");

    let (status, value) = send("POST", "/pairs", "application/x-www-form-urlencoded", "first=%7B%7D").await;
    assert_eq!(
        (status, &value["detail"][0]["type"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("model_attributes_type"))
    );

    let document = serde_json::to_value(service().1).unwrap();
    assert_eq!(
        document["components"]["schemas"]["Pair"]["properties"]["first"]["$ref"],
        "#/components/schemas/Inner"
    );
    assert_eq!(document["components"]["schemas"]["Inner"]["required"], json!(["title", "pin"]));
}

#[tokio::test]
async fn a_form_that_says_it_is_json_is_told_what_to_send() {
    let (status, value) = send("POST", "/notes", "application/json", "title=a&pin=1234").await;
    assert_eq!(
        (status, &value["detail"][0]["type"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("json_invalid"))
    );
    let error = value["detail"][0]["ctx"]["error"].as_str().unwrap();
    assert!(error.contains("form"), "{error}");
    for other in ["{\"title\"=1}", "=", "a b=c", "\"a\"=1"] {
        let (_, value) = send("POST", "/notes", "application/json", other).await;
        let error = value["detail"][0]["ctx"]["error"].as_str().unwrap();
        assert!(!error.contains("form"), "{other}: {error}");
    }
}
