//! What the tutorials got wrong, one test a bug: readers who come from there must not find it here again.

use std::sync::Arc;

use crate::app::{Starts, Writes, document};
use keyward_api::testing::app::{PASSWORD, TestApp, cheap_hasher};
use serde_json::json;

use crate::forge::{Forge, claims_of};

#[tokio::test]
async fn the_token_type_is_bearer_and_not_nearer() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let body = json!({ "username": "ana@example.com", "password": PASSWORD });
    assert_eq!(app.anonymous().post("/login", body).await.json()["token_type"], "bearer");
}

#[tokio::test]
async fn the_token_url_of_the_document_is_a_route_that_logs_in() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let url =
        &document()["components"]["securitySchemes"]["OAuth2PasswordBearer"]["flows"]["password"]["tokenUrl"];
    let call = app.anonymous().call("POST", url.as_str().unwrap());
    let answer = call.form("username=ana%40example.com&password=seven+wild+horses").send().await;
    assert!(answer.assert_status(200).json()["access_token"].is_string());
}

#[tokio::test]
async fn the_two_calls_of_the_tutorial_with_a_user_name_give_tokens() {
    let app = TestApp::start().await;
    let body = || json!({ "username": "flyingsponge", "password": "SpongePassword" });
    let signed_up = app.anonymous().post("/signup", body()).await.assert_status(201).json();
    let logged_in = app.anonymous().post("/login", body()).await.assert_status(200).json();
    for token in [signed_up, logged_in] {
        let me = app.bearer(token["access_token"].as_str().unwrap()).get("/users/me").await.json();
        assert_eq!((&me["username"], &me["email"]), (&json!("flyingsponge"), &json!(null)));
        let refresh = json!({ "refresh_token": token["refresh_token"] });
        app.anonymous().post("/refresh_token", refresh).await.assert_status(200);
    }
}

#[tokio::test]
async fn www_authenticate_is_spelt_right() {
    let app = TestApp::start().await;
    let answer = app.anonymous().get("/users/me").await.assert_status(401);
    assert!(answer.header("www-authenticate").starts_with("Bearer "));
    assert!(answer.headers.get("www-authenicate").is_none());
}

#[tokio::test]
async fn no_failure_is_answered_with_200() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let wrong = json!({ "username": "ana@example.com", "password": "not my password" });
    let taken = json!({ "email": "ana@example.com", "password": PASSWORD });
    for answer in [
        app.anonymous().post("/login", wrong).await,
        app.anonymous().post("/users", taken).await,
        ana.get("/posts/999999").await,
        ana.delete("/posts/999999").await,
        app.bearer("nonsense").get("/users/me").await,
    ] {
        assert!(answer.status.is_client_error(), "{}: {}", answer.status, answer.text());
    }
}

#[tokio::test]
async fn logging_in_does_not_tell_who_has_an_account() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let attempt = |username: &str| json!({ "username": username, "password": "not the password" });
    let known = app.anonymous().post("/login", attempt("ana@example.com")).await;
    let unknown = app.anonymous().post("/login", attempt("bob@example.com")).await;
    assert_eq!((known.status, known.text()), (unknown.status, unknown.text()));
}

#[tokio::test]
async fn no_answer_holds_a_password_or_its_hash() {
    let app = TestApp::start().await;
    let root = app.admin("root").await;
    let account = json!({ "email": "ana@example.com", "password": PASSWORD });
    let signed_up = app.anonymous().post("/users", account).await;
    let ana = app.user("ana").await;
    let own = format!("/users/{}", ana.id);
    let answers = [
        signed_up,
        ana.get("/users/me").await,
        root.get("/users").await,
        root.get(&own).await,
        root.patch(&own, json!({ "role": "user" })).await,
    ];
    for answer in answers {
        let words = answer.text().to_lowercase();
        for secret in ["password", "hash", "argon2", PASSWORD] {
            assert!(!words.contains(secret), "{words}");
        }
    }
}

