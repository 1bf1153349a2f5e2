//! Logging in and out by the pages: the browser's session, and forms of this browser alone.

use keyward_api::testing::app::{PASSWORD, TestApp};
use serde_json::json;
use time::Duration;

use crate::app::Starts;
use crate::browser::{Browser, ORIGIN, forms};

const SESSION: &str = "__Host-keyward";
const FORM: &str = "__Host-keyward-form";

#[tokio::test]
async fn a_login_opens_a_session_like_any_other_and_a_logout_ends_it_at_once() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let browser = Browser::new(&app);
    let answer = browser.log_in("ana").await.assert_status(303);
    assert_eq!(answer.header("location"), "/account");
    let sessions = ana.get("/sessions").await.assert_status(200).json();
    assert_eq!(sessions.as_array().unwrap().len(), 2, "{sessions}");
    let form = forms(&browser.get("/account/logout").await.assert_status(200).text()).remove(0);
    let secret = browser.cookie(SESSION).unwrap();
    assert_eq!(browser.submit(&form).await.assert_status(303).header("location"), "/account/login");
    assert_eq!(browser.cookie(SESSION), None);
    browser.plant(SESSION, &secret);
    assert_eq!(browser.get("/account/logout").await.assert_status(303).header("location"), "/account/login");
    assert_eq!(ana.get("/sessions").await.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_session_that_ends_elsewhere_or_by_age_ends_in_the_browser() {
    let app = TestApp::with_flags(&["--session-idle", "1h", "--session-absolute", "3h"]).await;
    let ana = app.user("ana").await;
    let browser = Browser::logged_in(&app, "ana").await;
    // Each visit keeps it from ending by idleness, until it is too old.
    for _ in 0..3 {
        app.clock.advance(Duration::minutes(50));
        browser.get("/account/logout").await.assert_status(200);
    }
    app.clock.advance(Duration::minutes(40));
    browser.get("/account/logout").await.assert_status(303);
    let idle = Browser::logged_in(&app, "ana").await;
    app.clock.advance(Duration::minutes(61));
    idle.get("/account/logout").await.assert_status(303);
    let ended = Browser::logged_in(&app, "ana").await;
    app.log_in("ana").await.call("POST", "/logout/all").send().await.assert_status(204);
    ended.get("/account/logout").await.assert_status(303);
    drop(ana);
}

#[tokio::test]
async fn a_secret_that_was_there_before_the_login_is_not_the_one_after_it() {
    let app = TestApp::start().await;
    app.user("ana").await;
    app.user("eve").await;
    let browser = Browser::new(&app);
    let planted = "A".repeat(43);
    browser.plant(SESSION, &planted);
    browser.log_in("ana").await.assert_status(303);
    let secret = browser.cookie(SESSION).unwrap();
    assert_ne!(secret, planted);
    // Nor is that of another person's session, which ends by the new login.
    let shared = Browser::logged_in(&app, "eve").await;
    let before = shared.cookie(SESSION).unwrap();
    let tab = Browser::new(&app);
    tab.plant(SESSION, &before);
    let form = forms(&tab.get("/account/logout").await.text()).remove(0);
    let mut login = forms(&Browser::new(&app).get("/account/login").await.text()).remove(0);
    for (name, value) in &mut login.fields {
        match name.as_str() {
            "form_token" => *value = form.value("form_token").to_owned(),
            "username" => *value = "ana@example.com".to_owned(),
            "password" => *value = PASSWORD.to_owned(),
            _ => {}
        }
    }
    shared.submit(&login).await.assert_status(303);
    assert_ne!(shared.cookie(SESSION).unwrap(), before);
    tab.get("/account/logout").await.assert_status(303);
}

#[tokio::test]
async fn a_form_is_taken_from_the_page_of_this_browser_alone() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let (one, other) = (Browser::new(&app), Browser::new(&app));
    let fields = [("username", "ana@example.com"), ("password", PASSWORD)];
    let form = || async { forms(&one.get("/account/login").await.text()).remove(0).with(&fields) };
    // The page of another browser: a forged login.
    other.get("/account/login").await.assert_status(200);
    let refused = other.submit(&form().await).await.assert_status(403);
    assert!(refused.text().contains("Open it again"), "{}", refused.text());
    // A browser that keeps no cookies learns why.
    let refused = Browser::new(&app).submit(&form().await).await.assert_status(403);
    assert!(refused.text().contains("Allow cookies"), "{}", refused.text());
    // No token, and one that is changed.
    for token in ["", "x", &"A".repeat(43)] {
        one.submit(&form().await.with(&[("form_token", token)])).await.assert_status(403);
    }
    // What the browser calls foreign, even with the token.
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        let form = form().await;
        let body: Vec<_> = form.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let body = body.join("&").replace('@', "%40").replace(' ', "+");
        let call = one.call("POST", "/account/login").header(name, value).form(&body);
        one.send(call).await.assert_status(403);
        assert_eq!(one.cookie(SESSION), None, "{name}: {value}");
    }
    assert_eq!(ORIGIN, "http://localhost:8000");
    one.submit(&form().await).await.assert_status(303);
}

