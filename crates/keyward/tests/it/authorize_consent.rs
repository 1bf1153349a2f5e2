//! Allowing an application, and what is remembered of it.

use keyward_api::testing::app::TestApp;
use keyward_domain::model::clients::ClientSettings;
use keyward_domain::model::events::EventKind;
use keyward_domain::values::resource_uri::ResourceUri;
use serde_json::json;

use crate::app::Starts;
use crate::browser::{Browser, ORIGIN, forms};
use crate::events::events;
use crate::relying_party::{CALLBACK, RelyingParty, SCOPE, decide, error, one, returned, settings};

#[tokio::test]
async fn a_person_reads_who_asks_for_what_and_decides() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let rp = RelyingParty::public(&app, "album").await;
    let browser = Browser::logged_in(&app, "ana").await;
    let request = rp.request(&[("scope", "openid email posts:read nonsense")]);
    let page = browser.get(&request).await.assert_status(200);
    let html = page.text();
    for words in ["Photo album", "app.example.com", "Know that it is you", "Read your e-mail address"] {
        assert!(html.contains(words), "{words}: {html}");
    }
    assert!(!html.contains("nonsense") && !html.contains("Read your name"), "{html}");
    let policy = page.header("content-security-policy").to_owned();
    assert!(policy.contains("form-action 'self' https://app.example.com;"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"));
    assert_eq!(page.header("cache-control"), "no-store");

    let denied = decide(&browser, &page, "deny").await;
    assert_eq!(error(&denied), "access_denied");
    let page = browser.get(&request).await.assert_status(200);
    let allowed = returned(&decide(&browser, &page, "allow").await, CALLBACK);
    assert_eq!(one(&allowed, "state").as_deref(), Some("the state"));
    let tokens = rp.redeem(&one(&allowed, "code").unwrap()).await.assert_status(200).json();
    assert_eq!(tokens["scope"], "email openid posts:read");
    let said: Vec<_> =
        events(&app).await.into_iter().filter(|event| event.kind == EventKind::AppAllowed).collect();
    assert_eq!(said.len(), 1);
    assert_eq!(said[0].detail.as_deref(), Some("album: email openid posts:read"));
}

#[tokio::test]
async fn a_consent_is_remembered_for_its_scope_and_asked_for_again_beyond_it() {
    let app = TestApp::start().await;
    app.user("ana").await;
    app.user("bob").await;
    let rp = RelyingParty::public(&app, "album").await;
    let browser = Browser::logged_in(&app, "ana").await;
    rp.tokens(&browser, &[("scope", "openid email")]).await;
    for scope in ["openid email", "openid", "email"] {
        let answer = browser.get(&rp.request(&[("scope", scope)])).await;
        assert!(one(&returned(&answer, CALLBACK), "code").is_some(), "{scope}");
        let silent = browser.get(&rp.request(&[("scope", scope), ("prompt", "none")])).await;
        assert!(one(&returned(&silent, CALLBACK), "code").is_some(), "{scope}");
    }
    browser.get(&rp.request(&[("scope", "openid profile")])).await.assert_status(200);
    let silent = browser.get(&rp.request(&[("scope", "openid profile"), ("prompt", "none")])).await;
    assert_eq!(error(&silent), "consent_required");
    browser.get(&rp.request(&[("scope", "openid"), ("prompt", "consent")])).await.assert_status(200);
    let bob = Browser::logged_in(&app, "bob").await;
    bob.get(&rp.request(&[("scope", "openid")])).await.assert_status(200);
    let other = RelyingParty::public(&app, "other").await;
    browser.get(&other.request(&[("scope", "openid")])).await.assert_status(200);
    // What is allowed later is added.
    rp.tokens(&browser, &[("scope", "openid profile")]).await;
    let all = browser.get(&rp.request(&[("scope", "openid email profile"), ("prompt", "none")])).await;
    assert!(one(&returned(&all, CALLBACK), "code").is_some());
}

#[tokio::test]
async fn an_application_of_the_operator_does_not_ask_unless_it_wants_to() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let settings = ClientSettings { first_party: true, ..settings(SCOPE) };
    let rp = RelyingParty::with(&app, "own", true, settings).await;
    let browser = Browser::logged_in(&app, "ana").await;
    let answer = browser.get(&rp.request(&[])).await;
    assert!(one(&returned(&answer, CALLBACK), "code").is_some());
    browser.get(&rp.request(&[("prompt", "consent")])).await.assert_status(200);
}

