//! Bodies of requests: JSON, and forms of both kinds. The first line of an input is its `Content-Type`, the rest the body.

use std::fmt::Write as _;

use axum::body::Body as Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request};
use keyward_api::extract::read;
use keyward_api::routes::identity::users::UserCreate;
use keyward_api::routes::sessions::login::Login;
use keyward_auth::PasswordPolicy;
use keyward_blog::routes::wire::PostWrite;
use keyward_domain::values::email::Email;
use keyward_shop::domain::money::Money;
use keyward_shop::routes::amount::Price;
use keyward_shop::routes::catalog::ProductWrite;
use keyward_web::{AnyBody, Body, Flaw, Given, Input, Reader};
use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};

use crate::Fate;
use crate::answers::whole;
use crate::json::Tree;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// One field of every kind. Our own spelling of an input takes up to six times its length.
#[derive(Input, Clone, Debug, PartialEq)]
#[input(max_body = 128 * 1024)]
struct Probe {
    text: Option<String>,
    #[input(read = read::email())]
    email: Option<Email>,
    number: Option<i64>,
    #[input(read = Price)]
    price: Option<Money>,
    #[input(default = false)]
    flag: bool,
    #[input(read = Exposed)]
    password: Option<String>,
}

/// Reads a password as it was typed.
struct Exposed;

impl Reader for Exposed {
    type Value = String;

    const SECRET: bool = true;

    fn read(&self, given: Given<'_>, context: &()) -> Result<String, Flaw> {
        read::password().read(given, context).map(|password| password.expose().to_owned())
    }

    fn schema(&self) -> RefOr<Schema> {
        Reader::<()>::schema(&read::password())
    }
}

/// What is read is what was written, in every spelling; nothing is given twice; a refusal is the caller's fault, and its
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

fn reread(media: &'static str, body: Vec<u8>) -> Result<Probe, Vec<u8>> {
    let media = HeaderValue::from_static(media);
    whole::<AnyBody<Probe>>(request(Some(&media), body)).map(|AnyBody(seen)| seen)
}

/// Compares what was read with what serde_json says.
fn as_written(body: &[u8], seen: &Probe) {
    let value: Value = serde_json::from_slice(body).expect("what is read as JSON is JSON");
    assert!(value.is_object());
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    assert_eq!(text("text"), seen.text);
    assert_eq!(
        text("email").map(|email| email.trim().len()),
        seen.email.as_ref().map(|email| email.as_str().len())
    );
    assert_eq!(value["number"].as_i64(), seen.number);
    assert_eq!(value["flag"].as_bool().unwrap_or_default(), seen.flag);
    assert_eq!(value["price"].is_number(), seen.price.is_some());
    if let (Some(price), Some(minor)) = (value["price"].as_f64(), seen.price.map(Money::minor)) {
        let cents = i32::try_from(minor).expect("a price has a bound");
        assert!((price * 100.0 - f64::from(cents)).abs() < 0.01, "{price} is not {minor} cents");
    }
    assert_eq!(text("password").is_some(), seen.password.is_some());
}

fn read_json(seen: &Probe) -> Probe {
    let mut body = Map::new();
    body.insert("text".to_owned(), json!(seen.text));
    body.insert("email".to_owned(), json!(seen.email.as_ref().map(Email::as_str)));
    body.insert("number".to_owned(), json!(seen.number));
    if let Some(minor) = seen.price.map(Money::minor) {
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

fn read_form(seen: &Probe) -> Probe {
    let mut body = String::new();
    let (email, number) =
        (seen.email.as_ref().map(Email::to_string), seen.number.map(|number| number.to_string()));
    let flag = Some(seen.flag.to_string());
    let fields = [("text", &seen.text), ("email", &email), ("number", &number), ("flag", &flag)];
    for (name, value) in fields.into_iter().chain([("password", &seen.password)]) {
        if let Some(value) = value {
            let _ = write!(body, "&{name}=");
            for byte in value.bytes() {
                let _ = write!(body, "%{byte:02X}");
            }
        }
    }
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

/// The extractors find the policy in the router's state; here that is the policy itself.
const _: fn(&PasswordPolicy) -> PasswordPolicy =
    <PasswordPolicy as axum::extract::FromRef<PasswordPolicy>>::from_ref;