#[tokio::test]
async fn a_duplicate_address_is_no_server_error() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let account = json!({ "email": "ana@example.com", "password": PASSWORD });
    for path in ["/users", "/signup"] {
        let answer = app.anonymous().post(path, account.clone()).await.assert_status(400);
        assert_eq!(answer.detail(), "The user with this email already exists in the system.");
    }
}

#[tokio::test]
async fn nobody_deletes_or_edits_what_is_anothers() {
    let app = TestApp::start().await;
    let (ana, eve) = (app.user("ana").await, app.user("eve").await);
    let post = format!("/posts/{}", ana.writes("Hello", true).await);
    eve.delete(&post).await.assert_status(403);
    eve.put(&post, json!({ "title": "t", "content": "c" })).await.assert_status(403);
    eve.delete(&format!("/users/{}", ana.id)).await.assert_status(403);
    assert_eq!(ana.get(&post).await.assert_status(200).json()["title"], "Hello");
}

#[tokio::test]
async fn a_deleted_users_token_is_refused() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let proof = json!({ "password": PASSWORD });
    ana.call("DELETE", "/users/me").json(&proof).send().await.assert_status(204);
    ana.get("/posts").await.assert_invalid_token("a deleted user");
}

#[tokio::test]
async fn a_token_without_an_end_is_refused() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let forge = Forge::new(&ana);
    let mut claims = forge.claims();
    claims.as_object_mut().unwrap().remove("exp");
    forge.assert_bad_claims(&claims).await;
    let life =
        claims_of(ana.token())["exp"].as_i64().unwrap() - claims_of(ana.token())["iat"].as_i64().unwrap();
    assert!(life <= 3600, "an access token lives for minutes, not for days: {life} s");
}

#[tokio::test]
async fn an_expired_access_token_buys_no_new_one() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    app.clock.advance(time::Duration::hours(1));
    let answer = ana.post("/refresh_token", json!({ "refresh_token": ana.token() })).await;
    answer.assert_status(401);
    let answer = ana.call("POST", "/refresh_token").send().await;
    assert_eq!(answer.status, 422, "the refresh token is needed: {}", answer.text());
    let answer = ana.post("/refresh_token", json!({ "refresh_token": ana.refresh })).await.assert_status(200);
    app.bearer(answer.json()["access_token"].as_str().unwrap()).get("/users/me").await.assert_status(200);
}

#[tokio::test]
async fn a_password_does_not_end_at_72_bytes() {
    let app = TestApp::start().await;
    let password = "x".repeat(40) + &"y".repeat(40);
    let account = json!({ "email": "ana@example.com", "password": password });
    app.anonymous().post("/users", account).await.assert_status(201);
    let cut = json!({ "username": "ana@example.com", "password": password[..72] });
    app.anonymous().post("/login", cut).await.assert_status(401);
}

#[tokio::test]
async fn an_id_past_64_bits_is_no_server_error() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    for path in ["/posts/9223372036854775808", "/blog/9223372036854775808", "/users/9223372036854775808"] {
        assert_eq!(ana.get(path).await.fault()["type"], "int_parsing");
    }
}

#[tokio::test]
async fn answers_are_neither_wrapped_in_data_nor_bare_strings() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.writes("Hello", true).await;
    assert!(ana.get("/posts").await.json().is_array());
    assert!(ana.get("/users/me").await.json()["data"].is_null());
    assert!(ana.get("/posts/999").await.json()["detail"].is_string());
}

#[tokio::test]
async fn an_address_differs_from_another_by_more_than_its_letter_case() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let account = json!({ "email": "Ana@Example.com", "password": PASSWORD });
    app.anonymous().post("/users", account).await.assert_status(400);
}

#[tokio::test]
async fn the_other_name_of_the_login_logs_in() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let form = "username=ana%40example.com&password=seven+wild+horses";
    let answer = app.anonymous().call("POST", "/token").form(form).send().await.assert_status(200);
    assert_eq!(answer.json()["token_type"], "bearer");
    let wrong =
        app.anonymous().call("POST", "/token").form("username=ana%40example.com&password=x").send().await;
    assert_eq!(wrong.assert_status(401).detail(), "Invalid Credentials");
    app.anonymous().get("/token").await.assert_status(405);
    assert_eq!(
        app.anonymous().post("/token/", json!({})).await.assert_status(307).header("location"),
        "/token"
    );
    assert!(document()["paths"].get("/token").is_none(), "an operation has one path in the document");
}