#[tokio::test]
async fn a_consent_form_of_another_session_or_origin_decides_nothing() {
    let app = TestApp::start().await;
    app.user("ana").await;
    app.user("eve").await;
    let rp = RelyingParty::public(&app, "album").await;
    let (ana, eve) = (Browser::logged_in(&app, "ana").await, Browser::logged_in(&app, "eve").await);
    let page = eve.get(&rp.request(&[])).await.assert_status(200);
    let foreign =
        forms(&page.text()).into_iter().find(|form| form.action.ends_with("/oauth/consent")).unwrap();
    let mut form = foreign;
    form.fields.retain(|(name, value)| name != "decision" || value == "allow");
    ana.submit(&form).await.assert_status(403);
    // With a form token of her own, the request is another session's still.
    let own = ana.get(&rp.request(&[])).await.assert_status(200);
    let token = forms(&own.text()).remove(0).value("form_token").to_owned();
    let page = ana.submit(&form.with(&[("form_token", &token)])).await.assert_status(400);
    assert!(page.text().contains("expired"), "{}", page.text());
    let mut own =
        forms(&own.text()).into_iter().find(|form| form.action.ends_with("/oauth/consent")).unwrap();
    own.fields.retain(|(name, value)| name != "decision" || value == "allow");
    let pairs: Vec<_> = own
        .fields
        .iter()
        .map(|(name, value)| format!("{name}={}", crate::relying_party::escape(value)))
        .collect();
    let body = pairs.join("&");
    for origin in ["https://evil.example", "https://app.example.com", "null"] {
        let call = ana.call("POST", &own.action).header("origin", origin).form(&body);
        ana.send(call).await.assert_status(403);
    }
    let call = ana.call("POST", &own.action).header("sec-fetch-site", "cross-site").form(&body);
    ana.send(call).await.assert_status(403);
    let call = ana.call("POST", &own.action).header("origin", ORIGIN).form(&body);
    assert!(one(&returned(&ana.send(call).await, CALLBACK), "code").is_some());
}

#[tokio::test]
async fn a_session_or_a_client_that_ends_between_page_and_form_allows_nothing() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let rp = RelyingParty::public(&app, "album").await;
    let browser = Browser::logged_in(&app, "ana").await;
    let page = browser.get(&rp.request(&[])).await.assert_status(200);
    ana.post("/logout/all", json!({})).await.assert_status(204);
    // The form is bound to a session that is over.
    decide(&browser, &page, "allow").await.assert_status(403);
    let browser = Browser::logged_in(&app, "ana").await;
    let page = browser.get(&rp.request(&[])).await.assert_status(200);
    let root = app.admin("root").await;
    root.delete("/clients/album").await.assert_status(204);
    let gone = decide(&browser, &page, "allow").await.assert_status(400);
    assert!(gone.text().contains("not registered here"), "{}", gone.text());
}

