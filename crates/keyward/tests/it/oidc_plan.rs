//! Further modules of the conformance plans for OpenID Providers (Basic, Config, and what RP-Initiated Logout asks beside): each as a test
//! of its name. Those of the Basic plan that need a login are in `oidc_basic.rs`.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_api::testing::app::TestApp;
use keyward_auth::Algorithm;
use keyward_domain::keys::signing_keys::Keys;
use keyward_domain::values::by::By;
use serde_json::{Value, json};
use time::Duration;

use crate::app::Starts;
use crate::browser::{Browser, forms};
use crate::forge::header_of;
use crate::relying_party::{
    CALLBACK, LOGGED_OUT, RelyingParty, decide, error, escape, one, payload, returned,
};

const SESSION: &str = "__Host-keyward";

async fn start() -> (TestApp, RelyingParty, Browser) {
    let app = TestApp::start().await;
    app.user("ana").await;
    let rp = RelyingParty::confidential(&app, "rp").await;
    let browser = Browser::logged_in(&app, "ana").await;
    (app, rp, browser)
}

/// The published keys.
async fn keys(app: &TestApp) -> Vec<Value> {
    let set = app.anonymous().get("/.well-known/jwks.json").await.assert_status(200).json();
    set["keys"].as_array().unwrap().clone()
}

/// Whether a published key of RS256 signed this ID token.
async fn is_signed(app: &TestApp, token: &str) -> bool {
    let header = header_of(token);
    let found = keys(app).await.into_iter().find(|key| key["kid"] == header["kid"]).unwrap();
    assert_eq!((&found["alg"], &header["alg"]), (&json!("RS256"), &json!("RS256")));
    let number = |name: &str| URL_SAFE_NO_PAD.decode(found[name].as_str().unwrap()).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let key = RsaPublicKeyComponents { n: number("n"), e: number("e") };
    key.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &signature).is_ok()
}

#[tokio::test]
async fn oidcc_idtoken_rs256_and_its_signature() {
    let (app, rp, browser) = start().await;
    let tokens = rp.tokens(&browser, &[]).await;
    let token = tokens["id_token"].as_str().unwrap();
    assert!(is_signed(&app, token).await);
    let (head, rest) = token.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    let other = URL_SAFE_NO_PAD.encode(json!({ "sub": "2" }).to_string());
    assert!(!is_signed(&app, &format!("{head}.{other}.{signature}")).await);
}

#[tokio::test]
async fn oidcc_idtoken_unsigned_is_offered_to_no_client() {
    let (app, _, _) = start().await;
    let root = app.admin("root").await;
    for algorithm in ["none", "HS256"] {
        let asked = json!({
            "name": "Web", "redirect_uris": [CALLBACK], "id_token_signed_response_alg": algorithm,
        });
        let fault = root.post("/clients", asked).await.fault();
        assert_eq!(fault["loc"], json!(["body", "id_token_signed_response_alg"]), "{algorithm}");
    }
    let metadata = app.anonymous().get("/.well-known/openid-configuration").await.json();
    assert_eq!(metadata["id_token_signing_alg_values_supported"], json!(["RS256", "ES256", "EdDSA"]));
}

#[tokio::test]
async fn oidcc_login_hint() {
    let (app, rp, _) = start().await;
    let browser = Browser::new(&app);
    let asked = browser.get(&rp.request(&[("login_hint", "ana@example.com")])).await.assert_status(303);
    let page = browser.get(asked.header("location")).await.assert_status(200);
    let form = forms(&page.text()).remove(0);
    assert_eq!(form.value("username"), "ana@example.com");
    let form = form.with(&[("password", keyward_api::testing::app::PASSWORD)]);
    let back = browser.submit(&form).await.assert_status(303);
    let consent = browser.get(back.header("location")).await.assert_status(200);
    let answer = returned(&decide(&browser, &consent, "allow").await, CALLBACK);
    assert!(one(&answer, "code").is_some());
    // A hint of another person changes nothing for one who is logged in.
    let other = browser.get(&rp.request(&[("login_hint", "bob@example.com")])).await;
    assert!(one(&returned(&other, CALLBACK), "code").is_some());
}

#[tokio::test]
async fn oidcc_display_page_and_popup_and_oidcc_ui_locales_and_claims_locales() {
    let (app, rp, _) = start().await;
    for parameter in
        [("display", "page"), ("display", "popup"), ("ui_locales", "se"), ("claims_locales", "se")]
    {
        let browser = Browser::new(&app);
        let asked = browser.get(&rp.request(&[parameter])).await.assert_status(303);
        let page = browser.get(asked.header("location")).await.assert_status(200).text();
        assert!(page.contains("<html lang=\"en\">") && page.contains("name=\"password\""), "{parameter:?}");
    }
}

#[tokio::test]
async fn oidcc_claims_essential_is_ignored_as_the_metadata_say() {
    let (app, rp, browser) = start().await;
    let metadata = app.anonymous().get("/.well-known/openid-configuration").await.json();
    assert_eq!(metadata["claims_parameter_supported"], false);
    let asked = ("claims", "{\"userinfo\":{\"name\":{\"essential\":true},\"email\":null}}");
    let tokens = rp.tokens(&browser, &[asked, ("scope", "openid profile")]).await;
    let claims = app.bearer(tokens["access_token"].as_str().unwrap()).get("/oauth/userinfo").await.json();
    assert_eq!((&claims["name"], claims.get("email")), (&json!("ana"), None), "by scope alone");
}

