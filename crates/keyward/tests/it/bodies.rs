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

const JSON: &str = r#" {"username": "ana@example.com", "password": "a=b&c"}"#;

#[tokio::test]
async fn json_that_says_it_is_a_form_is_told_what_to_send() {
    let app = TestApp::start().await;
    let send = async |path: &str, kind: &str, body: &str| {
        app.anonymous().call("POST", path).body(kind, body.to_owned()).send().await
    };
    let fault = send("/login", "application/x-www-form-urlencoded", JSON).await.assert_status(422).fault();
    assert_eq!((&fault["type"], &fault["loc"]), (&json!("form_invalid"), &json!(["body"])));
    assert!(fault["msg"].as_str().unwrap().contains("`Content-Type: application/json`"), "{fault}");
    assert!(!fault.to_string().contains("a=b"), "nothing of the body is repeated: {fault}");
    for path in ["/refresh_token", "/verify-email", "/reset-password"] {
        let fault = send(path, "application/x-www-form-urlencoded", "{}").await.assert_status(422).fault();
        assert_eq!(fault["type"], "form_invalid", "{path}");
    }
    let grant = r#"{"grant_type": "password"}"#;
    let answer = send("/oauth/token", "application/x-www-form-urlencoded", grant).await.assert_status(400);
    assert!(answer.detail().contains("JSON") && answer.detail().contains("as a form"), "{}", answer.detail());
    // A form that only begins like JSON is one.
    let odd = send("/login", "application/x-www-form-urlencoded", "{x=1&username=a&password=b").await;
    odd.assert_status(401);
}

#[tokio::test]
async fn a_multipart_form_without_a_boundary_is_told_who_adds_it() {
    let app = TestApp::start().await;
    for kind in
        ["multipart/form-data", "multipart/form-data; charset=utf-8", "multipart/form-data; boundary="]
    {
        let call = app.anonymous().call("POST", "/login").body(kind, "--x\r\n\r\n--x--\r\n");
        let fault = call.send().await.assert_status(422).fault();
        assert!(fault["msg"].as_str().unwrap().contains("boundary"), "{kind}: {fault}");
    }
}

#[tokio::test]
async fn json_without_its_type_is_told_the_type() {
    let app = TestApp::start().await;
    for path in ["/login", "/users", "/refresh_token"] {
        let call = app.anonymous().call("POST", path).json(&json!({})).without("content-type");
        let answer = call.send().await.assert_status(415);
        assert_eq!(
            answer.detail(),
            "The body must be sent with a Content-Type of application/json.",
            "{path}"
        );
        let text = app.anonymous().call("POST", path).body("text/plain;charset=UTF-8", "{}");
        assert!(text.send().await.assert_status(415).detail().contains("application/json"), "{path}");
    }
    let form = app.anonymous().call("POST", "/login").form("username=a&password=b").without("content-type");
    let answer = form.send().await.assert_status(415);
    assert!(answer.detail().contains("application/x-www-form-urlencoded"), "{}", answer.detail());
}
