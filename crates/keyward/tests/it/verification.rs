//! E-mail addresses: proven by a code or a link, and changed to another one that is proven.

use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::{PASSWORD, TestApp, address};
use keyward_api::testing::letters::{code, token};
use keyward_api::testing::person::Person;
use keyward_domain::model::mail::Message;
use serde_json::{Value, json};
use time::Duration;

use crate::app::Starts;
use crate::browser::Browser;

const PAGE: &str = "verify-email";

/// What the tests here ask of the service.
trait Proving {
    fn app(&self) -> &TestApp;

    async fn proves(&self, body: Value) -> Answer {
        self.app().anonymous().post("/verify-email", body).await
    }

    async fn proves_by_code(&self, email: &str, code: &str) -> u16 {
        self.app().proves(json!({ "email": email, "code": code })).await.status.as_u16()
    }

    async fn proves_by_link(&self, mail: &Message) -> u16 {
        self.app().proves(json!({ "token": token(mail, PAGE) })).await.status.as_u16()
    }
}

impl Proving for TestApp {
    fn app(&self) -> &TestApp {
        self
    }
}

/// What the people here do.
trait Verifying {
    fn person(&self) -> &Person;

    async fn asks_for_a_code(&self) -> Answer {
        self.person().call("POST", "/users/me/verification").send().await
    }

    /// Asks for a code: the mail.
    async fn code(&self) -> Message {
        self.person().asks_for_a_code().await.assert_status(202);
        self.person().app.letter().await
    }

    async fn changes_to(&self, email: &str) -> Answer {
        self.person().post("/users/me/email", json!({ "email": email, "password": PASSWORD })).await
    }

    async fn me(&self) -> Value {
        self.person().get("/users/me").await.assert_status(200).json()
    }

    async fn is_verified(&self) -> bool {
        self.person().me().await["email_verified"].as_bool().unwrap()
    }
}

impl Verifying for Person {
    fn person(&self) -> &Person {
        self
    }
}

/// A code that is not `code`.
fn another(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

#[tokio::test]
async fn a_code_or_a_link_verifies_an_address_once() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    assert!(!ana.is_verified().await);
    let mail = ana.code().await;
    assert_eq!(mail.recipient.as_str(), "ana@example.com");
    assert!(mail.letter.html.contains(&code(&mail)) && mail.letter.html.contains(&token(&mail, PAGE)));
    let spaced = format!(" {} {} ", &code(&mail)[..3], &code(&mail)[3..]);
    assert_eq!(app.proves_by_code("ANA@example.com", &spaced).await, 204);
    assert!(ana.is_verified().await);
    assert_eq!(app.proves_by_code("ana@example.com", &code(&mail)).await, 400);
    assert_eq!(app.proves_by_link(&mail).await, 400);
    ana.asks_for_a_code().await.assert_status(409);
    assert!(app.letters().await.is_empty());

    let bob = app.user("bob").await;
    let mail = bob.code().await;
    assert_eq!(app.proves_by_link(&mail).await, 204);
    assert!(bob.is_verified().await);
}

#[tokio::test]
async fn a_code_is_answered_five_times_and_guessing_does_not_spoil_the_link() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let mail = ana.code().await;
    for _ in 0..5 {
        let refused = app.proves(json!({ "email": ana.email, "code": another(&code(&mail)) })).await;
        assert_eq!(refused.assert_status(400).detail(), "The code or link is invalid or has expired.");
    }
    assert_eq!(app.proves_by_code(&ana.email, &code(&mail)).await, 400, "the sixth try");
    assert!(!ana.is_verified().await);
    assert_eq!(app.proves_by_link(&mail).await, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_once_get_no_more_than_five_answers() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let mail = ana.code().await;
    let guesses: Vec<_> = (0..24)
        .map(|_| {
            let (app, email, wrong) = (app.clone(), ana.email.clone(), another(&code(&mail)));
            tokio::spawn(async move { app.proves_by_code(&email, &wrong).await })
        })
        .collect();
    for guess in guesses {
        assert_eq!(guess.await.unwrap(), 400);
    }
    assert_eq!(app.proves_by_code(&ana.email, &code(&mail)).await, 400);
}

#[tokio::test]
async fn a_mail_goes_out_once_a_minute_voids_the_older_one_and_is_good_for_an_hour() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let old = ana.code().await;
    let refused = ana.asks_for_a_code().await.assert_status(429);
    let wait: i64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=61).contains(&wait), "{wait}");
    assert_eq!(refused.json()["code"], "mail_just_sent");
    assert!(!refused.detail().contains("Too many"), "one mail is not too many: {}", refused.detail());
    app.clock.advance(Duration::seconds(wait));
    let new = ana.code().await;
    assert_eq!(app.proves_by_link(&old).await, 400);
    assert_eq!(app.proves_by_code(&ana.email, &code(&old)).await, 400);
    app.clock.advance(Duration::minutes(60));
    assert_eq!(app.proves_by_link(&new).await, 400);
    let again = app.log_in("ana").await;
    let last = again.code().await;
    app.clock.advance(Duration::minutes(59));
    assert_eq!(app.proves_by_code(&ana.email, &code(&last)).await, 204);
}

