//! Logging in where a second factor is owed: by every door.

use keyward_api::testing::app::{PASSWORD, TestApp, address};
use keyward_api::testing::letters::token;
use keyward_domain::model::events::EventKind;
use serde_json::json;
use time::Duration;

use super::phone::{back, credentials, enrolled, finish, half, log_in};
use crate::app::Starts;
use crate::events::events;
use crate::forge::claims_of;
use crate::oauth::{basic, register_for, secret};

#[tokio::test]
async fn a_password_alone_is_half_a_login_and_a_code_is_the_other_half() {
    let app = TestApp::start().await;
    let ana = enrolled(&app, "ana").await;
    let owed = app.anonymous().post("/login", credentials("ana")).await.assert_status(401);
    let body = owed.json();
    assert_eq!((&body["code"], &body["error"]), (&json!("mfa_required"), &json!("mfa_required")));
    assert_eq!(body["mfa_methods"], json!(["otp", "recovery_code"]));
    let mfa_token = body["mfa_token"].as_str().unwrap();
    assert!(mfa_token.starts_with("kwm_"), "{mfa_token}");
    app.bearer(mfa_token).get("/users/me").await.assert_invalid_token("half a login is no token");
    let wrong = finish(&app, mfa_token, &ana.phone.wrong_code(&app)).await.assert_status(401);
    assert_eq!(
        (wrong.code(), wrong.json()["error"].clone()),
        ("wrong_code".to_owned(), json!("invalid_grant"))
    );
    // A wrong answer did not consume it.
    let code = ana.phone.fresh_code(&app);
    let tokens = finish(&app, mfa_token, &code).await.assert_status(200).json();
    let claims = claims_of(tokens["access_token"].as_str().unwrap());
    assert_eq!((&claims["acr"], &claims["amr"]), (&json!("aal2"), &json!(["pwd", "otp", "mfa"])));
    assert_eq!(claims["auth_time"], claims["iat"]);
    // It is good once.
    let next = ana.phone.fresh_code(&app);
    assert_eq!(finish(&app, mfa_token, &next).await.assert_status(401).code(), "invalid_mfa_token");
    // And so is a code.
    let other = half(&app, "ana").await;
    assert_eq!(finish(&app, &other, &code).await.assert_status(401).code(), "wrong_code");
    finish(&app, &other, &next).await.assert_status(200);
    let kinds: Vec<_> = events(&app).await.iter().map(|event| event.kind).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == EventKind::FactorUsed).count(), 2);
}

#[tokio::test]
async fn a_code_comes_along_in_json_and_in_forms() {
    let app = TestApp::start().await;
    let ana = enrolled(&app, "ana").await;
    log_in(&app, "ana", &ana.phone.fresh_code(&app)).await.assert_status(200);
    // Apps show a space in the middle.
    let code = ana.phone.fresh_code(&app);
    log_in(&app, "ana", &format!("{} {}", &code[..3], &code[3..])).await.assert_status(200);
    for path in ["/login", "/oauth/token"] {
        let form = |rest: &str| {
            let form = format!("grant_type=password&username=ana%40example.com&{rest}");
            app.anonymous().call("POST", path).form(&form)
        };
        let password = PASSWORD.replace(' ', "+");
        let code = ana.phone.fresh_code(&app);
        form(&format!("password={password}&otp={code}")).send().await.assert_status(200);
        // Swagger's dialog has two fields: the code stands behind the password.
        let code = ana.phone.fresh_code(&app);
        form(&format!("password={password}+{code}")).send().await.assert_status(200);
        let wrong = ana.phone.wrong_code(&app);
        let refused = form(&format!("password={password}+{wrong}")).send().await;
        assert_eq!(refused.code(), "wrong_code", "{path}");
        let owed = form(&format!("password={password}")).send().await.assert_status(401);
        assert_eq!(owed.code(), "mfa_required", "{path}");
    }
    // In JSON a password is what it is.
    let code = ana.phone.fresh_code(&app);
    let login = json!({ "username": address("ana"), "password": format!("{PASSWORD} {code}") });
    let refused = app.anonymous().post("/login", login).await.assert_status(401);
    assert_eq!(refused.code(), "invalid_credentials");
}

