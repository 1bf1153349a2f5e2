//! The answers that every route shares: the rows of the contract's second table.

use keyward_api::testing::app::{PASSWORD, TestApp};
use serde_json::{Value, json};

use crate::app::Starts;

#[tokio::test]
async fn an_unknown_path_is_not_found() {
    let app = TestApp::start().await;
    for path in
        ["/nothing", "/posts/1/2", "/users/me/nothing", "/Posts", "/posts;x", "/.git/config", "/%2e%2e/posts"]
    {
        let answer = app.anonymous().get(path).await.assert_status(404);
        assert_eq!(answer.json(), json!({ "detail": "Not Found", "code": "not_found" }), "{path}");
    }
}

#[tokio::test]
async fn a_wrong_method_names_every_right_one() {
    let app = TestApp::start().await;
    for (method, path, allowed) in [
        ("DELETE", "/posts", "GET,HEAD,POST"),
        ("PATCH", "/posts/1", "DELETE,GET,HEAD,PUT"),
        ("PUT", "/users/me", "DELETE,GET,HEAD,PATCH"),
        ("GET", "/login", "POST"),
        ("POST", "/blog", "GET,HEAD"),
        ("POST", "/docs", "GET,HEAD"),
    ] {
        let answer = app.anonymous().call(method, path).send().await.assert_status(405);
        assert_eq!(answer.json(), json!({ "detail": "Method Not Allowed", "code": "method_not_allowed" }));
        let mut methods: Vec<&str> = answer.header("allow").split(',').map(str::trim).collect();
        methods.sort_unstable();
        assert_eq!(methods.join(","), allowed, "{method} {path}");
    }
}

#[tokio::test]
async fn without_a_bearer_token_nobody_is_authenticated() {
    let app = TestApp::start().await;
    let nobody = app.anonymous();
    let mut answers = vec![nobody.get("/users/me").await];
    for value in ["", "Bearer", "Bearer ", "Basic Og==", "Token abc", "abc.def.ghi", "Bearer\tabc"] {
        answers.push(nobody.call("GET", "/users/me").header("authorization", value).send().await);
    }
    for answer in answers {
        let answer = answer.assert_status(401);
        assert_eq!(answer.json(), json!({ "detail": "Not authenticated", "code": "not_authenticated" }));
        assert!(answer.header("www-authenticate").starts_with("Bearer resource_metadata="));
    }
}

#[tokio::test]
async fn garbage_in_place_of_a_token_does_not_validate() {
    let app = TestApp::start().await;
    for token in ["x", "a.b.c", "null", "undefined", "{}", "a b", "\u{1f40e}"] {
        app.bearer(token).get("/users/me").await.assert_invalid_token(token);
    }
}

#[tokio::test]
async fn the_schemes_name_has_any_letter_case() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        let field = format!("{scheme} {}", ana.token());
        let call = app.anonymous().call("GET", "/users/me").header("authorization", field);
        call.send().await.assert_status(200);
    }
}

#[tokio::test]
async fn a_missing_field_and_a_missing_body_are_named() {
    let app = TestApp::start().await;
    let fault = app.anonymous().post("/users", json!({ "email": "a@example.com" })).await.fault();
    assert_eq!(fault, json!({ "type": "missing", "loc": ["body", "password"], "msg": "Field required" }));
    for call in [
        app.anonymous().call("POST", "/users"),
        app.anonymous().call("POST", "/users").body("application/json", ""),
        app.anonymous().call("POST", "/login"),
        app.anonymous().call("POST", "/login").form(""),
    ] {
        let fault = call.send().await.fault();
        assert_eq!(fault, json!({ "type": "missing", "loc": ["body"], "msg": "Field required" }));
    }
}

#[tokio::test]
async fn a_field_of_the_wrong_type_says_what_it_should_be() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    for (value, echoed) in
        [(json!(1), true), (json!(null), true), (json!([]), true), (json!({}), true), (json!(true), true)]
    {
        let fault = ana.post("/posts", json!({ "title": value, "content": "c" })).await.fault();
        assert_eq!(fault["type"], "string_type");
        assert_eq!(fault["msg"], "Input should be a valid string");
        assert_eq!(fault["loc"], json!(["body", "title"]));
        assert_eq!(fault.get("input") == Some(&value), echoed);
    }
    for value in [json!("yes"), json!(1), json!("true"), json!(null)] {
        let fault =
            ana.post("/posts", json!({ "title": "t", "content": "c", "published": value })).await.fault();
        assert_eq!((&fault["type"], &fault["loc"]), (&json!("bool_type"), &json!(["body", "published"])));
        assert_eq!(fault["msg"], "Input should be a valid boolean");
    }
    for body in [json!([]), json!("text"), json!(1), json!(null)] {
        let fault = ana.post("/posts", body).await.fault();
        assert_eq!((&fault["type"], &fault["loc"]), (&json!("model_attributes_type"), &json!(["body"])));
    }
}