#[tokio::test]
async fn an_application_is_listed_and_removed_and_its_tokens_end_at_once() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let (album, other) =
        (RelyingParty::public(&app, "album").await, RelyingParty::public(&app, "other").await);
    let browser = Browser::logged_in(&app, "ana").await;
    let scope = [("scope", "openid posts:read offline_access")];
    let (first, second) = (album.tokens(&browser, &scope).await, other.tokens(&browser, &scope).await);
    let reader = |tokens: &serde_json::Value| app.bearer(tokens["access_token"].as_str().unwrap());
    reader(&first).get("/posts").await.assert_status(200);
    let page = browser.get("/account/apps").await.assert_status(200).text();
    assert!(page.contains("Photo album") && page.contains("Stay connected"), "{page}");
    let remove = forms(&page).into_iter().find(|form| {
        form.action.ends_with("/account/apps") && form.fields.iter().any(|(_, value)| value == "album")
    });
    browser.submit(&remove.unwrap()).await.assert_status(303);
    reader(&first).get("/posts").await.assert_gone("of an application that was removed");
    album.refresh(&first).await.assert_status(400);
    reader(&second).get("/posts").await.assert_status(200);
    other.refresh(&second).await.assert_status(200);
    ana.get("/users/me").await.assert_status(200);
    browser.get(&album.request(&scope)).await.assert_status(200);
    let removed = events(&app).await.into_iter().filter(|event| event.kind == EventKind::AppRemoved).count();
    assert_eq!(removed, 1);
}

#[tokio::test]
async fn a_client_that_took_the_id_of_a_removed_one_inherits_no_consent() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let rp = RelyingParty::public(&app, "album").await;
    let browser = Browser::logged_in(&app, "ana").await;
    rp.tokens(&browser, &[]).await;
    let root = app.admin("root").await;
    root.delete("/clients/album").await.assert_status(204);
    let again = RelyingParty::public(&app, "album").await;
    browser.get(&again.request(&[])).await.assert_status(200);
}

#[tokio::test]
async fn nothing_is_granted_that_the_page_did_not_show() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let rp = RelyingParty::with(&app, "album", true, settings("openid posts:read")).await;
    let browser = Browser::logged_in(&app, "ana").await;
    let request = rp.request(&[("scope", "openid posts:read account")]);
    let page = browser.get(&request).await.assert_status(200);
    // What the client is registered for grows between page and form.
    let root = app.admin("root").await;
    root.patch("/clients/album", json!({ "scope": "openid posts:read account" })).await.assert_status(200);
    let again = decide(&browser, &page, "allow").await.assert_status(200);
    let allowed = returned(&decide(&browser, &again, "allow").await, CALLBACK);
    let tokens = rp.redeem(&one(&allowed, "code").unwrap()).await.assert_status(200).json();
    assert_eq!(tokens["scope"], "account openid posts:read");
    // Nor is it granted to a namesake.
    let page = browser.get(&rp.request(&[("prompt", "consent")])).await.assert_status(200);
    root.delete("/clients/album").await.assert_status(204);
    app.clock.advance(time::Duration::seconds(20));
    RelyingParty::public(&app, "album").await;
    decide(&browser, &page, "allow").await.assert_status(200);
}

#[tokio::test]
async fn a_consent_for_one_service_is_none_for_another() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let (one_api, other_api) = ("https://one.example.com", "https://other.example.com");
    let resources = [one_api, other_api].map(|uri| ResourceUri::parse(uri).unwrap()).to_vec();
    let rp = RelyingParty::with(&app, "album", true, ClientSettings { resources, ..settings(SCOPE) }).await;
    let browser = Browser::logged_in(&app, "ana").await;
    rp.tokens(&browser, &[("scope", "openid posts:read"), ("resource", one_api)]).await;
    rp.tokens(&browser, &[("scope", "openid"), ("resource", other_api)]).await;
    for (scope, resource, error_of) in [
        ("openid posts:read", one_api, None),
        ("openid", other_api, None),
        ("openid posts:read", other_api, Some("consent_required")),
        ("openid", "", Some("consent_required")),
    ] {
        let request = rp.request(&[("scope", scope), ("resource", resource), ("prompt", "none")]);
        let answer = browser.get(&request).await;
        match error_of {
            Some(expected) => assert_eq!(error(&answer), expected, "{scope} {resource}"),
            None => assert!(one(&returned(&answer, CALLBACK), "code").is_some(), "{scope} {resource}"),
        }
    }
}