#[tokio::test]
async fn an_account_gets_five_mails_and_then_one_after_a_growing_wait() {
    let app = TestApp::with_flags(&["--access-token-ttl", "1d"]).await;
    let ana = app.user("ana").await;
    for _ in 0..5 {
        ana.asks_for_a_code().await.assert_status(202);
        app.clock.advance(Duration::minutes(1));
    }
    let refused = ana.asks_for_a_code().await.assert_status(429);
    let wait: i64 = refused.header("retry-after").parse().unwrap();
    assert!(wait > 13 * 60, "{wait}");
    assert_eq!(refused.json()["code"], "too_many_mails");
    app.clock.advance(Duration::seconds(wait));
    ana.asks_for_a_code().await.assert_status(202);
}

#[tokio::test]
async fn an_address_gets_ten_mails_however_many_accounts_ask_for_them() {
    let app = TestApp::start().await;
    for number in 0..10 {
        let thief = app.user(&format!("thief{number}")).await;
        thief.changes_to(&address("victim")).await.assert_status(202);
    }
    assert_eq!(app.letters().await.len(), 10);
    let thief = app.user("thief10").await;
    let refused = thief.changes_to(&address("victim")).await.assert_status(429);
    let wait: i64 = refused.header("retry-after").parse().unwrap();
    assert!(wait > 13 * 60, "{wait}");
    assert_eq!(app.letters().await.len(), 0);
    thief.changes_to(&address("other")).await.assert_status(202);
}

#[tokio::test]
async fn a_login_waits_for_a_verified_address_where_that_is_asked_for() {
    let app = TestApp::with_flags(&["--require-verified-email", "on"]).await;
    let account = json!({ "email": address("ana"), "password": PASSWORD });
    let signed_up = app.anonymous().post("/signup", account.clone()).await.assert_status(202);
    assert!(signed_up.json()["detail"].as_str().unwrap().contains("on their way"));
    let mail = app.letter().await;
    let credentials = json!({ "username": address("ana"), "password": PASSWORD });
    let refused = app.anonymous().post("/login", credentials.clone()).await.assert_status(403).json();
    assert_eq!(refused["error"], "invalid_grant");
    assert!(refused["detail"].as_str().unwrap().contains("verify your e-mail address"), "{refused}");
    let wrong = json!({ "username": address("ana"), "password": "wrong horses here" });
    app.anonymous().post("/login", wrong).await.assert_status(401);
    let grant = format!("grant_type=password&username={}&password=seven+wild+horses", address("ana"));
    let call = app.anonymous().call("POST", "/oauth/token").form(&grant);
    assert_eq!(call.send().await.assert_status(400).json()["error"], "invalid_grant");
    assert!(app.letters().await.is_empty(), "once a minute");
    assert_eq!(app.proves_by_code(&address("ana"), &code(&mail)).await, 204);
    app.anonymous().post("/login", credentials).await.assert_status(200);

    app.anonymous()
        .post("/users", json!({ "email": address("bob"), "password": PASSWORD }))
        .await
        .assert_status(201);
    assert_eq!(app.letter().await.recipient.as_str(), address("bob"));
    app.clock.advance(Duration::minutes(2));
    let credentials = json!({ "username": address("bob"), "password": PASSWORD });
    app.anonymous().post("/login", credentials).await.assert_status(403);
    assert_eq!(app.proves_by_link(&app.letter().await).await, 204);
    app.log_in("bob").await;
}

#[tokio::test]
async fn another_address_counts_once_it_is_proven_and_the_old_one_is_told() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let wrong = json!({ "email": address("anna"), "password": "wrong horses here" });
    ana.post("/users/me/email", wrong).await.assert_status(403);
    ana.changes_to(&address("anna")).await.assert_status(202);
    let mail = app.letter().await;
    assert_eq!(mail.recipient.as_str(), address("anna"));
    assert_eq!(ana.me().await["email"], address("ana"));
    assert_eq!(app.proves_by_code(&address("anna"), &code(&mail)).await, 204);
    let me = ana.me().await;
    assert_eq!((me["email"].clone(), me["email_verified"].clone()), (json!(address("anna")), json!(true)));
    let notice = app.letter().await;
    assert_eq!(notice.recipient.as_str(), address("ana"));
    assert!(notice.letter.text.contains(&address("anna")), "{}", notice.letter.text);
    app.log_in("anna").await;
    let old = json!({ "username": address("ana"), "password": PASSWORD });
    app.anonymous().post("/login", old).await.assert_status(401);
    app.user("ana").await;
}

