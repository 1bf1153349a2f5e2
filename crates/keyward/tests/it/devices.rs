//! Logging in on a device without a browser (RFC 8628).

use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::TestApp;
use keyward_domain::model::clients::ClientSettings;
use serde_json::{Value, json};
use time::Duration;

use crate::app::Starts;
use crate::browser::{Browser, forms};
use crate::relying_party::{RelyingParty, SCOPE, payload, settings};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Registers a public client without redirect URIs, for devices.
pub(crate) async fn television(app: &TestApp, id: &str) -> RelyingParty {
    let plain = ClientSettings { redirect_uris: Vec::new(), logout_uris: Vec::new(), ..settings(SCOPE) };
    RelyingParty::with(app, id, true, ClientSettings { device: true, ..plain }).await
}

/// A service, where Ana is logged in to this browser, and a client for devices.
pub(crate) async fn start() -> (TestApp, RelyingParty, Browser) {
    let app = TestApp::start().await;
    app.user("ana").await;
    let tv = television(&app, "tv").await;
    let browser = Browser::logged_in(&app, "ana").await;
    (app, tv, browser)
}

/// What a device is answered that asks for a login.
pub(crate) async fn asked(tv: &RelyingParty, scope: &str) -> Value {
    tv.ask("/oauth/device", &[("scope", scope)]).await.assert_status(200).json()
}

/// Asks for the token.
pub(crate) async fn poll(tv: &RelyingParty, codes: &Value) -> Answer {
    let code = codes["device_code"].as_str().unwrap();
    tv.ask("/oauth/token", &[("grant_type", GRANT), ("device_code", code)]).await
}

/// The error of the token endpoint.
pub(crate) async fn error(tv: &RelyingParty, codes: &Value) -> String {
    poll(tv, codes).await.assert_status(400).json()["error"].as_str().unwrap().to_owned()
}

/// Types the code, as the page lets a person do it.
pub(crate) async fn typed(browser: &Browser, code: &str) -> Answer {
    browser.fill("/account/device", &[("user_code", code)]).await
}

/// Types the code and decides.
pub(crate) async fn decide(browser: &Browser, codes: &Value, decision: &str) -> Answer {
    let page = typed(browser, codes["user_code"].as_str().unwrap()).await.assert_status(200);
    press(browser, &page, decision).await
}

/// Presses a button of the page that asks.
pub(crate) async fn press(browser: &Browser, page: &Answer, decision: &str) -> Answer {
    let form = forms(&page.text()).into_iter().find(|form| form.action.ends_with("/account/device/decide"));
    let mut form = form.unwrap_or_else(|| panic!("no question: {}", page.text()));
    form.fields.retain(|(name, value)| name != "decision" || value == decision);
    browser.submit(&form).await
}

#[tokio::test]
async fn a_device_gets_tokens_once_a_person_has_allowed_it() {
    let (app, tv, browser) = start().await;
    let codes = asked(&tv, "openid email posts:read nonsense").await;
    assert_eq!((&codes["expires_in"], &codes["interval"]), (&json!(600), &json!(5)));
    let (code, uri) = (codes["user_code"].as_str().unwrap(), codes["verification_uri"].as_str().unwrap());
    assert!(uri.ends_with("/account/device"), "{uri}");
    assert_eq!(codes["verification_uri_complete"], format!("{uri}?user_code={code}"));
    assert_eq!(error(&tv, &codes).await, "authorization_pending");

    let page = typed(&browser, &code.to_lowercase().replace('-', " ")).await.assert_status(200);
    let html = page.text();
    for words in [code, "Photo album", "Know that it is you", "Read your e-mail address", "Read posts"] {
        assert!(html.contains(words), "{words}: {html}");
    }
    assert!(!html.contains("nonsense"), "{html}");
    assert_eq!(error(&tv, &codes).await, "authorization_pending", "the page alone allows nothing");
    press(&browser, &page, "allow").await.assert_status(200);

    let tokens = poll(&tv, &codes).await.assert_status(200).json();
    assert_eq!(tokens["scope"], "email openid posts:read");
    let claims = payload(&tokens["id_token"]);
    assert_eq!((&claims["aud"], claims.get("nonce")), (&json!("tv"), None));
    app.bearer(tokens["access_token"].as_str().unwrap()).get("/posts").await.assert_status(200);
    tv.refresh(&tokens).await.assert_status(200);
    let apps = browser.get("/account/apps").await.assert_status(200).text();
    assert!(apps.contains("Photo album"), "{apps}");
}

