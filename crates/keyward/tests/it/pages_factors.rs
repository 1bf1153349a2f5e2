//! Second factors on the pages: at a login, and set up for one's own account.

use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::{PASSWORD, TestApp};
use serde_json::Value;
use time::Duration;

use crate::app::Starts;
use crate::browser::{Browser, Form, forms};
use crate::factors::authenticator::{Device, Key, service, with_passkey};
use crate::factors::phone::{Phone, enrolled};

const SESSION: &str = "__Host-keyward";

/// What the script of a page gets, and the form that it fills in.
fn passkey_form(page: &Answer) -> (Value, Form) {
    let html = page.text();
    let (before, rest) = html.split_once("data-passkey=\"").unwrap();
    let options =
        rest.split('"').next().unwrap().replace("&quot;", "\"").replace("&#x2f;", "/").replace("&amp;", "&");
    let form = forms(&html).into_iter().nth(before.matches("<form ").count() - 1).unwrap();
    (serde_json::from_str(&options).unwrap(), form)
}

#[tokio::test]
async fn a_login_with_a_second_factor_has_two_steps_and_no_session_between() {
    let app = TestApp::start().await;
    let ana = enrolled(&app, "ana").await;
    let browser = Browser::new(&app);
    let step = browser.log_in("ana").await.assert_status(303);
    assert_eq!(step.header("location"), "/account/mfa");
    assert_eq!(browser.cookie(SESSION), None);
    let wrong =
        browser.fill("/account/mfa", &[("otp", &ana.phone.wrong_code(&app))]).await.assert_status(401);
    let html = wrong.text();
    assert!(html.contains("id=\"otp-fault\"") && html.contains("The code is wrong"), "{html}");
    let code = ana.phone.fresh_code(&app);
    browser.fill("/account/mfa", &[("otp", &code)]).await.assert_status(303);
    assert!(browser.cookie(SESSION).is_some() && browser.cookie("__Host-keyward-mfa").is_none());
    browser.get("/account").await.assert_status(200);
    // The same by a recovery code, which is good once.
    let other = Browser::new(&app);
    let page = other.log_in("ana").await.header("location").to_owned();
    other.fill(&page, &[("recovery_code", &ana.codes[0])]).await.assert_status(303);
    let third = Browser::new(&app);
    third.log_in("ana").await.assert_status(303);
    let used =
        third.fill("/account/mfa", &[("recovery_code", &ana.codes[0])]).await.assert_status(401).text();
    assert!(used.contains("id=\"recovery_code-fault\"") && used.contains("<details open>"), "{used}");
    // Late, and without a login before it.
    app.clock.advance(Duration::minutes(6));
    let late = third.fill("/account/mfa", &[("otp", "123456")]).await.assert_status(401).text();
    assert!(late.contains("has expired"), "{late}");
    assert_eq!(
        Browser::new(&app).get("/account/mfa").await.assert_status(303).header("location"),
        "/account/login"
    );
}

#[tokio::test]
async fn an_app_is_added_with_codes_shown_once_and_removed_after_a_proof() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let browser = Browser::logged_in(&app, "ana").await;
    let begin = |html: &str| {
        forms(html).into_iter().find(|form| form.action == "/account/security/app/begin").unwrap()
    };
    let html = browser.get("/account/security").await.assert_status(200).text();
    assert_eq!(
        browser.get("/account/security/app").await.assert_status(303).header("location"),
        "/account/security"
    );
    let shown = browser.submit(&begin(&html)).await.assert_status(303);
    let html = browser.get(shown.header("location")).await.assert_status(200).text();
    assert!(html.contains("<svg "), "{html}");
    let secret = html.split("aria-labelledby=\"key-label\">").nth(1).unwrap().split('<').next().unwrap();
    let phone = Phone::reading(secret);
    let wrong = browser.fill("/account/security/app", &[("otp", &phone.wrong_code(&app))]).await;
    assert!(wrong.assert_status(403).text().contains(secret), "the key stays");
    let done =
        browser.fill("/account/security/app", &[("otp", &phone.code(&app, 0))]).await.assert_status(303);
    let codes = browser.get(done.header("location")).await.assert_status(200).text();
    assert_eq!(codes.matches("<li>").count() - codes.matches("<li><a").count(), 10, "{codes}");
    browser.get("/account/security/codes").await.assert_status(303);
    assert_eq!(ana.get("/users/me/factors").await.json()["totp"], true);
    // Later it takes a code of it to remove it.
    app.clock.advance(Duration::minutes(6));
    let html = browser.get("/account/security").await.assert_status(200).text();
    let remove = forms(&html).into_iter().find(|form| form.action == "/account/security/app/remove").unwrap();
    let proof = browser.submit(&remove).await.assert_status(303).header("location").to_owned();
    assert!(proof.starts_with("/account/prove?next="), "{proof}");
    browser.fill(&proof, &[("otp", &phone.fresh_code(&app))]).await.assert_status(303);
    browser.submit(&remove).await.assert_status(303);
    assert_eq!(ana.get("/users/me").await.status, 401, "other devices end");
    browser.get("/account").await.assert_status(200);
}

