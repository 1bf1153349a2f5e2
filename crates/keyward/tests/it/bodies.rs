//! Bodies: what the document says of them is what is enforced.

use keyward_api::testing::app::TestApp;
use serde_json::json;

use crate::app::{Starts, document};

#[tokio::test]
async fn new_passwords_are_documented_as_the_operator_asks_for_them() {
    let app = TestApp::with_flags(&["--password-min-length", "12"]).await;
    let served = app.anonymous().get("/openapi.json").await.assert_status(200).json();
    for (body, field) in
        [("UserCreate", "password"), ("PasswordChange", "new_password"), ("PasswordReset", "new_password")]
    {
        let property = &served["components"]["schemas"][body]["properties"][field];
        assert_eq!((&property["minLength"], &property["maxLength"]), (&json!(12), &json!(128)), "{body}");
        assert_eq!(property["description"], "12 characters or more, and none of the commonest.");
    }
    let page = app.anonymous().get("/reset-password?token=abc").await.assert_status(200).text();
    assert!(page.contains("minlength=\"12\"") && page.contains("12 characters or more"), "{page}");
    let ana = json!({ "email": "ana@example.com", "password": "odd horses" });
    let fault = app.anonymous().post("/users", ana).await.assert_status(422).fault();
    assert_eq!(fault["ctx"], json!({ "min_length": 12 }));
}

#[tokio::test]
async fn a_login_may_name_the_account_by_email_and_its_ignored_fields_have_types_too() {
    let login = &document()["components"]["schemas"]["Login"];
    assert_eq!(login["required"], json!(["password"]));
    assert_eq!(login["properties"]["email"]["type"], "string");
    let app = TestApp::start().await;
    let body = json!({ "password": "x", "device": 1, "client_id": 2, "client_secret": 3 });
    let faults = app.anonymous().post("/login", body).await.assert_status(422).faults();
    let seen: Vec<_> = faults.iter().map(|fault| (&fault["type"], &fault["loc"][1])).collect();
    let (missing, text) = (json!("missing"), json!("string_type"));
    let fields = ["username", "device", "client_id", "client_secret"].map(|field| json!(field));
    let expected = [(&missing, &fields[0]), (&text, &fields[1]), (&text, &fields[2]), (&text, &fields[3])];
    assert_eq!(seen, expected);
    assert!(faults[1].get("input").is_none() && faults[3].get("input").is_none(), "{faults:?}");
}
