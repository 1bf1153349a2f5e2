//! Forgotten passwords: a link by mail, for one new password, without telling who has an account.

use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::{PASSWORD, TestApp, address};
use keyward_api::testing::letters::token;
use keyward_domain::model::events::EventKind;
use serde_json::{Value, json};
use time::Duration;

use crate::api_keys::made;
use crate::app::Starts;
use crate::browser::Browser;
use crate::events::events;
use crate::factors::authenticator::{Device, Key, add, log_in, service};

const NEW: &str = "eight tame horses";
const PAGE: &str = "reset-password";

/// What the tests here ask of the service.
trait Recovering {
    fn app(&self) -> &TestApp;

    async fn forgot(&self, email: &str) -> Answer {
        self.app().anonymous().post("/password-recovery", json!({ "email": email })).await
    }

    async fn reset(&self, token: &str, password: &str) -> Answer {
        let body = json!({ "token": token, "new_password": password });
        self.app().anonymous().post("/reset-password", body).await
    }

    /// Asks for a link: its token.
    async fn token_for(&self, name: &str) -> String {
        self.app().forgot(&address(name)).await.assert_status(202);
        token(&self.app().letters().await.pop().expect("a mail"), PAGE)
    }

    async fn logs_in(&self, name: &str, password: &str) -> u16 {
        let login = json!({ "username": address(name), "password": password });
        self.app().anonymous().post("/login", login).await.status.as_u16()
    }
}

impl Recovering for TestApp {
    fn app(&self) -> &TestApp {
        self
    }
}

#[tokio::test]
async fn a_link_sets_a_password_once_and_ends_every_session() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let token = app.token_for("ana").await;
    assert!(token.starts_with("kwl_") && token.len() == 47, "256 bits");
    ana.get("/users/me").await.assert_status(200);
    app.reset(&token, NEW).await.assert_status(204);
    ana.get("/users/me").await.assert_gone("the access token");
    let spent = ana.app.anonymous().post("/refresh_token", json!({ "refresh_token": ana.refresh })).await;
    spent.assert_status(401);
    assert_eq!((app.logs_in("ana", PASSWORD).await, app.logs_in("ana", NEW).await), (401, 200));
    let again = app.reset(&token, "nine odd horses").await.assert_status(400);
    assert_eq!(again.detail(), "The link is invalid or has expired.");
    assert_eq!(app.logs_in("ana", NEW).await, 200);
}

#[tokio::test]
async fn whoever_has_a_new_password_is_told_by_mail_and_nobody_else() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let change = |current: &str, new: &str| json!({ "current_password": current, "new_password": new });
    ana.post("/users/me/password", change("not my password", NEW)).await.assert_status(403);
    ana.post("/users/me/password", change(PASSWORD, "short")).await.assert_status(422);
    assert_eq!(app.letters().await.len(), 0, "nothing changed");
    ana.post("/users/me/password", change(PASSWORD, NEW)).await.assert_status(204);
    let mut told = vec![app.letter().await];
    let token = app.token_for("ana").await;
    app.reset("x".repeat(43).as_str(), "nine odd horses").await.assert_status(400);
    app.reset(&token, "nine odd horses").await.assert_status(204);
    told.push(app.letter().await);
    for mail in told {
        assert_eq!(mail.recipient.as_str(), "ana@example.com");
        assert_eq!(mail.letter.subject, "Your password for Keyward was changed");
        assert!(!mail.letter.text.contains("horses") && !mail.letter.html.contains("horses"));
    }
}

#[tokio::test]
async fn nobody_learns_who_has_an_account() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let locked = app.user("locked").await;
    let admin = app.admin("root").await;
    admin.patch(&format!("/users/{}", locked.id), json!({ "disabled": true })).await.assert_status(200);
    let known = app.forgot("ana@example.com").await.assert_status(202);
    for email in ["nobody@example.com", "locked@example.com"] {
        let other = app.forgot(email).await.assert_status(202);
        assert_eq!(known.body, other.body, "{email}");
        let names = |answer: &Answer| answer.headers.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&known), names(&other), "{email}");
    }
    let letters = app.letters().await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].recipient.as_str(), "ana@example.com");
}

