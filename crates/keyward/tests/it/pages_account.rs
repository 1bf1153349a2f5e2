//! The pages of one's own account, without script.

use keyward_api::testing::app::{PASSWORD, TestApp, address};
use serde_json::json;
use time::Duration;

use crate::app::Starts;
use crate::browser::{Browser, forms};

#[tokio::test]
async fn a_person_signs_up_and_is_logged_in() {
    let app = TestApp::start().await;
    let browser = Browser::new(&app);
    let fields =
        [("email", "ana@example.com"), ("username", ""), ("name", "Ana <b>"), ("password", PASSWORD)];
    let answer = browser.fill("/account/signup", &fields).await.assert_status(303);
    assert_eq!(answer.header("location"), "/account");
    let html = browser.get("/account").await.assert_status(200).text();
    assert!(html.contains("ana@example.com") && html.contains("not verified yet"), "{html}");
    assert!(html.contains("Ana &lt;b&gt;") && !html.contains("<b>"), "{html}");
    let again = Browser::new(&app);
    let taken = again.fill("/account/signup", &fields).await.assert_status(400).text();
    assert!(taken.contains("id=\"email-fault\"") && taken.contains("already exists"), "{taken}");
    assert!(!taken.contains(PASSWORD), "{taken}");
    let weak = [("email", "bob"), ("password", "short")];
    let weak = again.fill("/account/signup", &weak).await.assert_status(422).text();
    assert!(weak.contains("id=\"email-fault\"") && weak.contains("id=\"password-fault\""), "{weak}");
}

#[tokio::test]
async fn where_an_address_has_to_be_verified_a_sign_up_says_so_and_a_login_too() {
    let app = TestApp::with_flags(&["--require-verified-email", "on"]).await;
    let browser = Browser::new(&app);
    let fields = [("email", "ana@example.com"), ("password", PASSWORD)];
    let answer = browser.fill("/account/signup", &fields).await.assert_status(303);
    let page = answer.header("location").to_owned();
    assert!(browser.get(&page).await.assert_status(200).text().contains("Look into your mailbox"));
    assert_eq!(browser.cookie("__Host-keyward"), None);
    let refused = browser.log_in("ana").await.assert_status(403).text();
    assert!(refused.contains("verify your e-mail address"), "{refused}");
}

#[tokio::test]
async fn pages_without_a_login_lead_to_it_and_back() {
    let app = TestApp::start().await;
    app.user("ana").await;
    for page in ["/account", "/account/security", "/account/sessions?after=x", "/account/keys"] {
        let browser = Browser::new(&app);
        let login = browser.get(page).await.assert_status(303).header("location").to_owned();
        assert!(login.starts_with("/account/login"), "{login}");
        let fields = [("username", "ana@example.com"), ("password", PASSWORD)];
        let answer = browser.fill(&login, &fields).await.assert_status(303);
        assert_eq!(answer.header("location"), page);
    }
    let post = Browser::new(&app).call("POST", "/account/keys/remove").form("id=1");
    let login = Browser::new(&app).send(post).await.assert_status(303).header("location").to_owned();
    assert!(login.starts_with("/account/login?next=kwn_"), "{login}");
}

#[tokio::test]
async fn names_and_addresses_are_changed_with_the_proof_they_need() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    app.user("eve").await;
    let browser = Browser::logged_in(&app, "ana").await;
    let saved = browser.fill("/account", &[("name", "Ana Maria")]).await.assert_status(303);
    assert!(browser.get(saved.header("location")).await.text().contains("Your name was saved."));
    assert_eq!(ana.get("/users/me").await.json()["name"], "Ana Maria");
    let wrong = [("email", "ana@example.org"), ("password", "not her password")];
    let html = browser.fill("/account", &wrong).await.assert_status(403).text();
    assert!(html.contains("The current password is wrong.") && html.contains("ana@example.org"), "{html}");
    let right = [("email", "ana@example.org"), ("password", PASSWORD)];
    let sent = browser.fill("/account", &right).await.assert_status(303);
    assert_eq!(sent.header("location"), "/account?done=email");
    let long = "x".repeat(101);
    browser.fill("/account", &[("name", &long)]).await.assert_status(422);
    assert_eq!(ana.get("/users/me").await.json()["name"], "Ana Maria");
}

