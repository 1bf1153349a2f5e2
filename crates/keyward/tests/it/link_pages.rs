//! The pages behind the links in mails, as a browser shows them.

use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::{TestApp, address};
use keyward_api::testing::letters::token;
use serde_json::json;

use crate::app::Starts;
use crate::browser::{Browser, Form, forms};

async fn link(app: &TestApp, name: &str) -> String {
    let body = json!({ "email": address(name) });
    app.anonymous().post("/password-recovery", body).await.assert_status(202);
    format!("/reset-password?token={}", token(&app.letters().await.pop().unwrap(), "reset-password"))
}

async fn proof(app: &TestApp) -> String {
    format!("/verify-email?token={}", token(&app.letter().await, "verify-email"))
}

/// The form that goes there.
fn form(html: &str, action: &str) -> Form {
    let form = forms(html).into_iter().find(|form| form.action == action);
    form.unwrap_or_else(|| panic!("no form goes to {action}: {html}"))
}

async fn follow(browser: &Browser, answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text());
    browser.get(answer.header("location")).await.assert_status(200).text()
}

#[tokio::test]
async fn a_refused_password_leaves_the_form_and_says_why_beside_the_field() {
    let app = TestApp::with_flags(&["--password-min-length", "12"]).await;
    app.user("ana").await;
    let (browser, link) = (Browser::new(&app), link(&app, "ana").await);
    let page = browser.get(&link).await.assert_status(200).text();
    assert!(page.contains("<main>") && page.contains(&address("ana")), "whose it is: {page}");
    assert!(page.contains("12 characters or more") && !page.contains("role=\"alert\""), "{page}");
    let (_, token) = link.split_once('=').unwrap();
    for (password, why) in [
        ("short", "This is too short: use 12 characters or more."),
        ("", "Please fill in this field."),
        ("password1234", "The password is one of the commonest"),
        ("ana@example.com", "The password should not be the e-mail address"),
    ] {
        let page = browser.fill(&link, &[("new_password", password)]).await.assert_status(422).text();
        let (_, fault) = page.split_once("id=\"new_password-fault\">").unwrap();
        assert!(fault.contains(why), "{password}: {page}");
        assert!(page.contains("id=\"summary\" role=\"alert\" tabindex=\"-1\" autofocus"), "{page}");
        assert!(page.contains("aria-describedby=\"new_password-hint new_password-fault\""), "{page}");
        let form = form(&page, "/account/reset-password");
        assert_eq!((form.value("token"), form.value("new_password")), (token, ""), "nothing is repeated");
        assert!(page.contains(&address("ana")) && page.contains("minlength=\"12\""), "{page}");
        assert!(!page.contains("string_too_short") && !page.contains("Value error"), "{page}");
    }
    let done = browser.fill(&link, &[("new_password", "eight tame horses")]).await;
    let page = follow(&browser, &done).await;
    assert!(
        page.contains("Your password was changed") && page.contains("href=\"&#x2f;account&#x2f;login\""),
        "{page}"
    );
    let page = browser.fill(&link, &[("new_password", "eight tame horses")]).await.assert_status(400).text();
    assert!(page.contains("The link is invalid or has expired."), "{page}");
    form(&page, "/account/forgot");
}

#[tokio::test]
async fn api_keys_are_removed_where_the_box_is_ticked() {
    for ticked in [false, true] {
        let app = TestApp::start().await;
        let ana = app.user("ana").await;
        let made =
            ana.post("/users/me/api-keys", json!({ "name": "backup" })).await.assert_status(201).json();
        let program = app.bearer(made["key"].as_str().unwrap());
        program.get("/users/me").await.assert_status(200);
        app.letters().await;
        let (browser, link) = (Browser::new(&app), link(&app, "ana").await);
        let html = browser.get(&link).await.assert_status(200).text();
        let mut form = form(&html, "/account/reset-password").with(&[("new_password", "eight tame horses")]);
        // A box that is not ticked is not sent.
        form.fields.retain(|(name, _)| ticked || name != "remove_api_keys");
        browser.submit(&form).await.assert_status(303);
        let status = program.get("/users/me").await.status.as_u16();
        assert_eq!(status, if ticked { 401 } else { 200 });
    }
}