#[tokio::test]
async fn a_password_that_ends_like_a_code_is_whole_and_one_without_a_factor_takes_no_code() {
    let app = TestApp::start().await;
    let odd = "seven wild horses 123456";
    let account = json!({ "email": address("odd"), "password": odd });
    app.anonymous().post("/users", account).await.assert_status(201);
    app.user("ana").await;
    let form = async |name: &str, password: &str| {
        let form = format!("username={name}%40example.com&password={}", password.replace(' ', "+"));
        app.anonymous().call("POST", "/login").form(&form).send().await
    };
    form("odd", odd).await.assert_status(200);
    form("odd", "seven wild horses").await.assert_status(401);
    // Without a second factor what stands behind a password is a part of it.
    let refused = form("ana", &format!("{PASSWORD} 123456")).await.assert_status(401);
    assert_eq!(refused.code(), "invalid_credentials");
    let person = app.anonymous().post("/login", json!({ "username": address("odd"), "password": odd })).await;
    let odd_person = crate::sessions::holder(&app, &person.json());
    let (phone, _) = super::phone::enrol(&app, &odd_person).await;
    assert_eq!(form("odd", odd).await.assert_status(401).code(), "mfa_required");
    form("odd", &format!("{odd} {}", phone.fresh_code(&app))).await.assert_status(200);
}

#[tokio::test]
async fn a_password_with_a_code_behind_it_is_one_attempt() {
    let app = TestApp::with_flags(&["--throttle-first", "60s"]).await;
    app.user("ana").await;
    let form = "username=ana%40example.com&password=a+wrong+phrase+123456";
    for _ in 0..5 {
        app.anonymous().call("POST", "/login").form(form).send().await.assert_status(401);
    }
    app.anonymous().call("POST", "/login").form(form).send().await.assert_status(429);
}

#[tokio::test]
async fn codes_of_two_steps_away_and_earlier_ones_are_refused() {
    let app = TestApp::start().await;
    let ana = enrolled(&app, "ana").await;
    app.clock.advance(Duration::minutes(5));
    let (early, late) = (ana.phone.code(&app, -2), ana.phone.code(&app, 2));
    for code in [early, late, ana.phone.wrong_code(&app)] {
        assert_eq!(log_in(&app, "ana", &code).await.assert_status(401).code(), "wrong_code");
    }
    // The one ahead is accepted, and after it none of before.
    let (present, ahead) = (ana.phone.code(&app, 0), ana.phone.code(&app, 1));
    log_in(&app, "ana", &ahead).await.assert_status(200);
    log_in(&app, "ana", &present).await.assert_status(401);
    for nonsense in ["", "12345", "1234567", "abcdef", "\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}"] {
        assert!(log_in(&app, "ana", nonsense).await.status.is_client_error(), "{nonsense}");
    }
}

#[tokio::test]
async fn wrong_codes_have_a_limit_of_their_own_and_wrong_passwords_do_not_use_it_up() {
    let app = TestApp::with_flags(&["--throttle-first", "60s"]).await;
    let ana = enrolled(&app, "ana").await;
    let wrong = ana.phone.wrong_code(&app);
    for _ in 0..5 {
        assert_eq!(log_in(&app, "ana", &wrong).await.assert_status(401).code(), "wrong_code");
    }
    let code = ana.phone.code(&app, 1);
    let refused = log_in(&app, "ana", &code).await.assert_status(429);
    assert!((1..=61).contains(&refused.header("retry-after").parse().unwrap()));
    // At either door of a login. Guessed codes of an app do not keep a recovery code from being used.
    let mfa_token = half(&app, "ana").await;
    finish(&app, &mfa_token, &code).await.assert_status(429);
    let recovery = json!({ "mfa_token": half(&app, "ana").await, "recovery_code": ana.codes[0] });
    app.anonymous().post("/login/mfa", recovery).await.assert_status(200);
    app.clock.advance(Duration::seconds(61));
    finish(&app, &mfa_token, &ana.phone.code(&app, 0)).await.assert_status(200);
    let throttled = events(&app).await.into_iter().filter(|event| event.kind == EventKind::Throttled);
    assert_eq!(throttled.count(), 1);
}