#[tokio::test]
async fn a_changed_password_ends_every_other_session_but_not_the_browsers() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let (browser, other) = (Browser::logged_in(&app, "ana").await, Browser::logged_in(&app, "ana").await);
    let change = [("current_password", PASSWORD), ("new_password", "eight tame horses")];
    let wrong = [("current_password", "not hers"), ("new_password", "eight tame horses")];
    let html = browser.fill("/account/security", &wrong).await.assert_status(403).text();
    assert!(html.contains("id=\"current_password-fault\""), "{html}");
    browser.fill("/account/security", &change).await.assert_status(303);
    browser.get("/account").await.assert_status(200);
    other.get("/account").await.assert_status(303);
    ana.get("/users/me").await.assert_invalid_token("an old session");
}

#[tokio::test]
async fn devices_are_listed_and_ended_one_by_one_or_all_others_at_once() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let eve = app.user("eve").await;
    let foreign = eve.get("/sessions").await.json()[0]["id"].as_str().unwrap().to_owned();
    let (browser, other) = (Browser::logged_in(&app, "ana").await, Browser::logged_in(&app, "ana").await);
    let html = browser.get("/account/sessions").await.assert_status(200).text();
    assert_eq!(html.matches("(this one)").count(), 1, "{html}");
    let ends: Vec<_> =
        forms(&html).into_iter().filter(|form| form.action == "/account/sessions/end").collect();
    assert_eq!(ends.len(), 2);
    // Newest first, the browser's own left out.
    browser.submit(&ends[0]).await.assert_status(303);
    other.get("/account").await.assert_status(303);
    browser.submit(&ends[0]).await.assert_status(303);
    let form = forms(&html).into_iter().find(|form| form.action == "/account/sessions/end").unwrap();
    browser.submit(&form.with(&[("id", &foreign)])).await.assert_status(303);
    eve.get("/users/me").await.assert_status(200);
    ana.get("/users/me").await.assert_status(200);
    let others = forms(&html).into_iter().find(|form| form.action == "/account/sessions/others").unwrap();
    browser.submit(&others).await.assert_status(303);
    ana.get("/users/me").await.assert_invalid_token("another device");
    browser.get("/account").await.assert_status(200);
}

#[tokio::test]
async fn an_api_key_is_made_after_a_fresh_proof_shown_once_and_removed() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let browser = Browser::logged_in(&app, "ana").await;
    app.clock.advance(Duration::minutes(6));
    let proof = browser.get("/account/keys/new").await.assert_status(303).header("location").to_owned();
    assert!(proof.starts_with("/account/prove?next=kwn_"), "{proof}");
    browser.fill(&proof, &[("password", "not her password")]).await.assert_status(403);
    let before = browser.cookie("__Host-keyward").unwrap();
    let back = browser.fill(&proof, &[("password", PASSWORD)]).await.assert_status(303);
    assert_eq!(back.header("location"), "/account/keys/new");
    let after = browser.cookie("__Host-keyward").unwrap();
    assert_ne!(before, after, "a rise of proof changes the secret");
    let thief = Browser::new(&app);
    thief.plant("__Host-keyward", &before);
    thief.get("/account").await.assert_status(303);
    let none = [("name", "backup"), ("scope_posts:read", ""), ("scope_posts:write", ""), ("scope_shop", "")];
    let html = browser.fill("/account/keys/new", &none).await.assert_status(422).text();
    assert!(html.contains("id=\"scope-fault\""), "{html}");
    let fields = [("name", "backup"), ("scope_posts:write", ""), ("scope_shop", ""), ("days", "30")];
    browser.fill("/account/keys/new", &fields).await.assert_status(303);
    let html = browser.get("/account/keys").await.assert_status(200).text();
    let key = html.split("id=\"key\">").nth(1).unwrap().split('<').next().unwrap();
    app.bearer(key).get("/posts").await.assert_status(200);
    app.bearer(key).post("/posts", json!({ "title": "t", "content": "c" })).await.assert_status(403);
    let again = browser.get("/account/keys").await.assert_status(200).text();
    assert!(!again.contains(key) && again.contains("backup"), "{again}");
    browser.fill("/account/keys", &[("id", "1")]).await.assert_status(303);
    app.bearer(key).get("/posts").await.assert_status(401);
}

