//! Browsers that were logged in before: guesses of others do not keep their owner out.

use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::{PASSWORD, TestApp, address};
use serde_json::json;

use crate::app::Starts;
use crate::browser::{Browser, ORIGIN, forms};

const DEVICE: &str = "__Host-keyward-device";
const SESSION: &str = "__Host-keyward";

/// Guesses from many addresses, until the account waits.
async fn besiege(app: &TestApp, name: &str) {
    let mut last = 0;
    for n in 0..200_u16 {
        let login = json!({ "username": address(name), "password": "not their password" });
        let call = app
            .anonymous()
            .call("POST", "/login")
            .from(&format!("198.51.{}.{}", n / 100, n % 100))
            .json(&login);
        last = call.send().await.status.as_u16();
        if last == 429 {
            return;
        }
    }
    panic!("the account does not wait: {last}");
}

/// Fills in the login page at an address that was never seen.
async fn log_in_from(browser: &Browser, address_of: &str, name: &str, password: &str) -> Answer {
    let form = forms(&browser.get("/account/login").await.assert_status(200).text()).remove(0);
    let body: Vec<_> = form
        .with(&[("username", &address(name)), ("password", password)])
        .fields
        .iter()
        .map(|(name, value)| format!("{name}={}", value.replace('@', "%40").replace(' ', "+")))
        .collect();
    let call = browser.call("POST", "/account/login").header("origin", ORIGIN).from(address_of);
    browser.send(call.header("sec-fetch-site", "same-origin").form(&body.join("&"))).await
}

async fn log_out(browser: &Browser) {
    let form = forms(&browser.get("/account/logout").await.assert_status(200).text()).remove(0);
    browser.submit(&form).await.assert_status(303);
    assert_eq!(browser.cookie(SESSION), None);
}

#[tokio::test]
async fn guesses_of_others_do_not_keep_an_owner_out_of_a_browser_that_was_logged_in_before() {
    let app = TestApp::start().await;
    app.user("ana").await;
    app.user("eve").await;
    let (ana, eve) = (Browser::logged_in(&app, "ana").await, Browser::logged_in(&app, "eve").await);
    log_out(&ana).await;
    log_out(&eve).await;
    besiege(&app, "ana").await;
    log_in_from(&Browser::new(&app), "203.0.113.1", "ana", PASSWORD).await.assert_status(429);
    // Another account's browser is unknown to this one, and so is a cookie that this server did not seal.
    log_in_from(&eve, "203.0.113.2", "ana", PASSWORD).await.assert_status(429);
    let sealed = ana.cookie(DEVICE).unwrap();
    for forged in ["x", "kwd_AAAA", &sealed[1..], &format!("{}A", &sealed[..sealed.len() - 1])] {
        let other = Browser::new(&app);
        other.plant(DEVICE, forged);
        if forged != sealed {
            log_in_from(&other, "203.0.113.3", "ana", PASSWORD).await.assert_status(429);
        }
    }
    log_in_from(&ana, "203.0.113.4", "ana", PASSWORD).await.assert_status(303);
}

#[tokio::test]
async fn a_known_browser_has_a_budget_of_its_own_and_no_way_around_one() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let ana = Browser::logged_in(&app, "ana").await;
    log_out(&ana).await;
    besiege(&app, "ana").await;
    let mut statuses = Vec::new();
    for _ in 0..30 {
        statuses.push(log_in_from(&ana, "203.0.113.4", "ana", "not her password").await.status.as_u16());
    }
    assert_eq!((statuses[0], *statuses.last().unwrap()), (401, 429), "{statuses:?}");
    log_in_from(&ana, "203.0.113.5", "ana", PASSWORD).await.assert_status(429);
}

#[tokio::test]
async fn the_cookie_of_a_known_browser_opens_nothing() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let ana = Browser::logged_in(&app, "ana").await;
    let sealed = ana.cookie(DEVICE).unwrap();
    let other = Browser::new(&app);
    other.plant(DEVICE, &sealed);
    other.get("/account").await.assert_status(303);
    other.plant(SESSION, &sealed);
    other.get("/account").await.assert_status(303);
    app.bearer(&sealed).get("/users/me").await.assert_status(401);
    app.anonymous().post("/refresh_token", json!({ "refresh_token": sealed })).await.assert_status(401);
}
