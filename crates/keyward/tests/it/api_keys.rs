//! API keys: what programs send in place of a login.

mod administration;
mod checks;
mod clients;
pub(crate) mod guessing;
mod introspection;
mod lifecycle;
mod locks;
mod owners;

use keyward_api::testing::person::Person;
use serde_json::{Value, json};

/// A key of this person, made as `body` says: the answer.
pub(crate) async fn made(person: &Person, body: Value) -> Value {
    person.post("/users/me/api-keys", body).await.assert_status(201).json()
}

/// A key of this person for everything they may do now: the program that has it.
pub(crate) async fn program(person: &Person) -> Person {
    holder(person, &made(person, json!({ "name": "a program" })).await)
}

/// The program that has the key of this answer.
fn holder(person: &Person, made: &Value) -> Person {
    person.app.bearer(made["key"].as_str().unwrap())
}