#[tokio::test]
async fn a_recovery_code_is_good_once_and_counted() {
    let app = TestApp::start().await;
    let ana = enrolled(&app, "ana").await;
    let mfa_token = half(&app, "ana").await;
    let typed = ana.codes[3].to_uppercase().replace('-', " ");
    let login = json!({ "mfa_token": mfa_token, "recovery_code": typed });
    let tokens = app.anonymous().post("/login/mfa", login.clone()).await.assert_status(200).json();
    assert_eq!(claims_of(tokens["access_token"].as_str().unwrap())["acr"], "aal2");
    let again = json!({ "mfa_token": half(&app, "ana").await, "recovery_code": typed });
    assert_eq!(app.anonymous().post("/login/mfa", again).await.assert_status(401).code(), "wrong_code");
    let person = crate::sessions::holder(&app, &tokens);
    assert_eq!(person.get("/users/me/factors").await.json()["recovery_codes_left"], 9);
    let renewed = person.post("/users/me/recovery-codes", json!({})).await.assert_status(200).json();
    assert_eq!(renewed["recovery_codes"].as_array().unwrap().len(), 10);
    assert_eq!(person.get("/users/me/factors").await.json()["recovery_codes_left"], 10);
    let old = json!({ "mfa_token": half(&app, "ana").await, "recovery_code": ana.codes[0] });
    app.anonymous().post("/login/mfa", old).await.assert_status(401);
}

#[tokio::test]
async fn half_a_login_is_void_when_the_password_or_the_factor_changes_and_when_it_is_old() {
    let app = TestApp::start().await;
    let ana = enrolled(&app, "ana").await;
    let refused = async |mfa_token: &str, what: &str| {
        let answer = finish(&app, mfa_token, &ana.phone.fresh_code(&app)).await.assert_status(401);
        assert_eq!(answer.code(), "invalid_mfa_token", "{what}");
    };
    let old = half(&app, "ana").await;
    app.clock.advance(Duration::minutes(5));
    refused(&old, "expired").await;
    for changed in ["", "kwm_", "kwm_AAAA", "x", &old[..old.len() - 1], &old.replace("kwm_", "kwr_")] {
        refused(changed, "malformed").await;
    }
    let before = half(&app, "ana").await;
    let strong = back(&app, "ana", &ana.phone).await;
    let change = json!({ "current_password": PASSWORD, "new_password": "another fine phrase" });
    strong.post("/users/me/password", change).await.assert_status(204);
    refused(&before, "another password").await;
    let change = json!({ "current_password": "another fine phrase", "new_password": PASSWORD });
    strong.post("/users/me/password", change).await.assert_status(204);
    let before = half(&app, "ana").await;
    let strong = back(&app, "ana", &ana.phone).await;
    let (second, _) = super::phone::enrol(&app, &strong).await;
    let answer = finish(&app, &before, &second.fresh_code(&app)).await.assert_status(401);
    assert_eq!(answer.code(), "invalid_mfa_token");
    // Nor is it good for another account.
    let eve = enrolled(&app, "eve").await;
    let of_ana = half(&app, "ana").await;
    assert_eq!(
        finish(&app, &of_ana, &eve.phone.fresh_code(&app)).await.assert_status(401).code(),
        "wrong_code"
    );
}

#[tokio::test]
async fn half_a_login_of_a_locked_account_is_void() {
    let app = TestApp::start().await;
    let (ana, root) = (enrolled(&app, "ana").await, app.admin("root").await);
    let mfa_token = half(&app, "ana").await;
    let lock = json!({ "disabled": true });
    root.patch(&format!("/users/{}", ana.person.id), lock).await.assert_status(200);
    let code = ana.phone.fresh_code(&app);
    assert_eq!(finish(&app, &mfa_token, &code).await.assert_status(401).code(), "invalid_mfa_token");
    assert_eq!(log_in(&app, "ana", &code).await.assert_status(401).code(), "invalid_credentials");
}

