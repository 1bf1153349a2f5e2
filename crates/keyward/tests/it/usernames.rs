//! User names: signing up and logging in with one, with an address, or with either.

use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::{PASSWORD, TestApp, address};
use keyward_api::testing::race::{at_once, count};
use serde_json::{Value, json};
use time::Duration;

use crate::app::Starts;
use crate::process::{Home, finish, text};

const WRONG: &str = "a wrong pass phrase";

async fn sign_up(app: &TestApp, body: Value) -> Answer {
    app.anonymous().post("/users", body).await
}

async fn log_in(app: &TestApp, name: &str, password: &str) -> Answer {
    app.anonymous().post("/login", json!({ "username": name, "password": password })).await
}

/// The faults of a 422: type and place.
fn faults(answer: &Answer) -> Vec<(String, String)> {
    let body = answer.json();
    let faults = body["detail"].as_array().unwrap_or_else(|| panic!("{body}"));
    let of = |fault: &Value| {
        (fault["type"].as_str().unwrap().to_owned(), fault["loc"][1].as_str().unwrap().to_owned())
    };
    faults.iter().map(of).collect()
}

#[tokio::test]
async fn an_account_has_an_address_or_a_user_name_or_both_and_logs_in_with_either() {
    let app = TestApp::start().await;
    let both = json!({ "email": "Ana@example.com", "username": "Sponge.Bob-7", "password": PASSWORD });
    let both = sign_up(&app, both).await.assert_status(201).json();
    assert_eq!((&both["email"], &both["username"]), (&json!("ana@example.com"), &json!("sponge.bob-7")));
    let named = json!({ "username": "flying", "password": PASSWORD });
    let named = sign_up(&app, named).await.assert_status(201).json();
    assert_eq!((&named["email"], &named["username"]), (&json!(null), &json!("flying")));
    let addressed = json!({ "username": "Eve@example.com", "password": PASSWORD });
    let addressed = sign_up(&app, addressed).await.assert_status(201).json();
    assert_eq!((&addressed["email"], &addressed["username"]), (&json!("eve@example.com"), &json!(null)));

    for (name, id) in [
        ("ana@example.com", &both["id"]),
        ("SPONGE.bob-7", &both["id"]),
        ("Flying", &named["id"]),
        ("eve@EXAMPLE.com", &addressed["id"]),
    ] {
        let tokens = log_in(&app, name, PASSWORD).await.assert_status(200).json();
        let me = app.bearer(tokens["access_token"].as_str().unwrap()).get("/users/me").await.json();
        assert_eq!(&me["id"], id, "{name}");
        let form = format!("grant_type=password&username={name}&password={}", PASSWORD.replace(' ', "+"));
        app.anonymous().call("POST", "/oauth/token").form(&form).send().await.assert_status(200);
    }
    for name in ["eve", "ana", "sponge.bob", "flying@example.com", " flying", "flying ", "\u{ff46}lying"] {
        log_in(&app, name, PASSWORD).await.assert_status(401);
    }
}

#[tokio::test]
async fn what_is_no_user_name_is_refused_in_its_place() {
    let app = TestApp::start().await;
    for (name, kind) in [
        ("", "string_too_short"),
        ("an a", "value_error"),
        (" ana", "value_error"),
        ("\u{ff41}na", "value_error"),
        ("_ana", "value_error"),
        ("ana\u{0}", "value_error"),
        ("ana@", "value_error"),
    ] {
        let answer = sign_up(&app, json!({ "username": name, "password": PASSWORD })).await;
        assert_eq!(
            faults(&answer.assert_status(422)),
            [(kind.to_owned(), "username".to_owned())],
            "{name:?}"
        );
    }
    let long = sign_up(&app, json!({ "username": "x".repeat(65), "password": PASSWORD })).await;
    assert_eq!(faults(&long), [("string_too_long".to_owned(), "username".to_owned())]);
    sign_up(&app, json!({ "username": "x".repeat(64), "password": PASSWORD })).await.assert_status(201);
    let typed = sign_up(&app, json!({ "username": 7, "password": PASSWORD })).await;
    assert_eq!(faults(&typed), [("string_type".to_owned(), "username".to_owned())]);
}

#[tokio::test]
async fn without_a_name_the_address_is_missing_among_all_the_faults() {
    let app = TestApp::start().await;
    for body in
        [json!({ "password": "short" }), json!({ "email": null, "username": null, "password": "short" })]
    {
        let answer = sign_up(&app, body).await.assert_status(422);
        let missing = &answer.json()["detail"][0];
        assert_eq!((&missing["type"], &missing["msg"]), (&json!("missing"), &json!("Field required")));
        assert_eq!(missing["ctx"], json!({ "or": "username" }));
        let expected = [("missing", "email"), ("string_too_short", "password")];
        assert_eq!(faults(&answer), expected.map(|(kind, place)| (kind.to_owned(), place.to_owned())));
    }
}