#[tokio::test]
async fn a_form_of_a_mails_page_is_taken_from_the_page_of_this_browser_alone() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let link = link(&app, "ana").await;
    ana.post("/users/me/verification", json!({})).await.assert_status(202);
    let proof = proof(&app).await;
    let (one, other) = (Browser::new(&app), Browser::new(&app));
    other.get(&link).await.assert_status(200);
    for (page, action) in [(&link, "/account/reset-password"), (&proof, "/account/verify-email")] {
        let form = form(&one.get(page).await.assert_status(200).text(), action);
        let named = form.fields.iter().any(|(name, _)| name == "new_password");
        let form = if named { form.with(&[("new_password", "eight tame horses")]) } else { form };
        other.submit(&form).await.assert_status(403);
        one.submit(&form.with(&[("form_token", "x")])).await.assert_status(403);
    }
    assert_eq!(ana.get("/users/me").await.assert_status(200).json()["email_verified"], false);
}

#[tokio::test]
async fn the_page_of_a_link_keeps_its_token_from_other_addresses() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let browser = Browser::new(&app);
    for path in
        [&link(&app, "ana").await, "/reset-password?token=x", "/verify-email?token=x", "/verify-email"]
    {
        let page = browser.get(path).await.assert_status(200);
        assert_eq!(page.header("referrer-policy"), "strict-origin", "{path}");
        assert_eq!(page.header("cache-control"), "no-store", "{path}");
        assert!(page.header("content-security-policy").contains("form-action 'self';"), "{path}");
    }
}

#[tokio::test]
async fn the_form_on_the_page_asks_for_another_link() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let browser = Browser::new(&app);
    for path in ["/reset-password", "/reset-password?token=unknown", "/reset-password?token=%3Cb%3E"] {
        let page = browser.get(path).await.assert_status(200).text();
        form(&page, "/account/forgot");
        assert!(!page.contains("example.com") && !page.contains("<b>"), "no user is named: {page}");
    }
    for name in ["ana", "unknown"] {
        let sent = browser.fill("/reset-password", &[("email", &address(name))]).await;
        let page = follow(&browser, &sent).await;
        assert!(page.contains("If this address has an account"), "{page}");
    }
    assert_eq!(app.letters().await.len(), 1);
    let page = browser.fill("/reset-password", &[("email", "nonsense")]).await.assert_status(422).text();
    assert!(page.contains("<main>") && page.contains("valid email address"), "{page}");
}

#[tokio::test]
async fn the_page_of_a_verification_names_the_address() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.post("/users/me/verification", json!({})).await.assert_status(202);
    let (browser, link) = (Browser::new(&app), proof(&app).await);
    let page = browser.get(&link).await.assert_status(200).text();
    assert!(page.contains("<main>") && page.contains(&address("ana")), "{page}");
    let button = form(&page, "/account/verify-email");
    let page = follow(&browser, &browser.submit(&button).await).await;
    assert!(page.contains("Your e-mail address is verified") && page.contains("Go back"), "{page}");
    let page = browser.submit(&button).await.assert_status(400).text();
    assert!(page.contains("If you have just used it, your e-mail address is verified."), "{page}");
    form(&page, "/account/verify-email/another");
    let page = browser.get(&link).await.text();
    assert!(!page.contains("example.com"), "a spent link names no user: {page}");
}

#[tokio::test]
async fn the_page_of_a_verification_asks_for_another_mail_without_a_login() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let browser = Browser::new(&app);
    for path in ["/verify-email", "/verify-email?token=unknown", "/account/verify-email/another"] {
        let page = browser.get(path).await.assert_status(200).text();
        form(&page, "/account/verify-email/another");
    }
    for name in ["ana", "unknown"] {
        let sent = browser.fill("/verify-email", &[("email", &address(name))]).await;
        let page = follow(&browser, &sent).await;
        assert!(page.contains("If this address has an account and is not verified yet"), "{page}");
    }
    let link = proof(&app).await;
    let button = form(&browser.get(&link).await.text(), "/account/verify-email");
    browser.submit(&button).await.assert_status(303);
    let page = browser.fill("/verify-email", &[("email", "nonsense")]).await.assert_status(422).text();
    assert!(page.contains("id=\"email-fault\"") && page.contains("valid email address"), "{page}");
}

