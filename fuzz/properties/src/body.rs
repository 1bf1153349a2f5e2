//! Bodies of requests: JSON, and forms of both kinds. The first line of an input is its `Content-Type`, the rest the body.

use std::fmt::Write as _;

use axum::body::Body as Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request};
use keyward_api::extract::{AnyBody, Body, Fields, Input, read};
use keyward_api::routes::identity::users::UserCreate;
use keyward_api::routes::sessions::login::Login;
use keyward_auth::PasswordPolicy;
use keyward_blog::routes::wire::PostWrite;
use keyward_shop::routes::catalog::ProductWrite;
use serde_json::{Map, Value, json};

use crate::Fate;
use crate::answers::whole;
use crate::json::Tree;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// One field of every kind.
struct Probe;

/// What was read of them.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    text: Option<String>,
    email: Option<String>,
    number: Option<i64>,
    price: Option<i64>,
    flag: bool,
    password: Option<String>,
}

impl Input for Probe {
    type Value = Seen;

    /// Our own spelling of an input takes up to six times its length.
    const MAX_BODY: usize = 128 * 1024;

    fn read(fields: &mut Fields<'_>) -> Option<Seen> {
        let text = fields.optional("text", read::owned);
        let email = fields.optional("email", |value| Ok(read::email(value)?.to_string()));
        let number = fields.optional("number", read::id);
        let price = fields.optional("price", |value| Ok(keyward_shop::routes::amount::money(value)?.minor()));
        let flag = fields.or_default("flag", false, read::boolean);
        let known = fields.has("password");
        let password =
            known.then(|| fields.secret("password", |value| Ok(read::password(value)?.expose().to_owned())));
        let password = password.map_or(Some(None), |password| password.map(Some));
        Some(Seen {
            text: text?,
            email: email?,
            number: number?,
            price: price?,
            flag: flag?,
            password: password?,
        })
    }
}

/// What is read is what was written, in whatever spelling; nothing is given twice; a refusal is the caller's fault, and its
/// words do not depend on a password.
pub fn check(input: &[u8]) -> Fate {
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (media, body) = (&input[..end], input.get(end + 1..).unwrap_or_default());
    let media = HeaderValue::from_bytes(media).ok();
    let request = || request(media.as_ref(), body.to_vec());

    let seen = whole::<AnyBody<Probe>>(request()).map(|AnyBody(seen)| seen);
    let _ = whole::<AnyBody<Login>>(request());
    let _ = whole::<Body<UserCreate>>(request());
    let _ = whole::<Body<PostWrite>>(request());
    let _ = whole::<Body<ProductWrite>>(request());

    let tree = Tree::read(body);
    let media = media.as_ref().and_then(|media| media.to_str().ok()).unwrap_or_default();
    let is_json = media.to_ascii_lowercase().trim_start().starts_with("application/")
        && media.to_ascii_lowercase().contains("json");
    if let Some(tree) = tree.filter(|_| is_json) {
        assert!(seen.is_err() || !tree.repeats_a_member(), "{tree:?}");
        if !tree.repeats_a_member() {
            the_password_is_never_echoed(body);
        }
    }
    let Ok(seen) = seen else { return Fate::Refused };
    if is_json {
        as_written(body, &seen);
    } else {
        assert_eq!(read_form(&seen), seen, "as a form of our own");
    }
    assert_eq!(read_json(&seen), seen, "as JSON of our own");
    Fate::Accepted
}

fn request(media: Option<&HeaderValue>, body: Vec<u8>) -> Request<Bytes> {
    let mut request = Request::new(Bytes::from(body));
    if let Some(media) = media {
        request.headers_mut().insert(CONTENT_TYPE, media.clone());
    }
    request
}

fn reread(media: &'static str, body: Vec<u8>) -> Result<Seen, Vec<u8>> {
    let media = HeaderValue::from_static(media);
    whole::<AnyBody<Probe>>(request(Some(&media), body)).map(|AnyBody(seen)| seen)
}

/// Compares what was read with what serde_json says.
fn as_written(body: &[u8], seen: &Seen) {
    let value: Value = serde_json::from_slice(body).expect("what is read as JSON is JSON");
    assert!(value.is_object());
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    assert_eq!(text("text"), seen.text);
    assert_eq!(text("email").map(|email| email.trim().len()), seen.email.as_ref().map(String::len));
    assert_eq!(value["number"].as_i64(), seen.number);
    assert_eq!(value["flag"].as_bool().unwrap_or_default(), seen.flag);
    assert_eq!(value["price"].is_number(), seen.price.is_some());
    if let (Some(price), Some(minor)) = (value["price"].as_f64(), seen.price) {
        let cents = i32::try_from(minor).expect("a price has a bound");
        assert!((price * 100.0 - f64::from(cents)).abs() < 0.01, "{price} is not {minor} cents");
    }
    assert_eq!(text("password").is_some(), seen.password.is_some());
}

fn read_json(seen: &Seen) -> Seen {
    let mut body = Map::new();
    body.insert("text".to_owned(), json!(seen.text));
    body.insert("email".to_owned(), json!(seen.email));
    body.insert("number".to_owned(), json!(seen.number));
    if let Some(minor) = seen.price {
        let price: Value = serde_json::from_str(&format!("{}.{:02}", minor / 100, minor % 100))
            .expect("a price is a number");
        body.insert("price".to_owned(), price);
    }
    body.insert("flag".to_owned(), json!(seen.flag));
    if let Some(password) = &seen.password {
        body.insert("password".to_owned(), json!(password));
    }
    let body = serde_json::to_vec(&body).expect("a map can be written");
    reread(JSON, body).expect("what was accepted is accepted in our own words")
}

fn read_form(seen: &Seen) -> Seen {
    let mut body = String::new();
    for (name, value) in [("text", &seen.text), ("email", &seen.email), ("password", &seen.password)] {
        if let Some(value) = value {
            let _ = write!(body, "&{name}=");
            for byte in value.bytes() {
                let _ = write!(body, "%{byte:02X}");
            }
        }
    }
    // A form of nothing at all would be no body.
    body.push_str("&unknown=1");
    reread(FORM, body.into_bytes()).expect("what was accepted is accepted in our own words")
}

/// Answers to two bodies that differ in the password alone are the same.
fn the_password_is_never_echoed(body: &[u8]) {
    let Ok(Value::Object(mut object)) = serde_json::from_slice::<Value>(body) else { return };
    if !object.get("password").is_some_and(Value::is_string) {
        return;
    }
    let answer = |object: &Map<String, Value>| {
        let body = serde_json::to_vec(object).expect("a map can be written");
        reread(JSON, body).err()
    };
    let one = answer(&object);
    object.insert("password".to_owned(), json!("an altogether different one"));
    assert_eq!(one, answer(&object));
}

/// The extractors find the policy in whatever state there is; here that is the policy itself.
const _: fn(&PasswordPolicy) -> PasswordPolicy =
    <PasswordPolicy as axum::extract::FromRef<PasswordPolicy>>::from_ref;
