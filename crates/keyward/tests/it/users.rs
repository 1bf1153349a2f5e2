//! Accounts: signing up, one's own, and an administrator's view of all.

use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::{PASSWORD, TestApp};
use keyward_api::testing::person::Person;
use serde_json::{Value, json};

use crate::app::{Starts, Writes};

async fn sign_up(app: &TestApp, account: Value) -> Answer {
    app.anonymous().post("/users", account).await
}

#[tokio::test]
async fn signing_up_answers_the_account_and_never_its_hash() {
    let app = TestApp::start().await;
    let account = json!({ "email": "Ana@Example.com", "password": PASSWORD, "name": "Ana" });
    let user = sign_up(&app, account).await.assert_status(201).json();
    let expected = json!({ "id": user["id"], "email": "ana@example.com", "username": null, "name": "Ana", "role": "user",
        "created_at": user["created_at"], "email_verified": false });
    assert_eq!(user, expected);
    assert!(user["id"].as_i64().unwrap() > 0);
    assert!(user["created_at"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test]
async fn the_name_may_be_left_out() {
    let app = TestApp::start().await;
    for (email, more) in [("a@example.com", json!({})), ("b@example.com", json!({ "name": null }))] {
        let mut account = json!({ "email": email, "password": PASSWORD });
        account.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(sign_up(&app, account).await.assert_status(201).json()["name"], Value::Null);
    }
}

#[tokio::test]
async fn one_address_makes_one_account_however_it_is_spelt() {
    let app = TestApp::start().await;
    app.user("ana").await;
    for email in ["ana@example.com", "ANA@EXAMPLE.COM", " ana@example.com", "ana@example.com\t"] {
        let answer = sign_up(&app, json!({ "email": email, "password": PASSWORD })).await.assert_status(400);
        assert_eq!(answer.detail(), "The user with this email already exists in the system.", "{email:?}");
    }
}

#[tokio::test]
async fn nobody_signs_up_as_an_administrator() {
    let app = TestApp::start().await;
    let account = json!({ "email": "eve@example.com", "password": PASSWORD, "role": "admin", "is_admin": true,
        "scope": "admin", "id": 7, "disabled": false, "email_verified": true });
    let user = sign_up(&app, account).await.assert_status(201).json();
    assert_eq!((&user["role"], &user["email_verified"]), (&json!("user"), &json!(false)));
    let eve = app.log_in("eve").await;
    eve.get("/users").await.assert_status(403);
    let changed =
        eve.patch("/users/me", json!({ "name": "Eve", "role": "admin", "email_verified": true })).await;
    assert_eq!(changed.json()["role"], "user");
    assert_eq!(changed.json()["email"], "eve@example.com");
}

#[tokio::test]
async fn a_password_that_would_be_guessed_first_is_refused() {
    let app = TestApp::start().await;
    for password in ["password123", "Password123", "12345678", "eve.adams@example.com", "EVE.ADAMS"] {
        let account = json!({ "email": "eve.adams@example.com", "password": password });
        let fault = sign_up(&app, account).await.fault();
        assert_eq!((&fault["type"], &fault["loc"]), (&json!("value_error"), &json!(["body", "password"])));
        assert_eq!(fault["input"], Value::Null, "a password is never echoed");
    }
}

#[tokio::test]
async fn a_password_that_the_operator_lists_is_refused_wherever_one_is_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("words.txt");
    std::fs::write(&file, "Umbrella\nleaked pass phrase\n").unwrap();
    let app = TestApp::with_flags(&["--password-blocklist", file.to_str().unwrap()]).await;
    let ana = app.user("ana").await;
    for password in ["LEAKED pass phrase", "umbrella2026!"] {
        let account = json!({ "email": "eve@example.com", "password": password });
        let fault = sign_up(&app, account).await.fault();
        assert_eq!(fault["msg"], "Value error, The password is too easy to guess at this service");
        assert_eq!((&fault["loc"], &fault["input"]), (&json!(["body", "password"]), &Value::Null));
        let change = json!({ "current_password": PASSWORD, "new_password": password });
        let fault = ana.post("/users/me/password", change).await.fault();
        assert_eq!(fault["loc"], json!(["body", "new_password"]));
        let reset = json!({ "token": "a".repeat(43), "new_password": password });
        let fault = app.anonymous().post("/reset-password", reset).await.fault();
        assert_eq!(fault["loc"], json!(["body", "new_password"]));
    }
    let account = json!({ "email": "eve@example.com", "password": "an umbrella in the rain" });
    sign_up(&app, account).await.assert_status(201);
}

#[tokio::test]
async fn a_password_has_8_to_128_characters_of_any_kind() {
    let app = TestApp::start().await;
    for (password, kind) in [("sevench", "string_too_short"), (&*"long ".repeat(26), "string_too_long")] {
        let fault = sign_up(&app, json!({ "email": "a@example.com", "password": password })).await.fault();
        assert_eq!(fault["type"], kind);
        assert_eq!(fault["input"], Value::Null);
    }
    for (index, password) in
        ["\u{1f40e}".repeat(8), "x y z ".repeat(21), "eight ch".to_owned()].iter().enumerate()
    {
        let account = json!({ "email": format!("{index}@example.com"), "password": password });
        sign_up(&app, account).await.assert_status(201);
    }
}

#[tokio::test]
async fn ones_own_account_can_be_read_renamed_and_made_nameless() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    assert_eq!(ana.get("/users/me").await.json()["name"], "ana");
    let renamed = ana.patch("/users/me", json!({ "name": "Ana M." })).await.assert_status(200);
    assert_eq!(renamed.json()["name"], "Ana M.");
    assert_eq!(ana.patch("/users/me", json!({})).await.assert_status(200).json()["name"], "Ana M.");
    assert_eq!(ana.patch("/users/me", json!({ "name": null })).await.json()["name"], Value::Null);
    assert_eq!(ana.get(&format!("/users/{}", ana.id)).await.json(), ana.get("/users/me").await.json());
}