#[tokio::test]
async fn a_body_with_no_answer_or_with_two_is_faulty() {
    let app = TestApp::start().await;
    enrolled(&app, "ana").await;
    let mfa_token = half(&app, "ana").await;
    let none = app.anonymous().post("/login/mfa", json!({ "mfa_token": mfa_token })).await;
    assert_eq!(
        (none.fault()["type"].clone(), none.fault()["loc"].clone()),
        (json!("missing"), json!(["body", "otp"]))
    );
    let two = json!({ "mfa_token": mfa_token, "otp": "123456", "recovery_code": "x" });
    let two = app.anonymous().post("/login/mfa", two).await;
    assert_eq!(two.fault()["loc"], json!(["body", "recovery_code"]));
    let in_query = app.anonymous().call("POST", "/login/mfa?otp=123456").json(&json!({})).send().await;
    assert_eq!(in_query.assert_status(400).code(), "credentials_in_query");
}

#[tokio::test]
async fn a_new_password_by_mail_takes_no_code_and_the_next_login_does() {
    let app = TestApp::start().await;
    let ana = enrolled(&app, "ana").await;
    app.letters().await;
    let ask = json!({ "email": address("ana") });
    app.anonymous().post("/password-recovery", ask).await.assert_status(202);
    let link = token(&app.letter().await, "reset-password");
    let reset = json!({ "token": link, "new_password": "another fine phrase" });
    app.anonymous().post("/reset-password", reset).await.assert_status(204);
    let login = json!({ "username": address("ana"), "password": "another fine phrase" });
    let owed = app.anonymous().post("/login", login).await.assert_status(401);
    let mfa_token = owed.json()["mfa_token"].as_str().unwrap().to_owned();
    finish(&app, &mfa_token, &ana.phone.fresh_code(&app)).await.assert_status(200);
}

#[tokio::test]
async fn a_refresh_takes_no_code_and_keeps_the_time_of_the_login() {
    let app = TestApp::start().await;
    let ana = enrolled(&app, "ana").await;
    let person = back(&app, "ana", &ana.phone).await;
    let at = claims_of(person.token())["auth_time"].clone();
    app.clock.advance(Duration::minutes(10));
    let refreshed = app.anonymous().post("/refresh_token", json!({ "refresh_token": person.refresh })).await;
    let claims = claims_of(refreshed.assert_status(200).json()["access_token"].as_str().unwrap());
    assert_eq!((&claims["auth_time"], &claims["acr"]), (&at, &json!("aal2")));
    assert_ne!(claims["iat"], at);
    // A session from before the enrolment goes on, with one factor.
    let refreshed =
        app.anonymous().post("/refresh_token", json!({ "refresh_token": ana.person.refresh })).await;
    refreshed.assert_status(200);
}

#[tokio::test]
async fn a_registered_client_owes_the_code_as_well() {
    let app = TestApp::start().await;
    let ana = enrolled(&app, "ana").await;
    register_for(&app, "web", "posts:read").await;
    let grant = |rest: &str| {
        let form = format!("grant_type=password&username=ana%40example.com&password=seven+wild+horses{rest}");
        let call = app.anonymous().call("POST", "/oauth/token").form(&form);
        call.header("authorization", basic("web", &secret("web"))).send()
    };
    let owed = grant("").await.assert_status(401).json();
    assert_eq!(owed["error"], "mfa_required");
    let tokens = grant(&format!("&otp={}", ana.phone.fresh_code(&app))).await.assert_status(200).json();
    assert_eq!(tokens["scope"], "posts:read");
    // The other way in gives no more than the client may have, and its tokens are the client's.
    let mfa_token = owed["mfa_token"].as_str().unwrap();
    let body = json!({ "mfa_token": mfa_token, "otp": ana.phone.fresh_code(&app) });
    let call = app.anonymous().call("POST", "/login/mfa").json(&body);
    let tokens = call.header("authorization", basic("web", &secret("web"))).send().await;
    let tokens = tokens.assert_status(200).json();
    assert_eq!(tokens["scope"], "posts:read");
    let claims = claims_of(tokens["access_token"].as_str().unwrap());
    assert_eq!(claims["client_id"], "web");
    let refresh = json!({ "refresh_token": tokens["refresh_token"] });
    app.anonymous().post("/refresh_token", refresh).await.assert_status(401);
}
