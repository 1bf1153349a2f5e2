//! What a person has allowed to a device: how long it stands, what ends it, and what a second use does (RFC 8628).

use keyward_api::testing::app::PASSWORD;
use keyward_api::testing::race::at_once;
use keyward_domain::model::events::EventKind;
use serde_json::json;
use time::Duration;

use crate::browser::{Browser, forms};
use crate::devices::{asked, decide, error, poll, press, start, television, typed};
use crate::events::events;

const OFFLINE: &str = "openid offline_access";

#[tokio::test]
async fn a_code_is_decided_once_and_traded_once_and_further_uses_end_the_session() {
    let (_, tv, browser) = start().await;
    let codes = asked(&tv, "openid").await;
    let code = codes["user_code"].as_str().unwrap();
    let (first, second) = (typed(&browser, code).await, typed(&browser, code).await);
    press(&browser, &first, "allow").await.assert_status(200);
    press(&browser, &second, "deny").await.assert_status(404);
    let again = press(&browser, &second, "allow").await.assert_status(200).text();
    assert!(again.contains("connected already"), "{again}");
    let answers = at_once(4, |_| {
        let (tv, codes) = (tv.clone(), codes.clone());
        async move { poll(&tv, &codes).await }
    })
    .await;
    let granted: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(granted.len(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(answer.json()["error"], "invalid_grant");
    }
    tv.refresh(&granted[0].json()).await.assert_status(400);
    press(&browser, &second, "allow").await.assert_status(404);
}

#[tokio::test]
async fn what_was_allowed_ends_with_the_browser_session_the_consent_and_the_client() {
    let (app, tv, browser) = start().await;
    // Before the device asks.
    let codes = asked(&tv, "openid").await;
    decide(&browser, &codes, "allow").await.assert_status(200);
    browser.fill("/account/logout", &[]).await.assert_status(303);
    assert_eq!(error(&tv, &codes).await, "invalid_grant");
    // After it.
    let browser = Browser::logged_in(&app, "ana").await;
    let (bound, offline) = (asked(&tv, "openid").await, asked(&tv, "openid offline_access").await);
    for codes in [&bound, &offline] {
        decide(&browser, codes, "allow").await.assert_status(200);
    }
    let (bound, offline) = (
        poll(&tv, &bound).await.assert_status(200).json(),
        poll(&tv, &offline).await.assert_status(200).json(),
    );
    browser.fill("/account/logout", &[]).await.assert_status(303);
    tv.refresh(&bound).await.assert_status(400);
    let offline = tv.refresh(&offline).await.assert_status(200).json();
    // The consent.
    let browser = Browser::logged_in(&app, "ana").await;
    let codes = asked(&tv, "openid").await;
    decide(&browser, &codes, "allow").await.assert_status(200);
    let page = browser.get("/account/apps").await.assert_status(200).text();
    let removal = forms(&page).into_iter().find(|form| form.action.ends_with("/account/apps"));
    browser.submit(&removal.unwrap()).await.assert_status(303);
    tv.refresh(&offline).await.assert_status(400);
    assert_eq!(error(&tv, &codes).await, "invalid_grant");
    // The client, and one of the same name after it.
    let codes = asked(&tv, "openid").await;
    decide(&browser, &codes, "allow").await.assert_status(200);
    let waiting = asked(&tv, "openid").await;
    app.admin("root").await.delete("/clients/tv").await.assert_status(204);
    poll(&tv, &codes).await.assert_status(401);
    let tv = television(&app, "tv").await;
    assert_eq!(error(&tv, &codes).await, "invalid_grant");
    typed(&browser, waiting["user_code"].as_str().unwrap()).await.assert_status(404);
}

#[tokio::test]
async fn what_a_device_has_not_fetched_ends_with_the_other_sessions_the_password_and_the_application() {
    let (app, tv, browser) = start().await;
    let root = television(&app, "other").await;
    let allowed = async || {
        let codes = asked(&tv, OFFLINE).await;
        decide(&browser, &codes, "allow").await.assert_status(200);
        codes
    };
    let codes = allowed().await;
    let page = browser.get("/account/sessions").await.assert_status(200).text();
    let others = forms(&page).into_iter().find(|form| form.action.ends_with("/others")).unwrap();
    browser.submit(&others).await.assert_status(303);
    assert_eq!(error(&tv, &codes).await, "invalid_grant", "after all other sessions were ended");

    let codes = allowed().await;
    let fields = [("current_password", PASSWORD), ("new_password", "another pass phrase")];
    browser.fill("/account/security", &fields).await.assert_status(303);
    assert_eq!(error(&tv, &codes).await, "invalid_grant", "after a new password");

    // Allowed again after the application was removed: what was allowed before does not come back.
    let (codes, of_other) = (allowed().await, asked(&root, OFFLINE).await);
    decide(&browser, &of_other, "allow").await.assert_status(200);
    let page = browser.get("/account/apps").await.assert_status(200).text();
    let removal = forms(&page).into_iter().find(|form| form.fields.iter().any(|(_, value)| value == "tv"));
    browser.submit(&removal.unwrap_or_else(|| panic!("{page}"))).await.assert_status(303);
    let again = allowed().await;
    assert_eq!(error(&tv, &codes).await, "invalid_grant", "after the application was removed");
    poll(&tv, &again).await.assert_status(200);
    poll(&root, &of_other).await.assert_status(200);
    drop(app);
}

#[tokio::test]
async fn what_was_allowed_has_to_be_fetched_within_two_minutes_also_after_the_code_has_expired() {
    let (app, tv, browser) = start().await;
    let (late, last) = (asked(&tv, OFFLINE).await, asked(&tv, OFFLINE).await);
    decide(&browser, &late, "allow").await.assert_status(200);
    app.clock.advance(Duration::minutes(2));
    assert_eq!(error(&tv, &late).await, "expired_token");
    app.clock.advance(Duration::minutes(7) + Duration::seconds(50));
    decide(&browser, &last, "allow").await.assert_status(200);
    app.clock.advance(Duration::seconds(100));
    poll(&tv, &last).await.assert_status(200);
}

#[tokio::test]
async fn a_device_whose_answer_was_lost_leaves_no_session() {
    let (app, tv, browser) = start().await;
    let codes = asked(&tv, OFFLINE).await;
    decide(&browser, &codes, "allow").await.assert_status(200);
    let tokens = poll(&tv, &codes).await.assert_status(200).json();
    assert_eq!(error(&tv, &codes).await, "invalid_grant");
    tv.refresh(&tokens).await.assert_status(400);
    let reused = events(&app).await.into_iter().filter(|event| event.kind == EventKind::CodeReused).count();
    assert_eq!(reused, 1);
    assert_eq!(error(&tv, &codes).await, "invalid_grant");
}

#[tokio::test]
async fn a_click_counts_in_its_own_browser_session_alone_and_is_no_guess() {
    let (app, tv, browser) = start().await;
    app.user("bob").await;
    let bob = Browser::logged_in(&app, "bob").await;
    let codes = asked(&tv, "openid").await;
    let page = typed(&browser, codes["user_code"].as_str().unwrap()).await.assert_status(200);
    let form = forms(&page.text()).into_iter().find(|form| form.action.ends_with("/decide")).unwrap();
    let question = form.value("question").to_owned();
    let own = typed(&bob, codes["user_code"].as_str().unwrap()).await.assert_status(200);
    let own = own.text();
    for question in [&*question, "", "kwd_x"] {
        let mut form = forms(&own).into_iter().find(|form| form.action.ends_with("/decide")).unwrap();
        form.fields.retain(|(name, value)| name != "decision" || value == "allow");
        bob.submit(&form.with(&[("question", question)])).await.assert_status(404);
    }
    assert_eq!(error(&tv, &codes).await, "authorization_pending");
    press(&browser, &page, "allow").await.assert_status(200);
    for _ in 0..20 {
        press(&browser, &page, "deny").await.assert_status(404);
    }
    let another = asked(&tv, "openid").await;
    typed(&browser, another["user_code"].as_str().unwrap()).await.assert_status(200);
}

#[tokio::test]
async fn what_was_decided_too_late_or_for_a_client_that_is_no_longer_for_devices_is_no_consent() {
    let (app, tv, browser) = start().await;
    let codes = asked(&tv, "openid").await;
    let page = typed(&browser, codes["user_code"].as_str().unwrap()).await.assert_status(200);
    app.clock.advance(Duration::minutes(10));
    press(&browser, &page, "allow").await.assert_status(404);

    let codes = asked(&tv, "openid").await;
    let page = typed(&browser, codes["user_code"].as_str().unwrap()).await.assert_status(200);
    let change = json!({ "device": false, "redirect_uris": ["https://app.example.com/cb"] });
    app.admin("root").await.patch("/clients/tv", change).await.assert_status(200);
    press(&browser, &page, "allow").await.assert_status(404);
    typed(&browser, codes["user_code"].as_str().unwrap()).await.assert_status(404);
    let apps = browser.get("/account/apps").await.assert_status(200).text();
    assert!(!apps.contains("Photo album"), "{apps}");
}

/// The two resources of a device's request: the client's own, and this server by its address.
#[tokio::test]
async fn a_device_may_name_this_server_and_says_the_same_resource_again_or_none() {
    const ISSUER: &str = "http://127.0.0.1:8000";
    let (app, tv, browser) = start().await;
    let api = "https://api.example.com";
    app.admin("root").await.patch("/clients/tv", json!({ "resources": [api] })).await.assert_status(200);
    for (first, same, other) in [(ISSUER, ISSUER, api), ("", ISSUER, api), (api, api, ISSUER)] {
        let codes = tv.ask("/oauth/device", &[("resource", first)]).await.assert_status(200).json();
        decide(&browser, &codes, "allow").await.assert_status(200);
        let code = codes["device_code"].as_str().unwrap();
        let with = async |resource: &str| {
            let grant = "urn:ietf:params:oauth:grant-type:device_code";
            let form = [("grant_type", grant), ("device_code", code), ("resource", resource)];
            tv.ask("/oauth/token", &form).await
        };
        assert_eq!(with(other).await.assert_status(400).json()["error"], "invalid_target", "{first}");
        with(same).await.assert_status(200);
    }
}