#[tokio::test]
async fn a_new_password_needs_the_old_one_and_ends_every_other_session() {
    let app = TestApp::start().await;
    let (ana, elsewhere, eve) = (app.user("ana").await, app.user("ana").await, app.user("eve").await);
    let change = |current: &str, new: &str| {
        ana.post("/users/me/password", json!({ "current_password": current, "new_password": new }))
    };
    let refused = change("not my password", "another fine phrase").await.assert_status(403);
    assert_eq!(refused.detail(), "The current password is wrong.");
    elsewhere.get("/users/me").await.assert_status(200);
    assert_eq!(change(PASSWORD, "short").await.fault()["loc"], json!(["body", "new_password"]));
    assert_eq!(change(PASSWORD, "password123").await.fault()["type"], "value_error");
    change(PASSWORD, "another fine phrase").await.assert_status(204);
    ana.get("/users/me").await.assert_status(200);
    elsewhere.get("/users/me").await.assert_invalid_token("a session from before");
    eve.get("/users/me").await.assert_status(200);
    let nobody = app.anonymous();
    let login = |password: &str| {
        nobody.post("/login", json!({ "username": "ana@example.com", "password": password }))
    };
    login(PASSWORD).await.assert_status(401);
    login("another fine phrase").await.assert_status(200);
}

#[tokio::test]
async fn a_new_password_may_not_be_ones_own_address() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    for new in ["ana@example.com", "ANA@example.com"] {
        let change = json!({ "current_password": PASSWORD, "new_password": new });
        let fault = ana.post("/users/me/password", change).await.fault();
        assert_eq!(
            (&fault["type"], &fault["loc"]),
            (&json!("value_error"), &json!(["body", "new_password"]))
        );
    }
}