#[tokio::test]
async fn what_is_done_leads_on_to_the_application_where_it_is_named() {
    for (flags, way) in [
        (&[][..], None),
        (&["--app-url", "https://app.example/?a=1&b=2"], Some("https://app.example/?a=1&amp;b=2")),
        (
            &["--app-url", "https://app.example/", "--app-name", "Tea & Biscuits"],
            Some("Go on to Tea &amp; Biscuits"),
        ),
    ] {
        let app = TestApp::with_flags(flags).await;
        let browser = Browser::new(&app);
        for (path, deed) in
            [("/account/verify-email/done", "verified"), ("/account/reset-password/done", "reset")]
        {
            browser.plant("__Host-keyward-done", deed);
            let page = browser.get(path).await.assert_status(200).text().replace("&#x2f;", "/");
            match way {
                Some(way) => assert!(page.contains(way) && page.contains("<a href=\"https:"), "{page}"),
                None => assert!(!page.contains("Go on to"), "{page}"),
            }
        }
    }
}

#[tokio::test]
async fn a_button_that_is_pressed_twice_says_in_the_end_that_it_was_done() {
    for logged_in in [false, true] {
        let app = TestApp::start().await;
        let ana = app.user("ana").await;
        let browser = if logged_in { Browser::logged_in(&app, "ana").await } else { Browser::new(&app) };
        ana.post("/users/me/verification", json!({})).await.assert_status(202);
        let button = form(&browser.get(&proof(&app).await).await.text(), "/account/verify-email");
        browser.submit(&button).await.assert_status(303);
        let page = browser.submit(&button).await.assert_status(400).text();
        assert!(page.contains("your e-mail address is verified"), "{page}");
        let html = browser.get(&link(&app, "ana").await).await.text();
        let button = form(&html, "/account/reset-password").with(&[("new_password", "eight tame horses")]);
        browser.submit(&button).await.assert_status(303);
        // The session of this browser has ended with all others.
        browser.get("/account").await.assert_status(303);
        let page = browser.submit(&button).await.assert_status(400).text();
        assert!(page.contains("your password was changed: log in with the new one"), "{page}");
        assert!(page.replace("&#x2f;", "/").contains("href=\"/account/login\""), "{page}");
        let another = form(&page, "/account/forgot").with(&[("email", &address("ana"))]);
        browser.submit(&another).await.assert_status(303);
    }
}

#[tokio::test]
async fn a_form_of_a_mails_page_outlives_a_login_and_a_logout_in_between() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let browser = Browser::new(&app);
    ana.post("/users/me/verification", json!({})).await.assert_status(202);
    let verify = form(&browser.get(&proof(&app).await).await.text(), "/account/verify-email");
    browser.log_in("ana").await.assert_status(303);
    let html = browser.get(&link(&app, "ana").await).await.text();
    let reset = form(&html, "/account/reset-password").with(&[("new_password", "eight tame horses")]);
    let ask = form(&html, "/account/forgot").with(&[("email", &address("ana"))]);
    browser.submit(&verify).await.assert_status(303);
    browser.fill("/account/logout", &[]).await.assert_status(303);
    browser.submit(&ask).await.assert_status(303);
    browser.submit(&reset).await.assert_status(400);
    assert_eq!(app.letters().await.len(), 1, "the newest link is the good one");
}

#[tokio::test]
async fn that_something_was_done_is_said_to_the_browser_that_did_it() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let (browser, other) = (Browser::new(&app), Browser::new(&app));
    let done = browser.fill(&link(&app, "ana").await, &[("new_password", "eight tame horses")]).await;
    for _ in 0..2 {
        assert!(follow(&browser, &done).await.contains("Your password was changed"));
    }
    let path = done.header("location");
    let elsewhere = browser.get("/account/verify-email/done").await.assert_status(303);
    let unknown = other.get(path).await.assert_status(303);
    for answer in [elsewhere, unknown] {
        assert_eq!(answer.header("location"), "/account/login");
    }
}

#[tokio::test]
async fn without_the_database_a_mails_page_says_so_and_nothing_is_spent() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let (browser, link) = (Browser::new(&app), link(&app, "ana").await);
    let html = browser.get(&link).await.assert_status(200).text();
    let form = form(&html, "/account/reset-password").with(&[("new_password", "eight tame horses")]);
    app.database.close().await.unwrap();
    browser.get(&link).await.assert_status(200);
    let page = browser.submit(&form).await.assert_status(503).text();
    assert!(page.contains("<h1>Not available right now</h1>"), "{page}");
}
