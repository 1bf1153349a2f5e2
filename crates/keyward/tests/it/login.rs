//! Logging in, by every door there is, and out.

use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::{PASSWORD, TestApp};
use keyward_api::testing::person::Person;
use serde_json::{Value, json};

use crate::app::Starts;

const FORM: &str = "grant_type=password&username=ana%40example.com&password=seven+wild+horses";

async fn app_with_ana() -> (TestApp, Person) {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    (app, ana)
}

async fn post_form(app: &TestApp, form: &str) -> Answer {
    app.anonymous().call("POST", "/login").form(form).send().await
}

async fn post_json(app: &TestApp, body: Value) -> Answer {
    app.anonymous().post("/login", body).await
}

/// That a pair of tokens came, of which the access token opens a lock.
async fn assert_logged_in(app: &TestApp, answer: Answer) {
    let answer = answer.assert_status(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("pragma"), "no-cache");
    let token = answer.json();
    assert_eq!(token["token_type"], "bearer");
    assert_eq!(token["expires_in"], 900);
    assert_eq!(token["scope"], "posts:read posts:write shop");
    assert!(token["refresh_token"].as_str().unwrap().starts_with("kwr_"));
    let me = app.bearer(token["access_token"].as_str().unwrap()).get("/users/me").await;
    assert_eq!(me.assert_status(200).json()["email"], "ana@example.com");
}

#[tokio::test]
async fn the_oauth2_form_logs_in() {
    let (app, _) = app_with_ana().await;
    assert_logged_in(&app, post_form(&app, FORM).await).await;
    let without_grant_type = FORM.replace("grant_type=password&", "");
    assert_logged_in(&app, post_form(&app, &without_grant_type).await).await;
}