#[tokio::test]
async fn deleting_ones_account_needs_the_password_and_takes_everything_along() {
    let app = TestApp::start().await;
    let (ana, eve) = (app.user("ana").await, app.user("eve").await);
    let post = ana.writes("Hello", true).await;
    let delete =
        |password: &str| ana.call("DELETE", "/users/me").json(&json!({ "password": password })).send();
    delete("not my password").await.assert_status(403);
    delete(PASSWORD).await.assert_status(204);
    ana.get("/users/me").await.assert_invalid_token("a deleted user");
    eve.get(&format!("/posts/{post}")).await.assert_status(404);
    let credentials = json!({ "username": "ana@example.com", "password": PASSWORD });
    app.anonymous().post("/login", credentials).await.assert_status(401);
    let reborn = app.user("ana").await;
    assert!(reborn.id > ana.id, "an id is never used again");
    ana.get("/users/me").await.assert_invalid_token("of the address's former owner");
}

#[tokio::test]
async fn an_administrator_lists_reads_changes_and_deletes_accounts() {
    let app = TestApp::start().await;
    let (root, ana) = (app.admin("root").await, app.user("ana").await);
    assert_eq!(root.get("/users").await.ids(), [root.id, ana.id]);
    let path = format!("/users/{}", ana.id);
    assert_eq!(root.get(&path).await.assert_status(200).json()["email"], "ana@example.com");
    let promoted = root.patch(&path, json!({ "role": "admin" })).await.assert_status(200);
    assert_eq!(promoted.json()["role"], "admin");
    assert_eq!(root.patch(&path, json!({})).await.assert_status(200).json()["role"], "admin");
    root.delete(&path).await.assert_status(204);
    for answer in [root.get(&path).await, root.delete(&path).await, root.patch(&path, json!({})).await] {
        let answer = answer.assert_status(404);
        assert_eq!(answer.detail(), format!("user with id: {} was not found", ana.id));
    }
}

#[tokio::test]
async fn everybody_else_may_do_none_of_that() {
    let app = TestApp::start().await;
    let (ana, eve) = (app.user("ana").await, app.user("eve").await);
    let path = format!("/users/{}", ana.id);
    let answers = [
        eve.get("/users").await,
        eve.get(&path).await,
        eve.get("/users/999999").await,
        eve.patch(&path, json!({ "disabled": true })).await,
        eve.patch(&format!("/users/{}", eve.id), json!({ "role": "admin" })).await,
        eve.delete(&path).await,
    ];
    for answer in answers {
        assert_eq!(answer.assert_status(403).detail(), "Not enough permissions");
    }
    ana.get("/users/me").await.assert_status(200);
}

#[tokio::test]
async fn a_lost_role_takes_its_scope_out_of_tokens_already_given_out() {
    let app = TestApp::start().await;
    let (root, other) = (app.admin("root").await, app.admin("other").await);
    other.get("/users").await.assert_status(200);
    root.patch(&format!("/users/{}", other.id), json!({ "role": "user" })).await.assert_status(200);
    other.get("/users").await.assert_status(403);
    other.get("/posts").await.assert_status(200);
}

#[tokio::test]
async fn a_disabled_user_is_out_at_once_and_back_only_by_a_new_login() {
    let app = TestApp::start().await;
    let (root, ana) = (app.admin("root").await, app.user("ana").await);
    let path = format!("/users/{}", ana.id);
    root.patch(&path, json!({ "disabled": true })).await.assert_status(200);
    ana.get("/users/me").await.assert_invalid_token("a disabled user");
    let credentials = json!({ "username": "ana@example.com", "password": PASSWORD });
    app.anonymous().post("/login", credentials).await.assert_status(401);
    root.patch(&path, json!({ "disabled": false })).await.assert_status(200);
    ana.get("/users/me").await.assert_invalid_token("a session from before");
    app.log_in("ana").await.get("/users/me").await.assert_status(200);
}

#[tokio::test]
async fn an_administrators_change_is_checked_field_by_field() {
    let app = TestApp::start().await;
    let (root, ana) = (app.admin("root").await, app.user("ana").await);
    let change = json!({ "role": "emperor", "disabled": "yes" });
    let faults = root.patch(&format!("/users/{}", ana.id), change).await.faults();
    assert_eq!((&faults[0]["type"], &faults[0]["loc"]), (&json!("literal_error"), &json!(["body", "role"])));
    assert_eq!((&faults[1]["type"], &faults[1]["loc"]), (&json!("bool_type"), &json!(["body", "disabled"])));
    let faults = root.patch("/users/nobody", json!({ "role": 1 })).await.faults();
    assert_eq!((&faults[0]["loc"], &faults[1]["loc"]), (&json!(["path", "id"]), &json!(["body", "role"])));
}

