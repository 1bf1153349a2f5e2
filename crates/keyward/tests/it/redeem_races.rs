//! Codes that are redeemed while what they were given in is taken back: nothing outlives the ending.

use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::TestApp;
use keyward_domain::values::ids::{ClientId, SessionId};
use serde_json::{Value, json};

use crate::app::Starts;
use crate::browser::{Browser, Form, forms};
use crate::relying_party::{RelyingParty, one, payload};

/// How often the two begin together.
const ROUNDS: usize = 12;

struct Round {
    app: TestApp,
    rp: RelyingParty,
    browser: Browser,
    code: String,
}

async fn round(app: &TestApp, number: usize) -> Round {
    let rp = RelyingParty::public(app, &format!("album-{number}")).await;
    let browser = Browser::logged_in(app, "ana").await;
    let code = one(&rp.allowed(&browser, &[("scope", "openid posts:read")]).await, "code").unwrap();
    Round { app: app.clone(), rp, browser, code }
}

/// Begins both at once.
async fn together(
    one: impl Future<Output = Answer> + Send + 'static,
    other: impl Future<Output = Answer> + Send + 'static,
) -> (Answer, Answer) {
    let start = std::sync::Arc::new(tokio::sync::Barrier::new(2));
    let waiting = std::sync::Arc::clone(&start);
    let first = tokio::spawn(async move {
        waiting.wait().await;
        one.await
    });
    start.wait().await;
    let second = other.await;
    (first.await.unwrap(), second)
}

/// What was given, if anything was, is over: here, for those who follow the feed, and at the next refresh.
async fn assert_nothing_is_left(round: &Round, redeemed: &Answer) {
    if redeemed.status != 200 {
        assert!([400, 401].contains(&redeemed.status.as_u16()), "{}", redeemed.text());
        return;
    }
    let tokens: Value = redeemed.json();
    round.app.bearer(tokens["access_token"].as_str().unwrap()).get("/posts").await.assert_status(401);
    let id: SessionId = SessionId(payload(&tokens["id_token"])["sid"].as_str().unwrap().parse().unwrap());
    let live = round.app.ports.store.autocommit().sessions().live(id).await.unwrap();
    assert!(live.is_none(), "a session is left of which the feed does not tell");
    let refreshed = round.rp.refresh(&tokens).await;
    assert!([400, 401].contains(&refreshed.status.as_u16()), "{}", refreshed.text());
}

fn form_to(html: &str, action: &str, value: &str) -> Form {
    let fits = |form: &Form| form.action == action && form.fields.iter().any(|(_, found)| found == value);
    forms(html).into_iter().find(fits).unwrap_or_else(|| panic!("no form goes to {action}: {html}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_browser_session_that_ends_meanwhile() {
    let app = TestApp::start().await;
    app.user("ana").await;
    for number in 0..ROUNDS {
        let round = round(&app, number).await;
        let form = forms(&round.browser.get("/account/logout").await.text()).remove(0);
        let (rp, code, browser) = (round.rp.clone(), round.code.clone(), round.browser.clone());
        let redeem = async move { rp.redeem(&code).await };
        let (redeemed, ended) = together(redeem, async move { browser.submit(&form).await }).await;
        ended.assert_status(303);
        assert_nothing_is_left(&round, &redeemed).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_consent_that_is_taken_back_meanwhile() {
    let app = TestApp::start().await;
    app.user("ana").await;
    for number in 0..ROUNDS {
        let round = round(&app, number).await;
        let html = round.browser.get("/account/apps").await.assert_status(200).text();
        let form = form_to(&html, "/account/apps", &round.rp.id);
        let (rp, code, browser) = (round.rp.clone(), round.code.clone(), round.browser.clone());
        let redeem = async move { rp.redeem(&code).await };
        let (redeemed, removed) = together(redeem, async move { browser.submit(&form).await }).await;
        removed.assert_status(303);
        assert_nothing_is_left(&round, &redeemed).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_client_that_is_removed_meanwhile() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let root = app.admin("root").await;
    for number in 0..ROUNDS {
        let round = round(&app, number).await;
        let (rp, code, root) = (round.rp.clone(), round.code.clone(), root.clone());
        let path = format!("/clients/{}", round.rp.id);
        let redeem = async move { rp.redeem(&code).await };
        let (redeemed, removed) = together(redeem, async move { root.delete(&path).await }).await;
        removed.assert_status(204);
        assert_nothing_is_left(&round, &redeemed).await;
        let id = ClientId::parse(&round.rp.id).unwrap();
        assert!(app.ports.store.autocommit().clients().find(&id).await.unwrap().is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_consent_that_is_given_while_the_session_ends() {
    let app = TestApp::start().await;
    app.user("ana").await;
    for number in 0..ROUNDS {
        let rp = RelyingParty::public(&app, &format!("print-{number}")).await;
        let browser = Browser::logged_in(&app, "ana").await;
        let page = browser.get(&rp.request(&[("scope", "openid posts:read")])).await.assert_status(200);
        let mut consent =
            forms(&page.text()).into_iter().find(|form| form.action == "/oauth/consent").unwrap();
        consent.fields.retain(|(name, value)| name != "decision" || value == "allow");
        let logout = forms(&browser.get("/account/logout").await.text()).remove(0);
        let (tab, other) = (browser.clone(), browser.clone());
        let allowing = async move { tab.submit(&consent).await };
        let (allowed, ended) = together(allowing, async move { other.submit(&logout).await }).await;
        ended.assert_status(303);
        // The person said yes in time, or is asked to log in, or reads why not.
        assert!([303, 400, 403].contains(&allowed.status.as_u16()), "{}", allowed.text());
        let location = allowed.header("location").to_owned();
        if let Some((_, rest)) = location.split_once("code=") {
            let code = rest.split('&').next().unwrap();
            assert_eq!(rp.redeem(code).await.assert_status(400).json()["error"], "invalid_grant");
        }
    }
    let sessions = app.log_in("ana").await.get("/sessions").await.assert_status(200).json();
    assert!(
        sessions.as_array().unwrap().iter().all(|session| session["client_id"] == json!(null)),
        "{sessions}"
    );
}