#[tokio::test]
async fn two_addresses_are_refused_and_the_same_one_twice_is_one() {
    let app = TestApp::start().await;
    let body =
        |username: &str| json!({ "email": address("ana"), "username": username, "password": PASSWORD });
    let answer = sign_up(&app, body("bob@example.com")).await.assert_status(422);
    assert_eq!(faults(&answer), [("value_error".to_owned(), "username".to_owned())]);
    let user = sign_up(&app, body("ANA@example.com")).await.assert_status(201).json();
    assert_eq!((&user["email"], &user["username"]), (&json!("ana@example.com"), &json!(null)));
}

#[tokio::test]
async fn a_password_is_not_a_name_of_the_account() {
    let app = TestApp::start().await;
    for (body, place) in [
        (json!({ "username": "flyingsponge", "password": "FlyingSponge" }), "password"),
        (
            json!({ "email": "ana@example.com", "username": "flyingsponge", "password": "flyingsponge" }),
            "password",
        ),
    ] {
        assert_eq!(faults(&sign_up(&app, body).await.assert_status(422))[0].1, place);
    }
    let named = json!({ "username": "flyingsponge", "password": PASSWORD });
    let tokens = app.anonymous().post("/signup", named).await.assert_status(201).json();
    let change = json!({ "current_password": PASSWORD, "new_password": "FlyingSponge" });
    let me = app.bearer(tokens["access_token"].as_str().unwrap());
    assert_eq!(
        me.post("/users/me/password", change).await.assert_status(422).json()["code"],
        "password_refused"
    );
}

#[tokio::test]
async fn of_64_sign_ups_with_one_user_name_at_once_exactly_one_succeeds() {
    let app = TestApp::start().await;
    let answers = at_once(64, |number| {
        let app = app.clone();
        async move {
            let mut body = json!({ "username": "sponge", "password": PASSWORD });
            if number % 2 == 0 {
                body["email"] = json!(address(&format!("user{number}")));
            }
            sign_up(&app, body).await
        }
    })
    .await;
    assert_eq!((count(&answers, 201), count(&answers, 400)), (1, 63));
    for refused in answers.iter().filter(|answer| answer.status == 400) {
        let expected = json!({ "detail": "That user name is taken.", "code": "username_taken" });
        assert_eq!(refused.json(), expected);
    }
    let taken = json!({ "email": "new@example.com", "username": "Sponge", "password": PASSWORD });
    sign_up(&app, taken.clone()).await.assert_status(400);
    assert_eq!(app.anonymous().post("/signup", taken).await.assert_status(400).code(), "username_taken");
}

#[tokio::test]
async fn an_account_has_one_budget_whichever_name_is_used() {
    let app = TestApp::start().await;
    let ana = json!({ "email": address("ana"), "username": "sponge", "password": PASSWORD });
    sign_up(&app, ana).await.assert_status(201);
    sign_up(&app, json!({ "username": "flying", "password": PASSWORD })).await.assert_status(201);
    for name in
        [address("ana"), "sponge".to_owned(), "SPONGE".to_owned(), address("ANA"), "sponge".to_owned()]
    {
        log_in(&app, &name, WRONG).await.assert_status(401);
    }
    for name in [address("ana"), "sponge".to_owned(), "Sponge".to_owned()] {
        log_in(&app, &name, PASSWORD).await.assert_status(429);
    }
    log_in(&app, "flying", PASSWORD).await.assert_status(200);
    app.clock.advance(Duration::seconds(2));
    log_in(&app, "sponge", PASSWORD).await.assert_status(200);
    for _ in 0..4 {
        log_in(&app, &address("ana"), WRONG).await.assert_status(401);
    }
    log_in(&app, "sponge", PASSWORD).await.assert_status(200);
}

#[tokio::test]
async fn an_unknown_user_name_is_answered_and_counted_like_a_known_one() {
    let app = TestApp::start().await;
    sign_up(&app, json!({ "username": "flying", "password": PASSWORD })).await.assert_status(201);
    for _ in 0..5 {
        let (known, unknown) = (log_in(&app, "flying", WRONG).await, log_in(&app, "nobody", WRONG).await);
        assert_eq!((known.status, known.text()), (unknown.status, unknown.text()));
        assert_eq!(known.status, 401);
    }
    let (known, unknown) = (log_in(&app, "flying", WRONG).await, log_in(&app, "nobody", WRONG).await);
    assert_eq!((known.status, known.text()), (unknown.status, unknown.text()));
    assert_eq!(known.status, 429);
}