#[tokio::test]
async fn oidcc_ensure_request_object_with_redirect_uri_is_answered_at_a_registered_one() {
    let (_, rp, browser) = start().await;
    let inner = json!({ "redirect_uri": "https://evil.example/", "client_id": "rp", "scope": "openid" });
    let object = format!("eyJhbGciOiJub25lIn0.{}.", URL_SAFE_NO_PAD.encode(inner.to_string()));
    assert_eq!(error(&browser.get(&rp.request(&[("request", &object)])).await), "request_not_supported");
    // Without a redirect URI beside it, it is not sure where an answer goes: the client has two.
    let page = browser.get(&rp.request(&[("request", &object), ("redirect_uri", "")])).await;
    assert_eq!(page.assert_status(400).header("location"), "");
}

#[tokio::test]
async fn oidcc_redirect_uri_query_ok_and_query_mismatch() {
    let (_, rp, browser) = start().await;
    let with_query = "https://app.example.com/other?x=1";
    let page = browser.get(&rp.request(&[("redirect_uri", with_query)])).await.assert_status(200);
    let answer = decide(&browser, &page, "allow").await;
    let location = answer.header("location");
    assert!(location.starts_with(&format!("{with_query}&")), "{location}");
    for uri in [
        "https://app.example.com/other?x=2",
        "https://app.example.com/other",
        "https://app.example.com/other?x=1&y=2",
    ] {
        let page = browser.get(&rp.request(&[("redirect_uri", uri)])).await.assert_status(400);
        assert_eq!(page.header("location"), "", "{uri}");
    }
}

#[tokio::test]
async fn oidcc_server_rotate_keys_while_codes_and_tokens_are_on_their_way() {
    let (app, mut rp, browser) = start().await;
    let life = app.settings.tokens.access_token_life();
    let store = Keys::new(app.ports.clone(), app.postbox.master.clone(), life);
    let before = rp.tokens(&browser, &[]).await;
    let code = one(&rp.allowed(&browser, &[]).await, "code").unwrap();
    let hint = before["id_token"].as_str().unwrap();
    let old = header_of(hint)["kid"].clone();
    let new = store.rotate(Algorithm::Rs256, Duration::ZERO, By::SYSTEM).await.unwrap();
    let replica = app.replica();
    rp.app = replica.clone();
    let kids = |keys: Vec<Value>| keys.into_iter().map(|key| key["kid"].clone()).collect::<Vec<_>>();
    let tokens = rp.redeem(&code).await.assert_status(200).json();
    let signed = header_of(tokens["id_token"].as_str().unwrap())["kid"].clone();
    assert_eq!(signed, json!(new), "one that has looked signs with the new one");
    let published = kids(keys(&replica).await);
    assert!(published.contains(&old) && published.contains(&json!(new)), "{published:?}");
    assert!(
        is_signed(&replica, hint).await && is_signed(&replica, tokens["id_token"].as_str().unwrap()).await
    );
    let silent = [("id_token_hint", hint), ("prompt", "none")];
    assert!(one(&returned(&browser.get(&rp.request(&silent)).await, CALLBACK), "code").is_some());
    let next = rp.refresh(&before).await.assert_status(200).json();
    assert_eq!(header_of(next["id_token"].as_str().unwrap())["kid"], json!(new));
    // What is retired is published no more.
    store.retire(old.as_str().unwrap(), By::SYSTEM).await.unwrap();
    let late = app.replica();
    assert!(!kids(keys(&late).await).contains(&old));
}

fn logout(parameters: &[(&str, &str)]) -> String {
    let pairs: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
    format!("/oauth/logout?{}", pairs.join("&"))
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_post_logout_redirect_uri() {
    let (_, rp, browser) = start().await;
    let tokens = rp.tokens(&browser, &[]).await;
    let hint = tokens["id_token"].as_str().unwrap();
    let page = browser.get(&logout(&[("id_token_hint", hint), ("state", "s")])).await.assert_status(200);
    assert!(page.text().contains("You are logged out") && page.headers.get("location").is_none());
    assert_eq!(browser.cookie(SESSION), None);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_only_state_asks_first_and_leads_nowhere() {
    let (_, rp, browser) = start().await;
    rp.tokens(&browser, &[]).await;
    let page = browser.get(&logout(&[("state", "s")])).await.assert_status(200);
    assert!(browser.cookie(SESSION).is_some());
    let done = browser.submit(&forms(&page.text()).remove(0)).await.assert_status(200);
    assert!(done.headers.get("location").is_none());
    assert_eq!(browser.cookie(SESSION), None);
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri() {
    let (_, rp, browser) = start().await;
    let tokens = rp.tokens(&browser, &[]).await;
    let hint = tokens["id_token"].as_str().unwrap();
    let uri = format!("{LOGGED_OUT}?foo=bar");
    let page = browser.get(&logout(&[("id_token_hint", hint), ("post_logout_redirect_uri", &uri)])).await;
    page.assert_status(400);
    assert!(browser.cookie(SESSION).is_some(), "nothing is half done");
    assert_eq!(payload(&tokens["id_token"])["aud"], "rp");
}