#[tokio::test]
async fn an_id_that_is_no_64_bit_integer_is_named() {
    let app = TestApp::start().await;
    let root = app.admin("root").await;
    for id in
        ["x", "1.0", "+1", "9223372036854775808", "-9223372036854775809", "1_000", "0x1", "%20", "%D9%A1"]
    {
        for path in ["/posts", "/users", "/blog"] {
            let fault = root.get(&format!("{path}/{id}")).await.fault();
            assert_eq!(
                (&fault["type"], &fault["loc"]),
                (&json!("int_parsing"), &json!(["path", "id"])),
                "{id}"
            );
            assert_eq!(fault["msg"], "Input should be a valid integer, unable to parse string as an integer");
        }
    }
    for id in ["0", "-1", "9223372036854775807", "-9223372036854775808"] {
        for path in ["/posts", "/users", "/blog"] {
            root.get(&format!("{path}/{id}")).await.assert_status(404);
        }
    }
}

#[tokio::test]
async fn what_is_no_address_is_told_why() {
    let app = TestApp::start().await;
    for email in [
        "",
        "plain",
        "a@b@example.com",
        "Ana <ana@example.com>",
        "a@example.com\r\nBcc: x@example.com",
        "a@example.com,b@example.com",
        "a\u{0}@example.com",
        "k\u{212a}@example.com",
        "a@ex\u{430}mple.com",
        "a@localhost",
    ] {
        let fault =
            app.anonymous().post("/users", json!({ "email": email, "password": PASSWORD })).await.fault();
        assert_eq!(
            (&fault["type"], &fault["loc"]),
            (&json!("value_error"), &json!(["body", "email"])),
            "{email:?}"
        );
        let message = fault["msg"].as_str().unwrap();
        assert!(
            message.starts_with("value is not a valid email address: ") || email.contains('\0'),
            "{message}"
        );
        assert_eq!(fault["input"], email);
    }
}

#[tokio::test]
async fn malformed_json_is_refused_with_its_position() {
    let app = TestApp::start().await;
    for (body, position) in [("{\"email\" 1}", 9), ("{", 0), ("{\"a\":1}x", 7), ("nonsense", 1)] {
        let call = app.anonymous().call("POST", "/users").body("application/json", body);
        let fault = call.send().await.fault();
        assert_eq!((&fault["type"], &fault["msg"]), (&json!("json_invalid"), &json!("JSON decode error")));
        assert_eq!(fault["loc"][0], "body");
        assert!(fault["loc"][1].as_u64().unwrap().abs_diff(position) <= 1, "{body}: {}", fault["loc"]);
        assert!(fault["ctx"]["error"].is_string());
    }
}

#[tokio::test]
async fn every_faulty_field_is_named_at_once_in_order_and_secrets_are_not_echoed() {
    let app = TestApp::start().await;
    let account = json!({ "name": 5, "password": 12345, "email": "nonsense" });
    let faults = app.anonymous().post("/users", account).await.faults();
    let seen: Vec<(&Value, &Value)> =
        faults.iter().map(|fault| (&fault["loc"][1], &fault["input"])).collect();
    assert_eq!(
        seen,
        [
            (&json!("email"), &json!("nonsense")),
            (&json!("password"), &Value::Null),
            (&json!("name"), &json!(5)),
        ]
    );
    let ana = app.user("ana").await;
    let faults = ana.put("/posts/x", json!({ "title": 1, "published": 1 })).await.faults();
    let places: Vec<&Value> = faults.iter().map(|fault| &fault["loc"]).collect();
    assert_eq!(
        places,
        [
            &json!(["path", "id"]),
            &json!(["body", "title"]),
            &json!(["body", "content"]),
            &json!(["body", "published"]),
        ]
    );
}

#[tokio::test]
async fn a_request_id_is_kept_if_it_can_be_one() {
    let app = TestApp::start().await;
    let call = |id: &str| app.anonymous().call("GET", "/nothing").header("x-request-id", id).send();
    assert_eq!(call("abc-123_4.5").await.header("x-request-id"), "abc-123_4.5");
    for bad in ["", "a b", "a\"b", &"x".repeat(65), "<script>"] {
        let answer = call(bad).await;
        assert_ne!(answer.header("x-request-id"), bad);
        assert_eq!(answer.header("x-request-id").len(), 36);
    }
    let (one, two) = (app.anonymous().get("/").await, app.anonymous().get("/").await);
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
}

#[tokio::test]
async fn no_answer_can_be_framed_sniffed_embedded_or_kept() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    for path in
        ["/", "/users/me", "/nothing", "/posts/", "/posts/x", "/docs", "/docs/start.js", "/health/live"]
    {
        let answer = ana.get(path).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), value, "{path}");
        }
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none';"), "{path}: {policy}");
        assert!(policy.ends_with("frame-ancestors 'none'"), "{path}: {policy}");
        let kept = answer.header("cache-control");
        assert!(kept == "no-store" || path.starts_with("/docs"), "{path}: {kept}");
        assert_eq!(answer.header("strict-transport-security"), "", "only TLS may promise TLS");
        assert_eq!(answer.header("server"), "");
    }
}