#[tokio::test]
async fn a_newer_link_voids_the_older_ones_and_mails_are_rationed() {
    let app = TestApp::start().await;
    app.user("ana").await;
    for _ in 0..15 {
        app.forgot("Ana@Example.com").await.assert_status(202);
    }
    let letters = app.letters().await;
    assert_eq!(letters.len(), 5);
    let tokens: Vec<String> = letters.iter().map(|mail| token(mail, PAGE)).collect();
    let mut good = Vec::new();
    for token in &tokens {
        good.push(app.reset(token, NEW).await.status.as_u16());
    }
    good.sort_unstable();
    assert_eq!(good, [204, 400, 400, 400, 400]);
    app.clock.advance(Duration::hours(1));
    app.token_for("ana").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_use_one_link_at_once_one_succeeds() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let token = app.token_for("ana").await;
    let tries: Vec<_> = (0..8)
        .map(|number| {
            let (app, token) = (app.clone(), token.clone());
            tokio::spawn(async move { app.reset(&token, &format!("{NEW} {number}")).await.status.as_u16() })
        })
        .collect();
    let mut statuses = Vec::new();
    for one in tries {
        statuses.push(one.await.unwrap());
    }
    assert_eq!(statuses.iter().filter(|status| **status == 204).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [204, 400].contains(status)), "{statuses:?}");
}

#[tokio::test]
async fn a_link_ends_after_half_an_hour_and_a_guess_is_refused() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let token = app.token_for("ana").await;
    let other = app.user("bob").await;
    let last = if token.ends_with('A') { 'B' } else { 'A' };
    let changed = format!("{}{last}", &token[..42]);
    let guesses = [&changed[..], &token[..42], "x", &other.refresh, other.token(), " ", "\u{e9}"];
    for guess in guesses {
        app.reset(guess, NEW).await.assert_status(400);
    }
    app.clock.advance(Duration::minutes(30));
    app.reset(&token, NEW).await.assert_status(400);
    assert_eq!(app.logs_in("ana", PASSWORD).await, 200);
}

#[tokio::test]
async fn a_password_that_is_refused_leaves_the_link_good_and_is_never_echoed() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let token = app.token_for("ana").await;
    for refused in ["short", "password1", "ana@example.com"] {
        let fault = app.reset(&token, refused).await.fault();
        assert_eq!(fault["loc"], json!(["body", "new_password"]), "{refused}");
        assert_eq!(fault.get("input").unwrap_or(&Value::Null), &Value::Null, "{refused}");
    }
    let faults = app.anonymous().post("/reset-password", json!({ "token": 1 })).await;
    assert_eq!(faults.faults().len(), 2);
    assert!(faults.json().get("error").is_none(), "no token endpoint");
    app.reset(&token, NEW).await.assert_status(204);
}

#[tokio::test]
async fn a_link_is_built_from_the_settings_whatever_the_request_says() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let call = app.anonymous().call("POST", "/password-recovery").without("host").header("host", "evil.test");
    let call = call.header("x-forwarded-host", "evil.test").json(&json!({ "email": "ana@example.com" }));
    call.send().await.assert_status(202);
    let [message] = &app.letters().await[..] else { panic!("one mail") };
    let start = format!("{}/reset-password?token=", app.settings.issuer());
    assert!(message.letter.text.contains(&start), "{}", message.letter.text);
    assert!(!format!("{}{}", message.letter.text, message.letter.html).contains("evil"));
}

#[tokio::test]
async fn the_page_behind_the_link_needs_no_script_and_its_form_is_answered_with_a_page() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let token = app.token_for("ana").await;
    let page = app.anonymous().get(&format!("/reset-password?token={token}")).await.assert_status(200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!((page.header("referrer-policy"), page.header("cache-control")), ("strict-origin", "no-store"));
    assert!(page.text().contains(&format!("value=\"{token}\"")), "{}", page.text());
    assert!(!page.text().contains("http"), "nothing is loaded from elsewhere: {}", page.text());
    let field = page
        .text()
        .split("<input ")
        .find(|field| field.contains("name=\"new_password\""))
        .unwrap()
        .to_owned();
    assert!(
        field.contains("type=\"password\"") && field.contains("autocomplete=\"new-password\""),
        "{field}"
    );

    let submit = async |token: &str, password: &str| {
        let browser = Browser::new(&app);
        browser.fill(&format!("/reset-password?token={token}"), &[("new_password", password)]).await
    };
    let refused = submit(&token, "short").await.assert_status(422);
    assert!(refused.text().contains("new_password"), "{}", refused.text());
    let done = submit(&token, NEW).await.assert_status(303);
    assert_eq!(done.header("location"), "/account/reset-password/done");
    let again = submit(&token, NEW).await.assert_status(400);
    assert!(again.text().contains("invalid or has expired"), "{}", again.text());
    assert_eq!(app.logs_in("ana", NEW).await, 200);
}