#[tokio::test]
async fn one_can_download_ones_data_and_leave() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let browser = Browser::logged_in(&app, "ana").await;
    let data = browser.get("/account/data").await.assert_status(200);
    assert_eq!(data.header("content-disposition"), "attachment; filename=\"my-data.json\"");
    assert_eq!(
        (&data.json()["account"]["email"], data.json()["sessions"].as_array().unwrap().len()),
        (&json!(address("ana")), 2)
    );
    assert!(data.json()["account"]["last_login_at"].is_string(), "it is kept, so it is in there");
    assert!(!data.text().contains("$argon2"), "{}", data.text());
    browser.fill("/account/delete", &[("password", "not hers")]).await.assert_status(403);
    let gone = browser.fill("/account/delete", &[("password", PASSWORD)]).await.assert_status(303);
    assert!(browser.get(gone.header("location")).await.text().contains("Account deleted"));
    assert_eq!(browser.cookie("__Host-keyward"), None);
    ana.get("/users/me").await.assert_status(401);
}

#[tokio::test]
async fn a_session_that_ends_between_a_page_and_its_form_changes_nothing() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let browser = Browser::logged_in(&app, "ana").await;
    let html = browser.get("/account").await.assert_status(200).text();
    let form = forms(&html).into_iter().find(|form| form.action == "/account/name").unwrap();
    app.log_in("ana").await.call("POST", "/logout/all").send().await.assert_status(204);
    let login = browser.submit(&form.with(&[("name", "Other")])).await.assert_status(303);
    assert!(login.header("location").starts_with("/account/login"), "{login:?}");
    assert_eq!(app.log_in("ana").await.get("/users/me").await.json()["name"], "ana");
    drop(ana);
}

#[tokio::test]
async fn the_form_of_one_account_is_not_taken_from_another() {
    let app = TestApp::start().await;
    app.user("ana").await;
    app.user("eve").await;
    let (ana, eve) = (Browser::logged_in(&app, "ana").await, Browser::logged_in(&app, "eve").await);
    for page in ["/account", "/account/security", "/account/sessions", "/account/logout"] {
        for form in forms(&eve.get(page).await.text()) {
            ana.submit(&form).await.assert_status(403);
        }
    }
    ana.get("/account").await.assert_status(200);
}

#[tokio::test]
async fn a_browser_at_the_root_is_led_to_the_account_and_a_program_is_not() {
    let app = TestApp::start().await;
    let browser = Browser::new(&app);
    let answer = browser.call("GET", "/").send_unchecked().await.assert_status(303);
    assert_eq!((answer.header("location"), answer.header("vary")), ("/account", "accept"));
    assert_eq!(app.anonymous().get("/").await.assert_status(200).json()["name"], "keyward");
}

#[tokio::test]
async fn behind_a_path_that_a_proxy_strips_every_link_and_form_begins_with_it() {
    let app = TestApp::with_flags(&["--issuer", "https://host.example/auth"]).await;
    app.user("ana").await;
    let browser = Browser::new(&app);
    let html = browser.get("/account/login").await.assert_status(200).text();
    for part in html.split(['"']).filter(|part| part.starts_with('/')) {
        assert!(part.starts_with("/auth/"), "{part}");
    }
    let form = forms(&html).remove(0).with(&[("username", "ana@example.com"), ("password", PASSWORD)]);
    assert_eq!(browser.submit(&form).await.assert_status(303).header("location"), "/auth/account");
    let html = browser.get("/auth/account").await.assert_status(200).text();
    for part in html.split(['"']).filter(|part| part.starts_with('/')) {
        assert!(part.starts_with("/auth/"), "{part}");
    }
}