#[tokio::test]
async fn two_tabs_share_a_login_and_neither_voids_the_others_form() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let one = Browser::new(&app);
    let other = one.clone();
    let fields = [("username", "ana@example.com"), ("password", PASSWORD)];
    let first = forms(&one.get("/account/login").await.text()).remove(0).with(&fields);
    let second = forms(&other.get("/account/login").await.text()).remove(0).with(&fields);
    one.submit(&first).await.assert_status(303);
    // The other tab is logged in by now, and goes on.
    assert_eq!(other.submit(&second).await.assert_status(303).header("location"), "/account");
    assert_eq!(app.log_in("ana").await.get("/sessions").await.json().as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_wrong_login_says_so_beside_the_form_and_keeps_the_name_but_not_the_password() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let browser = Browser::new(&app);
    let wrong = [("username", "ana@example.com"), ("password", "not her password")];
    let answer = browser.fill("/account/login", &wrong).await.assert_status(401);
    let html = answer.text();
    assert!(html.contains("role=\"alert\"") && html.contains("autofocus"), "{html}");
    assert!(html.contains("value=\"ana@example.com\"") && !html.contains("not her password"), "{html}");
    assert_eq!(answer.header("www-authenticate"), "");
    let unknown = [("username", "nobody@example.com"), ("password", "not her password")];
    let unknown = browser.fill("/account/login", &unknown).await.assert_status(401).text();
    let sentence =
        |html: &str| html.split("role=\"alert\"").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert_eq!(sentence(&unknown), sentence(&html));
    let missing = browser.fill("/account/login", &[("username", ""), ("password", "")]).await;
    let html = missing.assert_status(422).text();
    for field in ["username", "password"] {
        assert!(
            html.contains(&format!("aria-describedby=\"{field}-fault\" aria-invalid=\"true\"")),
            "{html}"
        );
    }
}

#[tokio::test]
async fn no_page_can_be_framed_or_kept_and_none_runs_script_of_others() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let browser = Browser::logged_in(&app, "ana").await;
    for (browser, path) in [(&Browser::new(&app), "/account/login"), (&browser, "/account/logout")] {
        let answer = browser.get(path).await.assert_status(200);
        let policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; \
            base-uri 'none'; frame-ancestors 'none'";
        assert_eq!(answer.header("content-security-policy"), policy);
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("referrer-policy"), "same-origin");
        let html = answer.text();
        assert!(html.starts_with("<!doctype html>\n<html lang=\"en\">"), "{html}");
        assert!(!html.contains("<style") && !html.contains(" style=") && !html.contains("onclick"), "{html}");
    }
}