#[tokio::test]
async fn where_addresses_have_to_be_verified_a_sign_up_has_one() {
    let app = TestApp::with_flags(&["--require-verified-email", "on"]).await;
    for path in ["/users", "/signup"] {
        let body = json!({ "username": "flying", "password": PASSWORD });
        let answer = app.anonymous().post(path, body).await.assert_status(422);
        assert_eq!(faults(&answer), [("missing".to_owned(), "email".to_owned())]);
        assert!(answer.json()["detail"][0]["ctx"].is_null());
    }
    let body = json!({ "email": address("ana"), "username": "flying", "password": PASSWORD });
    app.anonymous().post("/signup", body).await.assert_status(202);
    assert_eq!(log_in(&app, "flying", PASSWORD).await.assert_status(403).code(), "email_unverified");
    let body = json!({ "username": address("bob"), "password": PASSWORD });
    app.anonymous().post("/signup", body).await.assert_status(202);
}

#[tokio::test]
async fn where_addresses_alone_log_in_a_user_name_is_no_address() {
    let app = TestApp::with_flags(&["--login-names", "email"]).await;
    let answer = sign_up(&app, json!({ "username": "flying", "password": PASSWORD })).await;
    assert_eq!(faults(&answer.assert_status(422)), [("value_error".to_owned(), "username".to_owned())]);
    let answer = sign_up(&app, json!({ "password": PASSWORD })).await;
    assert_eq!(faults(&answer.assert_status(422)), [("missing".to_owned(), "email".to_owned())]);
    sign_up(&app, json!({ "username": address("ana"), "password": PASSWORD })).await.assert_status(201);
    log_in(&app, &address("ana"), PASSWORD).await.assert_status(200);
    log_in(&app, "ana", PASSWORD).await.assert_status(401);
}

#[tokio::test]
async fn where_user_names_alone_log_in_an_address_does_not() {
    let app = TestApp::with_flags(&["--login-names", "username"]).await;
    for body in [json!({ "password": PASSWORD }), json!({ "email": address("ana"), "password": PASSWORD })] {
        let answer = sign_up(&app, body).await.assert_status(422);
        assert_eq!(faults(&answer), [("missing".to_owned(), "username".to_owned())]);
    }
    let answer = sign_up(&app, json!({ "username": address("ana"), "password": PASSWORD })).await;
    assert_eq!(faults(&answer.assert_status(422)), [("value_error".to_owned(), "username".to_owned())]);
    let body = json!({ "email": address("ana"), "username": "sponge", "password": PASSWORD });
    sign_up(&app, body).await.assert_status(201);
    log_in(&app, "sponge", PASSWORD).await.assert_status(200);
    log_in(&app, &address("ana"), PASSWORD).await.assert_status(401);
}

#[tokio::test]
async fn without_an_address_there_is_no_mail_and_one_can_be_added() {
    let app = TestApp::start().await;
    let body = json!({ "username": "flying", "password": PASSWORD });
    let tokens = app.anonymous().post("/signup", body).await.assert_status(201).json();
    let me = app.bearer(tokens["access_token"].as_str().unwrap());
    let none = me.call("POST", "/users/me/verification").send().await.assert_status(409);
    assert_eq!(none.code(), "no_email");
    let change = json!({ "current_password": PASSWORD, "new_password": "another pass phrase" });
    me.post("/users/me/password", change).await.assert_status(204);
    assert!(app.letters().await.is_empty());

    let change = json!({ "email": address("ana"), "password": "another pass phrase" });
    me.post("/users/me/email", change).await.assert_status(202);
    let letters = app.letters().await;
    let (_, token) = letters[0].letter.text.split_once("token=").unwrap();
    let token = token.split_whitespace().next().unwrap();
    app.anonymous().post("/verify-email", json!({ "token": token })).await.assert_status(204);
    let user = me.get("/users/me").await.json();
    assert_eq!((&user["email"], &user["username"]), (&json!("ana@example.com"), &json!("flying")));
    assert_eq!(user["email_verified"], true);
    assert!(app.letters().await.is_empty(), "there was no old address to notify");
    for name in ["flying", "ana@example.com"] {
        log_in(&app, name, "another pass phrase").await.assert_status(200);
    }
}