#[tokio::test]
async fn a_page_shows_nothing_of_what_is_no_token() {
    let app = TestApp::start().await;
    for junk in ["%3Cscript%3Ealert(1)%3C/script%3E", "%22%3E%3Cb%3E", ""] {
        let page = app.anonymous().get(&format!("/reset-password?token={junk}")).await.assert_status(200);
        assert!(page.text().contains("The link is not complete."), "{junk}: {}", page.text());
        assert!(!page.text().contains("alert") && !page.text().contains("<b>"), "{junk}: {}", page.text());
    }
    app.anonymous().get("/reset-password").await.assert_status(200);
}

#[tokio::test]
async fn the_form_leads_to_its_own_path_behind_a_proxy_too() {
    let app = TestApp::with_flags(&["--issuer", "https://example.com/auth/"]).await;
    app.user("ana").await;
    app.forgot("ana@example.com").await.assert_status(202);
    let mail = app.letter().await;
    assert!(
        mail.letter.text.contains("https://example.com/auth/reset-password?token="),
        "{}",
        mail.letter.text
    );
    let page = app.anonymous().get(&format!("/reset-password?token={}", token(&mail, PAGE))).await;
    assert!(page.text().contains("action=\"&#x2f;auth/account/reset-password\""), "{}", page.text());
}

#[tokio::test]
async fn a_reset_ends_the_wait_that_wrong_passwords_cost() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let wrong = json!({ "username": address("ana"), "password": "wrong horses here" });
    let mut last = 401;
    for _ in 0..12 {
        last = app.anonymous().post("/login", wrong.clone()).await.status.as_u16();
    }
    assert_eq!(last, 429);
    let token = app.token_for("ana").await;
    app.reset(&token, NEW).await.assert_status(204);
    assert_eq!(app.logs_in("ana", NEW).await, 200);
}

#[tokio::test]
async fn the_mail_about_a_new_password_names_what_goes_on_opening_the_account() {
    let app = service(&[]).await;
    let ana = app.user("ana").await;
    let key = made(&ana, json!({ "name": "nightly\nbackup", "scope": "posts:read" })).await;
    let mut device = Device::new(Key::es256());
    add(&ana, &mut device).await.assert_status(201);
    let token = app.token_for("ana").await;
    app.reset(&token, NEW).await.assert_status(204);
    let letter = app.letters().await.pop().unwrap().letter;
    for words in ["- the passkey \"", "- the API key \"nightly backup\", since 20", "log in and remove it"] {
        assert!(letter.text.contains(words), "{words}: {}", letter.text);
    }
    assert!(letter.html.contains("nightly backup"), "{}", letter.html);
    // They do go on, and the mailbox took no second factor away.
    let program = app.bearer(key["key"].as_str().unwrap());
    program.get("/posts").await.assert_status(200);
    log_in(&app, &mut device).await.assert_status(200);
    let login = json!({ "username": address("ana"), "password": NEW });
    assert_eq!(app.anonymous().post("/login", login).await.assert_status(401).code(), "mfa_required");
}

#[tokio::test]
async fn a_reset_removes_api_keys_where_it_is_asked_to() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let program = app.bearer(made(&ana, json!({ "name": "a thief's" })).await["key"].as_str().unwrap());
    program.get("/users/me").await.assert_status(200);
    let token = app.token_for("ana").await;
    let body = json!({ "token": token, "new_password": NEW, "remove_api_keys": true });
    app.anonymous().post("/reset-password", body).await.assert_status(204);
    program.get("/users/me").await.assert_gone("a key of before");
    let letter = app.letters().await.pop().unwrap().letter;
    assert!(!letter.text.contains("go on opening"), "{}", letter.text);
    let removed = events(&app).await.into_iter().filter(|event| event.kind == EventKind::ApiKeyRemoved);
    assert_eq!(removed.count(), 1);
}

#[tokio::test]
async fn the_mail_about_a_changed_password_names_nothing_to_an_address_that_is_not_verified() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    made(&ana, json!({ "name": "cheap pills" })).await;
    app.letters().await;
    let change = json!({ "current_password": PASSWORD, "new_password": NEW });
    ana.post("/users/me/password", change).await.assert_status(204);
    let letter = app.letter().await.letter;
    assert!(!letter.text.contains("pills"), "{}", letter.text);
}