#[tokio::test]
async fn a_multipart_form_logs_in() {
    let (app, _) = app_with_ana().await;
    let field = |name: &str, value: &str| {
        format!("--frontier\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let body = field("username", "ana@example.com") + &field("password", PASSWORD) + "--frontier--\r\n";
    let call = app.anonymous().call("POST", "/login").body("multipart/form-data; boundary=frontier", body);
    assert_logged_in(&app, call.send().await).await;
}

#[tokio::test]
async fn json_logs_in_with_a_username_or_an_email() {
    let (app, _) = app_with_ana().await;
    for name in ["username", "email"] {
        let answer = post_json(&app, json!({ name: "ana@example.com", "password": PASSWORD })).await;
        assert_logged_in(&app, answer).await;
    }
}

#[tokio::test]
async fn the_address_may_be_typed_in_any_case_and_with_spaces_around_it() {
    let (app, _) = app_with_ana().await;
    for email in ["ANA@Example.COM", " ana@example.com "] {
        let answer = post_json(&app, json!({ "username": email, "password": PASSWORD })).await;
        assert_logged_in(&app, answer).await;
    }
}

#[tokio::test]
async fn what_swagger_ui_sends_beside_the_credentials_is_ignored() {
    let (app, _) = app_with_ana().await;
    let form = format!("{FORM}&scope=&client_id=&client_secret=");
    for basic in ["Basic Og==", "Basic Y2xpZW50OnNlY3JldA==", "Bearer nonsense"] {
        let call = app.anonymous().call("POST", "/login").header("authorization", basic).form(&form);
        assert_logged_in(&app, call.send().await).await;
    }
}

#[tokio::test]
async fn a_scope_narrows_what_the_token_is_good_for() {
    let (app, _) = app_with_ana().await;
    let answer = post_form(&app, &format!("{FORM}&scope=posts%3Aread")).await.assert_status(200);
    assert_eq!(answer.json()["scope"], "posts:read");
    let reader = app.bearer(answer.json()["access_token"].as_str().unwrap());
    reader.get("/posts").await.assert_status(200);
    let refused = reader.post("/posts", json!({ "title": "t", "content": "c" })).await.assert_status(403);
    assert_eq!(refused.detail(), "Not enough permissions");
}

#[tokio::test]
async fn a_scope_that_is_unknown_or_not_ones_own_is_refused() {
    let (app, _) = app_with_ana().await;
    for scope in ["admin", "posts:read+admin", "nonsense", "%22", "posts%3Aread%09x"] {
        let answer = post_form(&app, &format!("{FORM}&scope={scope}")).await.assert_status(400);
        assert_eq!(answer.json()["error"], "invalid_scope", "{scope}");
        assert_eq!(answer.json()["error_description"], answer.json()["detail"]);
    }
}

#[tokio::test]
async fn an_administrator_may_ask_for_less_than_everything() {
    let app = TestApp::start().await;
    app.admin("root").await;
    let body = json!({ "username": "root@example.com", "password": PASSWORD });
    assert_eq!(
        post_json(&app, body).await.json()["scope"],
        "admin catalog:write posts:read posts:write shop"
    );
    let body = json!({ "username": "root@example.com", "password": PASSWORD, "scope": "posts:read" });
    let token = post_json(&app, body).await.json();
    app.bearer(token["access_token"].as_str().unwrap()).get("/users").await.assert_status(403);
}

#[tokio::test]
async fn another_grant_type_is_refused() {
    let (app, _) = app_with_ana().await;
    for grant in ["refresh_token", "client_credentials", "Password", "authorization_code"] {
        let form = FORM.replace("grant_type=password", &format!("grant_type={grant}"));
        let answer = post_form(&app, &form).await.assert_status(400);
        assert_eq!(answer.json()["error"], "unsupported_grant_type", "{grant}");
        assert!(answer.json()["detail"].is_string() && answer.json()["error_description"].is_string());
    }
}

#[tokio::test]
async fn an_unknown_user_and_a_wrong_password_cannot_be_told_apart() {
    let (app, ana) = app_with_ana().await;
    let root = app.admin("root").await;
    app.user("eve").await;
    let eve = app.user("eve").await;
    root.patch(&format!("/users/{}", eve.id), json!({ "disabled": true })).await.assert_status(200);
    let mut seen = Vec::new();
    for (username, password) in [
        (ana.email.as_str(), "another password"),
        ("nobody@example.com", PASSWORD),
        ("eve@example.com", PASSWORD),
        ("eve@example.com", "another password"),
        ("no address at all", PASSWORD),
        ("' OR 1=1 --", PASSWORD),
        (&"x".repeat(3000), PASSWORD),
    ] {
        let answer = post_json(&app, json!({ "username": username, "password": password })).await;
        let mut answer = answer.assert_status(401);
        answer.headers.remove("x-request-id");
        seen.push((answer.headers.clone(), answer.text()));
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:#?}");
    let body: Value = serde_json::from_str(&seen[0].1).unwrap();
    let words = "Invalid Credentials";
    assert_eq!(
        body,
        json!({ "detail": words, "code": "invalid_credentials", "error": "invalid_grant", "error_description": words })
    );
    assert!(seen[0].0["www-authenticate"].to_str().unwrap().starts_with("Bearer "));
}

#[tokio::test]
async fn a_password_is_compared_whole() {
    let app = TestApp::start().await;
    let long = "correct horse battery staple ".repeat(4) + "end";
    let account = json!({ "email": "ana@example.com", "password": long });
    app.anonymous().post("/users", account).await.assert_status(201);
    let login =
        |password: String| post_json(&app, json!({ "username": "ana@example.com", "password": password }));
    login(long.clone()).await.assert_status(200);
    for wrong in [
        &long[..72],
        &long[..long.len() - 1],
        &format!("{long} "),
        &format!(" {long}"),
        &long.to_uppercase(),
        &format!("{long}\0"),
    ] {
        app.clock.advance(time::Duration::hours(1)); // guessing has its price, which is another test's matter
        login(wrong.to_string()).await.assert_status(401);
    }
}

#[tokio::test]
async fn a_unicode_password_works_however_it_is_composed() {
    let app = TestApp::start().await;
    let account = json!({ "email": "ana@example.com", "password": "pa\u{df}w\u{f6}rter \u{1f40e}" });
    app.anonymous().post("/users", account).await.assert_status(201);
    for password in ["pa\u{df}w\u{f6}rter \u{1f40e}", "pa\u{df}wo\u{308}rter \u{1f40e}"] {
        post_json(&app, json!({ "username": "ana@example.com", "password": password }))
            .await
            .assert_status(200);
    }
}

#[tokio::test]
async fn credentials_in_the_address_are_refused() {
    let (app, _) = app_with_ana().await;
    for query in ["username=ana@example.com&password=seven+wild+horses", "password=x", "a=b&username=x"] {
        let answer = app.anonymous().call("POST", &format!("/login?{query}")).form(FORM).send().await;
        let answer = answer.assert_status(400);
        assert_eq!(answer.json()["error"], "invalid_request", "{query}");
    }
}

#[tokio::test]
async fn credentials_in_the_address_are_refused_wherever_a_body_is_read() {
    let (app, ana) = app_with_ana().await;
    for path in ["/login", "/signup", "/users", "/refresh_token", "/posts", "/reset-password"] {
        for query in [
            "password=x",
            "a=b&Password=x",
            "%70assword=x",
            "current_password=x",
            "new%5Fpassword=x",
            "client_secret=x",
            "REFRESH_TOKEN=x",
        ] {
            let answer = ana.post(&format!("{path}?{query}"), json!({})).await.assert_status(400);
            let words = "Credentials belong into the body, never into the address.";
            assert_eq!(answer.detail(), words, "{path}?{query}");
        }
    }
    for path in ["/oauth/token", "/oauth/introspect", "/oauth/revoke"] {
        let answer = app.anonymous().call("POST", &format!("{path}?client_secret=x")).form("token=x");
        let answer = answer.send().await.assert_status(400);
        assert_eq!(answer.json()["error"], "invalid_request", "{path}");
    }
    for query in ["%75sername=x", "Username=x"] {
        app.anonymous().call("POST", &format!("/login?{query}")).form(FORM).send().await.assert_status(400);
    }
    let post = json!({ "title": "t", "content": "c" });
    for query in ["username=x", "token=x", "passwords=x", "my_password=x"] {
        ana.post(&format!("/posts?{query}"), post.clone()).await.assert_status(201);
    }
}

#[tokio::test]
async fn an_incomplete_login_names_every_missing_field() {
    let app = TestApp::start().await;
    for answer in [post_json(&app, json!({})).await, post_form(&app, "username=&password=").await] {
        let missing: Vec<Value> =
            answer.faults().iter().map(|fault| json!([fault["type"], fault["loc"]])).collect();
        let of = |field| json!(["missing", ["body", field]]);
        assert_eq!(missing, [of("username"), of("password")]);
    }
}

#[tokio::test]
async fn logging_out_ends_this_session_and_no_other() {
    let (app, ana) = app_with_ana().await;
    let (elsewhere, eve) = (app.log_in("ana").await, app.user("eve").await);
    ana.call("POST", "/logout").send().await.assert_status(204);
    ana.get("/users/me").await.assert_invalid_token("after the logout");
    ana.call("POST", "/logout").send().await.assert_invalid_token("twice");
    elsewhere.get("/users/me").await.assert_status(200);
    eve.get("/users/me").await.assert_status(200);
}

#[tokio::test]
async fn signing_up_logs_in() {
    let app = TestApp::start().await;
    let account = json!({ "email": "Ana@example.com", "password": PASSWORD, "name": "Ana" });
    let answer = app.anonymous().post("/signup", account.clone()).await.assert_status(201);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.json()["token_type"], "bearer");
    let me = app.bearer(answer.json()["access_token"].as_str().unwrap()).get("/users/me").await;
    assert_eq!(me.json()["email"], "ana@example.com");
    assert_eq!(me.json()["name"], "Ana");
    let again = app.anonymous().post("/signup", account).await.assert_status(400);
    assert_eq!(again.detail(), "The user with this email already exists in the system.");
}