#[tokio::test]
async fn a_user_name_is_free_again_after_its_account_was_deleted() {
    let app = TestApp::start().await;
    let body = || json!({ "username": "nobody", "password": PASSWORD });
    for _ in 0..2 {
        let tokens = app.anonymous().post("/signup", body()).await.assert_status(201).json();
        let me = app.bearer(tokens["access_token"].as_str().unwrap());
        me.call("DELETE", "/users/me").json(&json!({ "password": PASSWORD })).send().await.assert_status(204);
        log_in(&app, "nobody", PASSWORD).await.assert_status(401);
    }
}

#[tokio::test]
async fn an_order_without_an_address_is_placed_without_a_mail() {
    let app = TestApp::start().await;
    let root = app.admin("root").await;
    let category = root.post("/categories", json!({ "name": "Tea" })).await.assert_status(201).json();
    let product = json!({
        "name": "Green tea", "description": "Loose leaves", "price": 4.5, "quantity": 3,
        "category_id": category["id"],
    });
    let product = root.post("/products", product).await.assert_status(201).json();
    let body = json!({ "username": "flying", "password": PASSWORD });
    let tokens = app.anonymous().post("/signup", body).await.assert_status(201).json();
    let me = app.bearer(tokens["access_token"].as_str().unwrap());
    me.post("/cart/items", json!({ "product_id": product["id"] })).await.assert_status(201);
    me.post("/orders", json!({ "shipping_address": "Bikini Bottom" })).await.assert_status(201);
    assert!(app.letters().await.is_empty());
}

#[tokio::test]
async fn commands_know_user_names() {
    let home = Home::new().await;
    let create = |arguments: &[&str]| {
        let arguments = [&["user", "create", "--password-stdin"], arguments].concat();
        finish(home.command(&arguments), &format!("{PASSWORD}\n"))
    };
    let made = create(&["--username", "Sponge"]);
    let expected = "1\t-\tuser\tactive\t-\tsponge\n";
    assert_eq!(text(&made.stdout), expected, "{}", text(&made.stderr));
    let both =
        create(&["--email", "ana@example.com", "--username", "ana", "--role", "admin", "--name", "Ana"]);
    assert_eq!(text(&both.stdout), "2\tana@example.com\tadmin\tactive\tAna\tana\n");
    for arguments in [&[][..], &["--username", "no good"], &["--username", "x@example.com"]] {
        assert!(!create(arguments).status.success(), "{arguments:?}");
    }
    let again = create(&["--username", "sponge"]);
    assert!(text(&again.stderr).contains("That user name is taken."), "{}", text(&again.stderr));
    let disabled = home.run(&["user", "disable", "--username", "sponge"]);
    assert_eq!(text(&disabled.stdout), "1\t-\tuser\tdisabled\t-\tsponge\n");
    assert!(!home.run(&["user", "disable", "--username", "nobody"]).status.success());

    let people = "username,email,hash\nflying,,$2b$05$CCCCCCCCCCCCCCCCCCCCC.pIKrLVkBX9/OvQMSygY1pWEVn72t6na\n\
        sponge,x@example.com,$2b$05$CCCCCCCCCCCCCCCCCCCCC.pIKrLVkBX9/OvQMSygY1pWEVn72t6na\n\
        eve@example.com,,$2b$05$CCCCCCCCCCCCCCCCCCCCC.pIKrLVkBX9/OvQMSygY1pWEVn72t6na\n\
        eve@example.com,mia@example.com,$2b$05$CCCCCCCCCCCCCCCCCCCCC.pIKrLVkBX9/OvQMSygY1pWEVn72t6na\n\
        Flying,,$2b$05$CCCCCCCCCCCCCCCCCCCCC.pIKrLVkBX9/OvQMSygY1pWEVn72t6na\n\
        no good,,$2b$05$CCCCCCCCCCCCCCCCCCCCC.pIKrLVkBX9/OvQMSygY1pWEVn72t6na\n";
    std::fs::write(home.path().join("people.csv"), people).unwrap();
    let done = home.run(&["user", "import", "people.csv"]);
    assert_eq!(text(&done.stdout), "2 added, 1 there already, 3 refused\n", "{}", text(&done.stderr));
    for reason in [
        "line 5: the user name is another e-mail address",
        "line 6: the user name is that of line 2, too",
        "line 7: the user name is not valid: a user name has only the characters",
    ] {
        assert!(text(&done.stderr).contains(reason), "{}", text(&done.stderr));
    }
    let list = text(&home.run(&["user", "list"]).stdout);
    assert!(list.contains("\t-\tuser\tactive\t-\tflying\n"), "{list}");
    assert!(list.contains("\teve@example.com\tuser\tactive\t-\t-\n"), "{list}");
}
