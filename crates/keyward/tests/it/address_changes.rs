//! Changes of an e-mail address: neither undone nor voided by a token alone, and rate limited.

use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::{PASSWORD, TestApp, address};
use keyward_api::testing::letters::{code, token};
use keyward_api::testing::person::Person;
use keyward_api::testing::race::{at_once, count};
use keyward_domain::model::mail::Message;
use keyward_domain::values::email::Email;
use keyward_domain::values::names::LoginName;
use serde_json::json;
use time::Duration;

use crate::app::Starts;

const STRANGE: &str = "198.51.100.7";

async fn changes_to(person: &Person, email: &str) -> Answer {
    person.post("/users/me/email", json!({ "email": email, "password": PASSWORD })).await
}

async fn asks_for_a_code(person: &Person) -> Answer {
    person.call("POST", "/users/me/verification").send().await
}

async fn follows(app: &TestApp, mail: &Message) -> u16 {
    let proof = json!({ "token": token(mail, "verify-email") });
    app.anonymous().post("/verify-email", proof).await.status.as_u16()
}

async fn email(person: &Person) -> String {
    person.get("/users/me").await.assert_status(200).json()["email"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_alone_does_not_void_a_change_that_the_password_proved() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    changes_to(&ana, &address("anna")).await.assert_status(202);
    let change = app.letter().await;
    app.clock.advance(Duration::seconds(61));
    asks_for_a_code(&ana).await.assert_status(202);
    let verification = app.letter().await;
    assert_eq!(follows(&app, &change).await, 204);
    assert_eq!(email(&ana).await, address("anna"));
    assert_eq!(follows(&app, &verification).await, 400);
    assert_eq!(email(&ana).await, address("anna"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verification_asked_for_during_a_change_does_not_undo_it() {
    for round in 0..8 {
        let app = TestApp::start().await;
        let ana = app.user("ana").await;
        changes_to(&ana, &address("anna")).await.assert_status(202);
        let change = app.letter().await;
        app.clock.advance(Duration::seconds(61));
        let answers = at_once(9, |number| {
            let (ana, nobody) = (ana.clone(), app.anonymous());
            let proof = json!({ "token": token(&change, "verify-email") });
            async move {
                if number == 0 {
                    tokio::time::sleep(std::time::Duration::from_millis(round / 2)).await;
                    return nobody.post("/verify-email", proof).await;
                }
                asks_for_a_code(&ana).await
            }
        });
        assert_eq!(count(&answers.await, 204), 1, "the change is proven");
        for mail in app.letters().await {
            if mail.letter.text.contains("/verify-email?token=") {
                follows(&app, &mail).await;
            }
        }
        assert_eq!(email(&ana).await, address("anna"), "round {round}");
    }
}

#[tokio::test]
async fn wrong_codes_and_links_count_by_ip_address() {
    let app = TestApp::with_flags(&["--throttle-address-free", "8", "--throttle-first", "60s"]).await;
    let ana = app.user("ana").await;
    asks_for_a_code(&ana).await.assert_status(202);
    let mail = app.letter().await;
    let send = async |from: &str, body| {
        app.anonymous().call("POST", "/verify-email").json(&body).from(from).send().await
    };
    for number in 0..8 {
        let wrong = match number % 2 {
            0 => json!({ "token": format!("wrong {number}") }),
            _ => json!({ "email": address("nobody"), "code": "123456" }),
        };
        send(STRANGE, wrong).await.assert_status(400);
    }
    let refused = send(STRANGE, json!({ "token": "wrong" })).await.assert_status(429);
    assert!((1..=61).contains(&refused.header("retry-after").parse().unwrap()));
    // A code that is guessed is not compared any more; a link cannot be guessed.
    send(STRANGE, json!({ "email": ana.email, "code": code(&mail) })).await.assert_status(429);
    send(STRANGE, json!({ "token": token(&mail, "verify-email") })).await.assert_status(204);
    send("192.0.2.1", json!({ "token": "wrong" })).await.assert_status(400);
}

#[tokio::test]
async fn asking_for_another_address_is_limited_by_account_and_by_ip_address() {
    let app = TestApp::with_flags(&["--throttle-address-free", "20"]).await;
    app.user("bob").await;
    let ana = app.user("ana").await;
    let mut refused = 0;
    for _ in 0..15 {
        let answer = changes_to(&ana, &address("bob")).await;
        assert!([400, 429].contains(&answer.status.as_u16()), "{answer:?}");
        refused += usize::from(answer.status == 429);
    }
    assert!(refused >= 5, "one account was answered {} times", 15 - refused);
    let mut answered = 0;
    for number in 0..6 {
        let thief = app.user(&format!("thief{number}")).await;
        for _ in 0..5 {
            let body = json!({ "email": address("bob"), "password": PASSWORD });
            let answer = thief.call("POST", "/users/me/email").json(&body).from(STRANGE).send().await;
            assert!([400, 429].contains(&answer.status.as_u16()), "{answer:?}");
            answered += usize::from(answer.status == 400);
        }
    }
    assert!(answered <= 20, "one IP address was answered {answered} times");
}

#[tokio::test]
async fn asking_for_a_verification_is_limited_by_ip_address() {
    let app = TestApp::with_flags(&["--throttle-address-free", "20"]).await;
    let mut mails = 0;
    for number in 0..10 {
        let ana = app.user(&format!("ana{number}")).await;
        // Two of them come too soon after the first.
        for _ in 0..3 {
            let answer = ana.call("POST", "/users/me/verification").from(STRANGE).send().await;
            assert!([202, 429].contains(&answer.status.as_u16()), "{answer:?}");
            mails += usize::from(answer.status == 202);
        }
    }
    assert_eq!(mails, 7, "one IP address asks 20 times");
    let eve = app.user("eve").await;
    let elsewhere = eve.call("POST", "/users/me/verification").from("192.0.2.77").send().await;
    elsewhere.assert_status(202);
}

#[tokio::test]
async fn strangers_do_not_use_up_the_mails_of_an_accounts_own_address() {
    let app = TestApp::with_flags(&["--require-verified-email", "on"]).await;
    for number in 0..11 {
        let thief = verified(&app, &format!("thief{number}")).await;
        let answer = changes_to(&thief, &address("victim")).await;
        assert_eq!(answer.status, if number < 10 { 202 } else { 429 });
        app.letters().await;
    }
    let account = json!({ "email": address("victim"), "password": PASSWORD });
    app.anonymous().post("/signup", account).await.assert_status(202);
    assert_eq!(app.letter().await.recipient.as_str(), address("victim"));
}

/// A logged-in user whose address is verified.
async fn verified(app: &TestApp, name: &str) -> Person {
    let account = json!({ "email": address(name), "password": PASSWORD });
    app.anonymous().post("/users", account).await.assert_status(201);
    assert_eq!(follows(app, &app.letter().await).await, 204);
    app.log_in(name).await
}

#[tokio::test]
async fn a_login_says_whether_a_mail_is_on_its_way() {
    let app = TestApp::with_flags(&["--require-verified-email", "on"]).await;
    let account = json!({ "email": address("ana"), "password": PASSWORD });
    app.anonymous().post("/users", account).await.assert_status(201);
    let login = json!({ "username": address("ana"), "password": PASSWORD });
    let log_in = async || app.anonymous().post("/login", login.clone()).await.assert_status(403).detail();
    let on_its_way = "a code and a link are on their way";
    assert!(log_in().await.contains(on_its_way), "the one of the sign-up");
    assert_eq!(app.letters().await.len(), 1);
    for _ in 0..4 {
        app.clock.advance(Duration::seconds(61));
        assert!(log_in().await.contains(on_its_way));
        assert_eq!(app.letters().await.len(), 1);
    }
    app.clock.advance(Duration::seconds(61));
    let words = log_in().await;
    assert!(app.letters().await.is_empty());
    assert!(!words.contains(on_its_way), "none is: {words}");
    assert!(words.contains("verify your e-mail address") && words.contains(" s."), "{words}");
}

#[tokio::test]
async fn a_second_change_within_a_minute_waits_for_the_rest_of_it() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    changes_to(&ana, &address("anna")).await.assert_status(202);
    let refused = changes_to(&ana, &address("hannah")).await.assert_status(429);
    assert_eq!(refused.code(), "mail_just_sent");
    let wait: i64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=61).contains(&wait), "{wait}");
    app.clock.advance(Duration::seconds(wait));
    changes_to(&ana, &address("hannah")).await.assert_status(202);
}

#[tokio::test]
async fn a_sign_up_that_has_to_wait_makes_no_account_and_says_for_how_long() {
    for path in ["/signup", "/users"] {
        signs_up_again_and_again(path).await;
    }
}

async fn signs_up_again_and_again(path: &str) {
    let app = TestApp::with_flags(&["--require-verified-email", "on"]).await;
    let account = json!({ "email": address("ana"), "password": PASSWORD });
    let mut answer = app.anonymous().post(path, account.clone()).await;
    assert!(answer.status.is_success());
    for _ in 0..12 {
        let mail = app.letters().await.pop();
        if let Some(mail) = mail {
            assert_eq!(follows(&app, &mail).await, 204);
        }
        let ana = app.log_in("ana").await;
        let gone = ana.call("DELETE", "/users/me").json(&json!({ "password": PASSWORD })).send().await;
        gone.assert_status(204);
        answer = app.anonymous().post(path, account.clone()).await;
        if answer.status == 429 {
            break;
        }
    }
    let answer = answer.assert_status(429);
    assert_eq!(answer.code(), "too_many_mails");
    let wait: i64 = answer.header("retry-after").parse().unwrap();
    assert_eq!(
        answer.detail(),
        format!("Too many mails were sent to this address. Another one can be sent in {wait} s.")
    );
    assert!(wait > 13 * 60, "{wait}");
    let email = LoginName::Email(Email::parse(&address("ana")).unwrap());
    let found = app.ports.store.autocommit().users().credentials_of(&email).await.unwrap();
    assert!(found.is_none(), "there is no account");
}