#[tokio::test]
async fn a_path_of_a_tutorial_says_what_to_call() {
    let app = TestApp::start().await;
    for (method, path, named) in [
        ("POST", "/user/login", "POST /login"),
        ("POST", "/user/signup", "POST /signup"),
        ("POST", "/user/login/", "POST /login"),
        ("POST", "/user/", "POST /users"),
        ("POST", "/user", "POST /users"),
        ("GET", "/user/all", "GET /users"),
        ("DELETE", "/user/7", "/users/7"),
        ("POST", "/createposts", "POST /posts"),
        ("POST", "/category/", "/categories"),
        ("DELETE", "/category/7", "/categories/7"),
        ("GET", "/cart/add?product_id=1", "POST /cart/items"),
        ("DELETE", "/cart/7", "/cart/items/7"),
        ("POST", "/auth/login", "POST /login"),
        ("POST", "/auth/token", "POST /login"),
        ("POST", "/auth/signup", "POST /signup"),
        ("POST", "/auth/register", "POST /signup"),
        ("POST", "/auth/refresh", "POST /refresh_token"),
        ("GET", "/auth/me", "/users/me"),
        ("GET", "/blogs", "/blog"),
    ] {
        let answer = app.anonymous().call(method, path).send().await.assert_status(404);
        assert!(answer.detail().contains(named), "{method} {path}: {}", answer.detail());
        assert_eq!(&*answer.code(), "not_found");
    }
    for path in ["/user/me2", "/users2", "/userlogin", "/user/7/posts", "/category/x", "/cart/add/7", "/auth"]
    {
        assert_eq!(app.anonymous().get(path).await.assert_status(404).detail(), "Not Found", "{path}");
    }
    for path in ["/cart", "/users/7", "/posts/7"] {
        app.anonymous().get(path).await.assert_status(401);
    }
    let bare = TestApp::with_hasher(Vec::new(), &[], Arc::new(cheap_hasher()), 2).await;
    for path in ["/cart/add", "/category", "/createposts"] {
        let answer = bare.anonymous().get(path).await.assert_status(404);
        assert_eq!(answer.detail(), "Not Found", "what is not mounted is not named: {path}");
    }
    let refresh = app.anonymous().get("/refresh_token").await.assert_status(405);
    assert_eq!((refresh.detail().as_str(), refresh.header("allow")), ("Method Not Allowed", "POST"));
}

#[tokio::test]
async fn a_page_counted_from_the_beginning_is_refused_and_the_cursor_named() {
    let app = TestApp::start().await;
    let (ana, root) = (app.user("ana").await, app.admin("root").await);
    for (who, path) in
        [(&ana, "/posts"), (&root, "/users"), (&ana, "/blog"), (&ana, "/products"), (&ana, "/orders")]
    {
        for name in ["skip", "offset"] {
            let fault = who.get(&format!("{path}?{name}=10&limit=5")).await.assert_status(422).fault();
            assert_eq!((&fault["loc"], &fault["type"]), (&json!(["query", name]), &json!("value_error")));
            assert!(fault["msg"].as_str().unwrap().contains("`after`"), "{fault}");
        }
    }
    ana.get("/posts?skipped=1").await.assert_status(200);
}

#[tokio::test]
async fn an_address_or_password_in_the_wrong_place_says_where_it_is_changed() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    for (body, path) in [
        (json!({ "email": "new@example.com" }), "POST /users/me/email"),
        (json!({ "name": "Ana", "password": "another pass phrase" }), "POST /users/me/password"),
    ] {
        let fault = ana.patch("/users/me", body).await.assert_status(422).fault();
        assert!(fault["msg"].as_str().unwrap().contains(path), "{fault}");
        assert_eq!(fault["input"], json!(null), "not repeated");
    }
    let me = ana.get("/users/me").await.json();
    assert_eq!((&me["email"], &me["name"]), (&json!("ana@example.com"), &json!("ana")));
}