#[tokio::test]
async fn the_cookie_opens_no_api_route_and_no_token_opens_a_page() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let browser = Browser::logged_in(&app, "ana").await;
    for path in ["/users/me", "/sessions"] {
        browser.send(browser.call("GET", path)).await.assert_status(401);
    }
    let secret = browser.cookie(SESSION).unwrap();
    app.bearer(&secret).get("/users/me").await.assert_status(401);
    app.anonymous().post("/refresh_token", json!({ "refresh_token": secret })).await.assert_status(401);
    let session = ana.get("/sessions").await.json()[0]["id"].as_str().unwrap().to_owned();
    for value in [ana.token(), &ana.refresh, &session, "", "x"] {
        let other = Browser::new(&app);
        other.plant(SESSION, value);
        other.get("/account/logout").await.assert_status(303);
    }
    ana.call("GET", "/account/logout").send().await.assert_status(303);
}

#[tokio::test]
async fn opening_pages_changes_nothing() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let browser = Browser::logged_in(&app, "ana").await;
    let before = (ana.get("/sessions").await.text(), browser.cookie(SESSION));
    for path in ["/account/login", "/account/logout", "/account/nothing"] {
        browser.get(path).await;
    }
    assert_eq!((ana.get("/sessions").await.text(), browser.cookie(SESSION)), before);
    assert_eq!(browser.cookie(FORM).map(|nonce| nonce.len()), Some(43));
}

#[tokio::test]
async fn errors_are_pages() {
    let app = TestApp::start().await;
    let browser = Browser::new(&app);
    for (method, path, status) in [("GET", "/account/nothing", 404), ("DELETE", "/account/login", 405)] {
        let answer = browser.send(browser.call(method, path)).await.assert_status(status);
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{path}");
        assert!(answer.text().contains("<h1>"), "{}", answer.text());
    }
    assert_eq!(
        browser.get("/account/login/?x=1").await.assert_status(307).header("location"),
        "/account/login?x=1"
    );
}

#[tokio::test]
async fn over_plain_http_from_elsewhere_the_page_says_why_it_cannot_log_in() {
    let app = TestApp::start().await;
    let call =
        |host: &str| app.anonymous().call("GET", "/account/login").without("host").header("host", host);
    let html = call("192.168.0.7:8000").send().await.assert_status(200).text();
    assert!(html.contains("https://") && forms(&html).is_empty(), "{html}");
    for host in ["localhost:8000", "127.0.0.1:8000", "[::1]:8000"] {
        assert_eq!(forms(&call(host).send().await.text()).len(), 1, "{host}");
    }
    let safe = call("id.example.com").header("sec-fetch-site", "none").send().await;
    assert_eq!(forms(&safe.text()).len(), 1, "a browser says that the connection is safe");
}

#[tokio::test]
async fn a_login_goes_on_to_what_was_asked_for_and_nowhere_else() {
    let app = TestApp::start().await;
    app.user("ana").await;
    for next in ["https://evil.example", "//evil.example", "/account/keys", "kwn_AAAA", ""] {
        let browser = Browser::new(&app);
        let page = format!("/account/login?next={next}");
        let fields = [("username", "ana@example.com"), ("password", PASSWORD)];
        assert_eq!(
            browser.fill(&page, &fields).await.assert_status(303).header("location"),
            "/account",
            "{next}"
        );
    }
}

#[tokio::test]
async fn without_the_database_a_page_says_so() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let browser = Browser::logged_in(&app, "ana").await;
    let name =
        forms(&browser.get("/account").await.text()).into_iter().find(|form| form.action == "/account/name");
    let visitor = Browser::new(&app);
    let fields = [("username", "ana@example.com"), ("password", PASSWORD)];
    let login = forms(&visitor.get("/account/login").await.text()).remove(0).with(&fields);
    app.database.close().await.unwrap();
    let secret = browser.cookie(SESSION);
    for answer in [
        browser.get("/account").await,
        browser.submit(&name.unwrap().with(&[("name", "Other")])).await,
        visitor.submit(&login).await,
    ] {
        let html = answer.assert_status(503).text();
        assert!(html.contains("<h1>") && !html.to_lowercase().contains("sql"), "{html}");
    }
    assert_eq!(browser.cookie(SESSION), secret, "nothing is half done");
    visitor.get("/account/login").await.assert_status(200);
}
