//! The calls of the four tutorials whose readers come here, in their order: each works, or its refusal says what to call.

use keyward_api::testing::app::TestApp;
use keyward_api::testing::call::Call;
use keyward_api::testing::person::Person;
use serde_json::{Value, json};

use crate::app::Starts;

/// A call as a tutorial writes it: method, path, body, the status, and words of the answer.
type Step<'a> = (&'a str, &'a str, Value, u16, &'a str);

/// Makes the calls one after the other, and follows a slash at the end as HTTP libraries do. Returns the answers.
async fn walk(who: &Person, steps: &[Step<'_>]) -> Vec<Value> {
    let mut answers = Vec::new();
    for (method, path, body, status, words) in steps {
        let call = |path: &str| -> Call {
            let call = who.call(method, path);
            match body {
                Value::Null => call,
                Value::String(form) => call.form(form),
                body => call.json(body),
            }
        };
        let mut answer = call(path).send().await;
        if answer.status == 307 {
            let there = answer.header("location").to_owned();
            answer = call(&there).send().await;
        }
        assert_eq!(answer.status, *status, "{method} {path}: {}", answer.text());
        assert!(answer.text().contains(words), "{method} {path}: {}", answer.text());
        answers.push(serde_json::from_slice(&answer.body).unwrap_or_default());
    }
    answers
}

/// Who has the token of this answer.
fn holder(app: &TestApp, answer: &Value) -> Person {
    app.bearer(answer["access_token"].as_str().unwrap())
}

/// Accounts, a login by form, posts of one's own.
async fn posts_api(app: &TestApp) {
    let anyone = app.anonymous();
    let account = json!({ "email": "sanjeev@gmail.com", "password": "beaches of florida" });
    let form = json!("username=sanjeev%40gmail.com&password=beaches+of+florida");
    let answers = walk(
        &anyone,
        &[
            ("GET", "/", Value::Null, 200, "keyward"),
            ("POST", "/users/", account, 201, "sanjeev@gmail.com"),
            ("POST", "/login", form.clone(), 200, "bearer"),
            ("POST", "/token", form, 200, "bearer"),
            (
                "POST",
                "/login",
                json!("username=sanjeev%40gmail.com&password=wrong"),
                401,
                "Invalid Credentials",
            ),
            ("GET", "/posts/", Value::Null, 401, "Not authenticated"),
            ("POST", "/createposts", json!({ "title": "a", "content": "b" }), 404, "POST /posts"),
        ],
    )
    .await;
    let (sanjeev, own) = (holder(app, &answers[2]), format!("/users/{}", answers[1]["id"]));
    let post = json!({ "title": "top beaches in florida", "content": "check out these awesome beaches", "published": true });
    let written = walk(&sanjeev, &[("POST", "/posts/", post.clone(), 201, "florida")]).await;
    let path = format!("/posts/{}", written[0]["id"]);
    walk(
        &sanjeev,
        &[
            ("GET", &own, Value::Null, 200, "sanjeev@gmail.com"),
            ("GET", "/posts/?limit=5&search=beach", Value::Null, 200, "florida"),
            ("GET", "/posts?limit=5&skip=2", Value::Null, 422, "after"),
            ("GET", &path, Value::Null, 200, "awesome"),
            ("PUT", &path, post, 200, "florida"),
            ("DELETE", &path, Value::Null, 204, ""),
            ("GET", &path, Value::Null, 404, "was not found"),
        ],
    )
    .await;
}

/// JSON at sign-up and login, posts that anyone reads.
async fn mini_blog(app: &TestApp) {
    let anyone = app.anonymous();
    let account =
        json!({ "fullname": "Abdulazeez", "email": "abdulazeez@x.com", "password": "a weak phrase" });
    let answers = walk(
        &anyone,
        &[
            ("POST", "/user/signup", account.clone(), 404, "POST /signup"),
            ("POST", "/signup", account, 201, "access_token"),
            ("POST", "/user/login", json!({}), 404, "POST /login"),
            (
                "POST",
                "/login",
                json!({ "email": "abdulazeez@x.com", "password": "a weak phrase" }),
                200,
                "access_token",
            ),
            (
                "POST",
                "/login",
                json!({ "email": "abdulazeez@x.com", "password": "x" }),
                401,
                "Invalid Credentials",
            ),
            (
                "POST",
                "/posts",
                json!({ "id": 2, "title": "Securing FastAPI", "content": "In this tutorial" }),
                401,
                "Not authenticated",
            ),
            ("GET", "/blog", Value::Null, 200, "["),
        ],
    )
    .await;
    let post = json!({ "id": 2, "title": "Securing FastAPI", "content": "In this tutorial" });
    let written = walk(&holder(app, &answers[3]), &[("POST", "/posts", post, 201, "Securing")]).await;
    walk(&anyone, &[("GET", &format!("/blog/{}", written[0]["id"]), Value::Null, 200, "Securing")]).await;
}

/// Sign-up, login and refresh by a user name.
async fn refresh(app: &TestApp) {
    let anyone = app.anonymous();
    let sponge = || json!({ "username": "flyingsponge", "password": "SpongePassword" });
    let answers = walk(
        &anyone,
        &[
            ("POST", "/signup", sponge(), 201, "refresh_token"),
            ("POST", "/login", sponge(), 200, "refresh_token"),
            ("GET", "/refresh_token", Value::Null, 405, "Method Not Allowed"),
            ("POST", "/secret", Value::Null, 401, "Not authenticated"),
            ("GET", "/notsecret", Value::Null, 200, "Not secret data"),
        ],
    )
    .await;
    let refresh = json!({ "refresh_token": answers[1]["refresh_token"] });
    let answers = walk(&anyone, &[("POST", "/refresh_token", refresh, 200, "access_token")]).await;
    walk(
        &holder(app, &answers[0]),
        &[
            (
                "POST",
                "/secret",
                Value::Null,
                200,
                "Top Secret data only authorized users can access this info",
            ),
            ("GET", "/users/me", Value::Null, 200, "flyingsponge"),
            ("POST", "/logout", Value::Null, 204, ""),
            ("GET", "/users/me", Value::Null, 401, "Could not validate credentials"),
        ],
    )
    .await;
}

/// A catalogue of an administrator's, a cart, an order.
async fn shop(app: &TestApp, root: &Person) {
    let anyone = app.anonymous();
    let account = json!({ "name": "Mukul", "email": "mukul@gmail.com", "password": "a long shopping list" });
    let answers = walk(
        &anyone,
        &[
            ("POST", "/user/", account.clone(), 404, "POST /users"),
            ("POST", "/users", account, 201, "Mukul"),
            ("GET", "/user/all", Value::Null, 404, "GET /users"),
            (
                "POST",
                "/login",
                json!("username=mukul%40gmail.com&password=a+long+shopping+list"),
                200,
                "bearer",
            ),
            ("POST", "/category/", json!({ "name": "Books" }), 404, "/categories"),
        ],
    )
    .await;
    let mukul = holder(app, &answers[3]);
    let made = walk(root, &[("POST", "/categories", json!({ "name": "Books" }), 201, "Books")]).await;
    let product = json!({ "name": "Atlas", "quantity": 3, "description": "Maps", "price": 19.99, "category_id": made[0]["id"] });
    let made = walk(
        root,
        &[("POST", "/products/", product, 201, "Atlas"), ("GET", "/users", Value::Null, 200, "mukul")],
    )
    .await;
    let item = json!({ "product_id": made[0]["id"], "quantity": 1 });
    walk(
        &mukul,
        &[
            ("GET", "/products/", Value::Null, 200, "Atlas"),
            ("GET", "/cart/", Value::Null, 200, "items"),
            ("GET", "/cart/add?product_id=1", Value::Null, 404, "POST /cart/items"),
            ("POST", "/cart/items", item, 201, "Atlas"),
            ("POST", "/orders/", json!({ "shipping_address": "1 Main Street" }), 201, "19.99"),
            ("GET", "/orders/", Value::Null, 200, "Atlas"),
        ],
    )
    .await;
    assert!(app.letter().await.letter.text.contains("Atlas"), "the mail about the order");
}

#[tokio::test]
async fn the_calls_of_all_four_tutorials_work_or_say_what_to_call() {
    let app = TestApp::start().await;
    let root = app.admin("root").await;
    posts_api(&app).await;
    mini_blog(&app).await;
    refresh(&app).await;
    shop(&app, &root).await;
}