#[tokio::test]
async fn a_link_fills_the_code_in_and_decides_nothing() {
    let (app, tv, browser) = start().await;
    let codes = asked(&tv, "openid").await;
    let code = codes["user_code"].as_str().unwrap();
    let page = browser.get(&format!("/account/device?user_code={code}")).await.assert_status(200);
    let form = forms(&page.text()).into_iter().find(|form| form.action.ends_with("/account/device")).unwrap();
    assert_eq!(form.value("user_code"), code);
    assert!(!page.text().contains("Photo album"));
    assert_eq!(error(&tv, &codes).await, "authorization_pending");
    // A browser without a login gets there by way of one.
    let fresh = Browser::new(&app);
    let path = format!("/account/device?user_code={code}");
    let login = fresh.get(&path).await.assert_status(303).header("location").to_owned();
    let fields = [("username", "ana@example.com"), ("password", keyward_api::testing::app::PASSWORD)];
    let answer = fresh.fill(&login, &fields).await.assert_status(303);
    assert_eq!(answer.header("location"), path);
    let hostile = browser.get("/account/device?user_code=%22%3E%3Cscript%3E").await.assert_status(200);
    assert!(!hostile.text().contains("<script>"));
}

#[tokio::test]
async fn a_denied_an_expired_and_an_unknown_code_get_nothing() {
    let (app, tv, browser) = start().await;
    let codes = asked(&tv, "openid").await;
    decide(&browser, &codes, "deny").await.assert_status(200);
    assert_eq!(error(&tv, &codes).await, "access_denied");
    typed(&browser, codes["user_code"].as_str().unwrap()).await.assert_status(404);

    let codes = asked(&tv, "openid").await;
    let allowed = asked(&tv, "openid").await;
    decide(&browser, &allowed, "allow").await.assert_status(200);
    app.clock.advance(Duration::minutes(10));
    typed(&browser, codes["user_code"].as_str().unwrap()).await.assert_status(404);
    for codes in [&codes, &allowed] {
        assert_eq!(error(&tv, codes).await, "expired_token");
    }
    assert_eq!(error(&tv, &json!({ "device_code": "x" })).await, "invalid_grant");
    let bare = tv.ask("/oauth/token", &[("grant_type", GRANT)]).await.assert_status(400);
    assert_eq!(bare.json()["error"], "invalid_request");
}

#[tokio::test]
async fn a_code_is_good_for_its_client_alone() {
    let (app, tv, browser) = start().await;
    let other = television(&app, "radio").await;
    let codes = asked(&tv, "openid").await;
    assert_eq!(error(&other, &codes).await, "invalid_grant");
    decide(&browser, &codes, "allow").await.assert_status(200);
    assert_eq!(error(&other, &codes).await, "invalid_grant");
    poll(&tv, &codes).await.assert_status(200);
}

#[tokio::test]
async fn only_a_client_for_devices_may_ask_and_only_for_what_it_is_registered_for() {
    let (app, tv, _) = start().await;
    let web = RelyingParty::confidential(&app, "web").await;
    let refused = web.ask("/oauth/device", &[]).await.assert_status(400);
    assert_eq!(
        (refused.json()["error"].as_str(), &*refused.code()),
        (Some("unauthorized_client"), "unauthorized_client")
    );
    for scope in ["nonsense", "shop", "\"", ""] {
        let refused = tv.ask("/oauth/device", &[("scope", scope)]).await;
        if scope.is_empty() {
            refused.assert_status(200);
        } else {
            assert_eq!(refused.assert_status(400).json()["error"], "invalid_scope", "{scope}");
        }
    }
    for resource in ["https://api.example.com", "x"] {
        let refused = tv.ask("/oauth/device", &[("resource", resource)]).await.assert_status(400);
        assert_eq!(refused.json()["error"], "invalid_target");
    }
    let unknown = crate::oauth::form(&app, "/oauth/device", &[("client_id", "unknown")]).send().await;
    unknown.assert_status(401);
    // One that is not for devices any more.
    let codes = asked(&tv, "openid").await;
    let root = app.admin("root").await;
    let change = json!({ "device": false, "redirect_uris": ["https://app.example.com/cb"] });
    root.patch("/clients/tv", change).await.assert_status(200);
    assert_eq!(error(&tv, &codes).await, "unauthorized_client");
}

#[tokio::test]
async fn an_operator_registers_a_client_for_devices_by_command_and_over_http() {
    let app = TestApp::start().await;
    let root = app.admin("root").await;
    let made = json!({ "name": "Television", "client_id": "tv", "public": true, "device": true });
    let made = root.post("/clients", made).await.assert_status(201).json();
    assert_eq!((&made["device"], &made["scope"]), (&json!(true), &json!("email openid profile")));
    root.patch("/clients/tv", json!({ "device": false })).await.assert_status(422);
    let metadata = app.anonymous().get("/.well-known/openid-configuration").await.assert_status(200).json();
    assert!(metadata["device_authorization_endpoint"].as_str().unwrap().ends_with("/oauth/device"));
    assert!(metadata["grant_types_supported"].as_array().unwrap().contains(&json!(GRANT)));
    let home = crate::process::Home::new().await;
    let create = ["client", "create", "--name", "Television", "--id", "tv", "--public", "--device"];
    assert!(home.run(&create).status.success());
    let shown = crate::process::text(&home.run(&["client", "show", "tv"]).stdout);
    assert!(shown.contains("device\ttrue\n"), "{shown}");
    let bare = home.run(&["client", "create", "--name", "Nothing", "--public"]);
    assert!(!bare.status.success());
}