#[tokio::test]
async fn nobody_elses_address_is_ever_shown() {
    let app = TestApp::start().await;
    let (ana, eve) = (app.user("ana").await, app.user("eve").await);
    let post = ana.writes("Hello", true).await;
    let pages = [
        "/posts".to_owned(),
        format!("/posts/{post}"),
        "/blog".to_owned(),
        format!("/blog/{post}"),
        format!("/users/{}", ana.id),
    ];
    for path in pages {
        assert!(!eve.get(&path).await.text().contains("@example.com"), "{path}");
    }
}

#[tokio::test]
async fn a_password_that_is_the_products_name_with_trimmings_is_refused() {
    let app = TestApp::start().await;
    for (number, password) in ["keyward1", "Keyward2026!", "123keyward", "!!KEYWARD!!"].iter().enumerate() {
        let account = json!({ "email": format!("a{number}@example.com"), "password": password });
        let fault = sign_up(&app, account).await.fault();
        assert_eq!(fault["loc"], json!(["body", "password"]), "{password}");
    }
    sign_up(&app, json!({ "email": "b@example.com", "password": "keyward is my service" }))
        .await
        .assert_status(201);
}

#[tokio::test]
async fn the_last_administrator_is_neither_demoted_nor_locked_out_nor_deleted() {
    let app = TestApp::start().await;
    let root = app.admin("root").await;
    let path = format!("/users/{}", root.id);
    let refused = |answer: Answer| {
        let words = "This is the last administrator: make another account one first.";
        assert_eq!(answer.assert_status(409).json()["detail"], words);
    };
    let ends = [
        json!({ "role": "user" }),
        json!({ "disabled": true }),
        json!({ "role": "user", "disabled": false }),
    ];
    for change in ends {
        refused(root.patch(&path, change).await);
    }
    refused(root.delete(&path).await);
    let leave = async |person: &Person| {
        person.call("DELETE", "/users/me").json(&json!({ "password": PASSWORD })).send().await
    };
    refused(leave(&root).await);
    // Nothing of it happened, and what takes nothing away is no such thing.
    root.patch(&path, json!({ "role": "admin", "disabled": false })).await.assert_status(200);
    let other = app.admin("other").await;
    let other_path = format!("/users/{}", other.id);
    // One who is locked out does not count.
    root.patch(&other_path, json!({ "disabled": true })).await.assert_status(200);
    refused(root.patch(&path, json!({ "role": "user" })).await);
    root.patch(&other_path, json!({ "role": "user" })).await.assert_status(200);
    root.patch(&other_path, json!({ "role": "admin" })).await.assert_status(200);
    refused(leave(&root).await);
    root.patch(&other_path, json!({ "disabled": false })).await.assert_status(200);
    leave(&root).await.assert_status(204);
}

#[tokio::test]
async fn an_administrator_changes_and_deletes_accounts_with_a_fresh_login_only() {
    let app = TestApp::start().await;
    let (root, ana) = (app.admin("root").await, app.user("ana").await);
    let path = format!("/users/{}", ana.id);
    app.clock.advance(time::Duration::seconds(301));
    root.get("/users").await.assert_status(200);
    for method in ["PATCH", "DELETE"] {
        let call = root.call(method, &path).json(&json!({ "role": "admin" }));
        let stale = call.send().await.assert_status(401);
        assert_eq!(stale.code(), "insufficient_user_authentication", "{method}");
        assert!(stale.header("www-authenticate").contains("max_age=\"300\""), "{method}");
    }
    let proof = root.post("/users/me/proof", json!({ "password": PASSWORD })).await.assert_status(200).json();
    let fresh = app.bearer(proof["access_token"].as_str().unwrap());
    assert_eq!(
        fresh.patch(&path, json!({ "role": "admin" })).await.assert_status(200).json()["role"],
        "admin"
    );
    fresh.delete(&path).await.assert_status(204);
}
