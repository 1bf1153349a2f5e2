//! Authorization while things change or fail: two tabs, and a database that does not answer.

use keyward_api::testing::app::TestApp;

use crate::app::Starts;
use crate::browser::{Browser, Form, forms};
use crate::relying_party::{CALLBACK, RelyingParty, decide, one, returned};

async fn start() -> (TestApp, RelyingParty, Browser) {
    let app = TestApp::start().await;
    app.user("ana").await;
    let rp = RelyingParty::public(&app, "album").await;
    let browser = Browser::logged_in(&app, "ana").await;
    (app, rp, browser)
}

fn consent(html: &str) -> Form {
    let form = forms(html).into_iter().find(|form| form.action == "/oauth/consent");
    let mut form = form.unwrap_or_else(|| panic!("no consent page: {html}"));
    form.fields.retain(|(name, value)| name != "decision" || value == "allow");
    form
}

#[tokio::test]
async fn without_the_database_at_consent_a_page_says_so_and_nothing_is_given() {
    let (app, rp, browser) = start().await;
    let page = browser.get(&rp.request(&[])).await.assert_status(200);
    let form = consent(&page.text());
    app.database.close().await.unwrap();
    for answer in [browser.submit(&form).await, browser.get(&rp.request(&[])).await] {
        let answer = answer.assert_status(503);
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(answer.header("location"), "", "no code leaves");
        let html = answer.text();
        assert!(html.contains("<h1>Not available right now</h1>") && !html.contains("sql"), "{html}");
    }
}

#[tokio::test]
async fn two_tabs_of_one_request_may_both_be_allowed_and_each_code_is_good_once() {
    let (_, rp, browser) = start().await;
    let (one_tab, other_tab) = (browser.clone(), browser.clone());
    let first = one_tab.get(&rp.request(&[("state", "one")])).await.assert_status(200);
    let second = other_tab.get(&rp.request(&[("state", "two")])).await.assert_status(200);
    for (tab, page, state) in [(&other_tab, &second, "two"), (&one_tab, &first, "one")] {
        let answer = returned(&decide(tab, page, "allow").await, CALLBACK);
        assert_eq!(one(&answer, "state").as_deref(), Some(state));
        let code = one(&answer, "code").unwrap();
        rp.redeem(&code).await.assert_status(200);
        rp.redeem(&code).await.assert_status(400);
    }
}

#[tokio::test]
async fn a_consent_page_that_was_opened_before_another_login_gives_nothing() {
    let (app, rp, browser) = start().await;
    app.user("eve").await;
    let page = browser.get(&rp.request(&[])).await.assert_status(200);
    let form = consent(&page.text());
    // In another tab Ana logs out, and Eve logs in.
    let logout = forms(&browser.get("/account/logout").await.text()).remove(0);
    browser.submit(&logout).await.assert_status(303);
    browser.log_in("eve").await.assert_status(303);
    let refused = browser.submit(&form).await.assert_status(403);
    assert_eq!(refused.header("location"), "");
    let eve = browser.get(&rp.request(&[("prompt", "none")])).await;
    assert_eq!(one(&returned(&eve, CALLBACK), "error").as_deref(), Some("consent_required"));
}

#[tokio::test]
async fn a_login_that_was_begun_in_two_tabs_goes_on_in_both() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let rp = RelyingParty::public(&app, "album").await;
    let browser = Browser::new(&app);
    let other = browser.clone();
    let mut pages = Vec::new();
    for (tab, state) in [(&browser, "one"), (&other, "two")] {
        let asked = tab.get(&rp.request(&[("state", state)])).await.assert_status(303);
        pages.push(tab.get(asked.header("location")).await.assert_status(200));
    }
    let fields = [("username", "ana@example.com"), ("password", keyward_api::testing::app::PASSWORD)];
    let first = forms(&pages[0].text()).remove(0).with(&fields);
    let back = browser.submit(&first).await.assert_status(303);
    let consent = browser.get(back.header("location")).await.assert_status(200);
    assert_eq!(
        one(&returned(&decide(&browser, &consent, "allow").await, CALLBACK), "state").as_deref(),
        Some("one")
    );
    // The other tab's form is of before the login: it is led on, to its account.
    let second = forms(&pages[1].text()).remove(0).with(&fields);
    assert_eq!(other.submit(&second).await.assert_status(303).header("location"), "/account");
}