#[tokio::test]
async fn an_address_that_has_an_account_is_never_taken_over() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    app.user("bob").await;
    ana.changes_to(&address("bob")).await.assert_status(400);
    assert!(app.letters().await.is_empty());
    ana.changes_to(&address("carol")).await.assert_status(202);
    let mail = app.letter().await;
    app.user("carol").await;
    let refused = app.proves(json!({ "token": token(&mail, PAGE) })).await.assert_status(400);
    assert_eq!(refused.detail(), "The user with this email already exists in the system.");
    assert_eq!(ana.me().await["email"], address("ana"));
    assert!(app.letters().await.is_empty());
}

#[tokio::test]
async fn the_address_i_have_is_verified_by_changing_to_it_and_not_twice() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.changes_to("ANA@example.com").await.assert_status(202);
    assert_eq!(app.proves_by_link(&app.letter().await).await, 204);
    assert!(ana.is_verified().await && app.letters().await.is_empty());
    ana.changes_to(&address("ana")).await.assert_status(409);
}

#[tokio::test]
async fn a_new_password_voids_what_was_mailed_before_and_a_reset_verifies() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.changes_to(&address("thief")).await.assert_status(202);
    let stolen = app.letter().await;
    app.anonymous().post("/password-recovery", json!({ "email": ana.email })).await.assert_status(202);
    let link = app.letter().await;
    let change = json!({ "current_password": PASSWORD, "new_password": "eight tame horses" });
    ana.post("/users/me/password", change).await.assert_status(204);
    assert_eq!(app.letter().await.letter.subject, "Your password for Keyward was changed");
    assert_eq!(app.proves_by_link(&stolen).await, 400);
    let reset = |mail: &Message| json!({ "token": token(mail, "reset-password"), "new_password": PASSWORD });
    app.anonymous().post("/reset-password", reset(&link)).await.assert_status(400);

    app.clock.advance(Duration::minutes(2));
    let ana = app.bearer(ana.token());
    let change = json!({ "email": address("thief"), "password": "eight tame horses" });
    ana.post("/users/me/email", change).await.assert_status(202);
    let stolen = app.letter().await;
    app.anonymous().post("/password-recovery", json!({ "email": address("ana") })).await.assert_status(202);
    let link = app.letter().await;
    app.anonymous().post("/reset-password", reset(&link)).await.assert_status(204);
    assert_eq!(app.proves_by_link(&stolen).await, 400);
    assert!(app.log_in("ana").await.is_verified().await, "the link proves the address");
}

#[tokio::test]
async fn a_locked_account_proves_nothing() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let mail = ana.code().await;
    let admin = app.admin("root").await;
    let path = format!("/users/{}", ana.id);
    admin.patch(&path, json!({ "disabled": true })).await.assert_status(200);
    assert_eq!(app.proves_by_link(&mail).await, 400);
    let user = admin.get(&path).await.assert_status(200).json();
    assert_eq!(user["email_verified"], false);
}

#[tokio::test]
async fn what_is_no_proof_is_told_field_by_field_and_never_echoed() {
    let app = TestApp::start().await;
    for (body, fields) in [
        (json!({}), vec!["email", "code"]),
        (json!({ "email": "x", "code": 123_456 }), vec!["email", "code"]),
        (json!({ "email": address("ana") }), vec!["code"]),
        (json!({ "token": 1 }), vec!["token"]),
        (json!({ "token": null }), vec!["token"]),
    ] {
        let answer = app.proves(body.clone()).await;
        let faults = answer.faults();
        let found: Vec<_> = faults.iter().map(|fault| fault["loc"][1].as_str().unwrap().to_owned()).collect();
        assert_eq!(found, fields, "{body}");
        assert!(
            faults
                .iter()
                .all(|fault| fault["loc"][1] == "email" || fault.get("input").is_none_or(Value::is_null))
        );
        assert!(answer.json().get("error").is_none(), "no token endpoint");
    }
    for (email, code) in
        [(address("nobody"), "123456"), (address("nobody"), ""), (address("nobody"), "１２３４５６")]
    {
        assert_eq!(app.proves_by_code(&email, code).await, 400);
    }
    for token in ["", "x", " ", "\u{e9}"] {
        app.proves(json!({ "token": token })).await.assert_status(400);
    }
}

#[tokio::test]
async fn the_page_behind_the_link_changes_nothing_before_its_button_is_pressed() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let mail = ana.code().await;
    let link = format!("/verify-email?token={}", token(&mail, PAGE));
    for _ in 0..2 {
        let page = app.anonymous().get(&link).await.assert_status(200);
        assert!(page.text().contains("action=\"/account/verify-email\""), "{}", page.text());
    }
    assert!(!ana.is_verified().await);
    let submit = async || {
        let browser = Browser::new(&app);
        browser.fill(&link, &[("token", &token(&mail, PAGE))]).await
    };
    let done = submit().await.assert_status(303);
    assert_eq!(done.header("location"), "/account/verify-email/done");
    assert!(ana.is_verified().await);
    let again = submit().await.assert_status(400);
    assert!(again.text().contains("This link does not work any more"), "{}", again.text());
    let junk = app.anonymous().get("/verify-email?token=%3Cb%3E").await.assert_status(200);
    assert!(junk.text().contains("The link is not complete.") && !junk.text().contains("<b>"));
}