#[tokio::test]
async fn a_passkey_is_added_renamed_and_logs_in_by_what_stands_in_the_page() {
    let app = service(&[]).await;
    app.user("ana").await;
    let browser = Browser::logged_in(&app, "ana").await;
    let mut device = Device::new(Key::es256());
    let (options, form) = passkey_form(&browser.get("/account/security/passkey").await.assert_status(200));
    let made = device.create(&options).to_string();
    let done = browser.submit(&form.with(&[("passkey", &made), ("name", "Phone")])).await.assert_status(303);
    assert_eq!(done.header("location"), "/account/security/codes");
    assert!(browser.get("/account/security").await.text().contains("Phone"));
    let visitor = Browser::new(&app);
    let (options, form) = passkey_form(&visitor.get("/account/login").await.assert_status(200));
    let shown = device.get(&options).to_string();
    visitor.submit(&form.with(&[("passkey", &shown)])).await.assert_status(303);
    visitor.fill("/account/security", &[("id", "1"), ("name", "Laptop")]).await.assert_status(303);
    assert!(visitor.get("/account/security").await.text().contains("Laptop"));
    for garbage in ["{", "[]", "{}", "null"] {
        let (_, form) = passkey_form(&Browser::new(&app).get("/account/login").await);
        let tab = Browser::new(&app);
        tab.get("/account/login").await;
        let token = forms(&tab.get("/account/login").await.text()).remove(0).value("form_token").to_owned();
        let form = form.with(&[("passkey", garbage), ("form_token", &token)]);
        tab.submit(&form).await.assert_status(422);
    }
}

#[tokio::test]
async fn a_passkey_is_a_second_factor_and_a_proof() {
    let app = service(&[]).await;
    let (_, mut device) = with_passkey(&app, "ana").await;
    let browser = Browser::new(&app);
    let page = browser.log_in("ana").await.assert_status(303).header("location").to_owned();
    let (options, form) = passkey_form(&browser.get(&page).await.assert_status(200));
    let shown = device.get(&options).to_string();
    browser.submit(&form.with(&[("passkey", &shown)])).await.assert_status(303);
    app.clock.advance(Duration::minutes(6));
    let proof = browser.get("/account/keys/new").await.assert_status(303).header("location").to_owned();
    let (options, form) = passkey_form(&browser.get(&proof).await.assert_status(200));
    assert!(
        !browser.get(&proof).await.text().contains("name=\"password\""),
        "the password proves nothing here"
    );
    let shown = device.get(&options).to_string();
    browser.submit(&form.with(&[("passkey", &shown)])).await.assert_status(303);
    browser.get("/account/keys/new").await.assert_status(200);
}

#[tokio::test]
async fn who_has_to_have_a_second_factor_is_led_to_it_before_anything_else() {
    let app = TestApp::with_flags(&["--second-factor", "required"]).await;
    let browser = Browser::new(&app);
    let fields = [("email", "ana@example.com"), ("password", PASSWORD)];
    browser.fill("/account/signup", &fields).await.assert_status(303);
    for page in ["/account", "/account/sessions", "/account/keys"] {
        assert_eq!(
            browser.get(page).await.assert_status(303).header("location"),
            "/account/security",
            "{page}"
        );
    }
    let html = browser.get("/account/security").await.assert_status(200).text();
    assert!(html.contains("Your account needs a second factor."), "{html}");
    let begin = forms(&html).into_iter().find(|form| form.action == "/account/security/app/begin").unwrap();
    browser.submit(&begin).await.assert_status(303);
    let html = browser.get("/account/security/app").await.assert_status(200).text();
    let secret = html.split("aria-labelledby=\"key-label\">").nth(1).unwrap().split('<').next().unwrap();
    let phone = Phone::reading(secret);
    browser.fill("/account/security/app", &[("otp", &phone.code(&app, 0))]).await.assert_status(303);
    // The session has shown it by that.
    browser.get("/account").await.assert_status(200);
}
