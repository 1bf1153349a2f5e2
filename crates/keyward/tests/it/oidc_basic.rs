//! The modules of the OpenID Foundation's conformance plan for Basic OpenID Providers, each as a test of its name.

use keyward_api::testing::app::{PASSWORD, TestApp};
use keyward_domain::model::clients::ClientSettings;
use serde_json::{Value, json};
use time::Duration;

use crate::app::Starts;
use crate::browser::{Browser, forms};
use crate::factors::phone::enrolled;
use crate::relying_party::{CALLBACK, RelyingParty, SCOPE, decide, error, one, payload, returned, settings};

async fn start() -> (TestApp, RelyingParty, Browser) {
    let app = TestApp::start().await;
    app.user("ana").await;
    let rp = RelyingParty::confidential(&app, "rp").await;
    let browser = Browser::logged_in(&app, "ana").await;
    (app, rp, browser)
}

/// Follows a redirect to a page of ours.
async fn follow(
    browser: &Browser,
    answer: &keyward_api::testing::answer::Answer,
) -> keyward_api::testing::answer::Answer {
    assert_eq!(answer.status, 303, "{}", answer.text());
    browser.get(answer.header("location")).await
}

/// Fills in the form of a page that has a password field.
async fn with_password(
    browser: &Browser,
    page: &keyward_api::testing::answer::Answer,
    name: &str,
) -> keyward_api::testing::answer::Answer {
    let form =
        forms(&page.text()).into_iter().find(|form| form.fields.iter().any(|(name, _)| name == "password"));
    let form = form.unwrap_or_else(|| panic!("no form with a password: {}", page.text()));
    let named = form.fields.iter().any(|(name, _)| name == "username");
    let fields = [("password", PASSWORD), ("username", name)];
    browser.submit(&form.with(if named { &fields } else { &fields[..1] })).await
}

#[tokio::test]
async fn oidcc_server() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let rp = RelyingParty::confidential(&app, "rp").await;
    let browser = Browser::new(&app);
    let login = follow(&browser, &browser.get(&rp.request(&[])).await).await.assert_status(200);
    let policy = login.header("content-security-policy");
    assert!(policy.contains("form-action 'self' https://app.example.com;"), "{policy}");
    let back = with_password(&browser, &login, "ana@example.com").await;
    let page = follow(&browser, &back).await.assert_status(200);
    let answer = returned(&decide(&browser, &page, "allow").await, CALLBACK);
    assert_eq!(one(&answer, "state").as_deref(), Some("the state"));
    let tokens = rp.redeem(&one(&answer, "code").unwrap()).await.assert_status(200).json();
    assert_eq!(tokens["token_type"], "bearer");
    assert_eq!(payload(&tokens["id_token"])["nonce"], "the nonce");
}

#[tokio::test]
async fn oidcc_discovery_endpoint_verification() {
    let app = TestApp::start().await;
    let metadata = app.anonymous().get("/.well-known/openid-configuration").await.assert_status(200).json();
    let oauth =
        app.anonymous().get("/.well-known/oauth-authorization-server").await.assert_status(200).json();
    assert_eq!(metadata, oauth);
    for required in [
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "end_session_endpoint",
        "jwks_uri",
        "response_types_supported",
        "subject_types_supported",
        "id_token_signing_alg_values_supported",
        "scopes_supported",
        "claims_supported",
    ] {
        assert!(!metadata[required].is_null(), "{required}");
    }
    assert_eq!(metadata["id_token_signing_alg_values_supported"][0], "RS256");
    assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
    assert_eq!(metadata["request_uri_parameter_supported"], false, "where it is absent, it is true");
    assert_eq!(metadata["scopes_supported"][0], "openid");
}

#[tokio::test]
async fn oidcc_response_type_missing() {
    let (_, rp, browser) = start().await;
    assert_eq!(error(&browser.get(&rp.request(&[("response_type", "")])).await), "invalid_request");
}

async fn claims(scope: &str) -> Value {
    let (app, rp, browser) = start().await;
    let tokens = rp.tokens(&browser, &[("scope", scope)]).await;
    let claims = app.bearer(tokens["access_token"].as_str().unwrap()).get("/oauth/userinfo").await;
    let claims = claims.assert_status(200).json();
    assert_eq!(claims["sub"], payload(&tokens["id_token"])["sub"]);
    claims
}

#[tokio::test]
async fn oidcc_scope_profile() {
    let claims = claims("openid profile").await;
    assert_eq!((&claims["name"], claims.get("email")), (&json!("ana"), None));
}

#[tokio::test]
async fn oidcc_scope_email() {
    let claims = claims("openid email").await;
    assert_eq!((&claims["email"], &claims["email_verified"]), (&json!("ana@example.com"), &json!(false)));
    assert_eq!(claims.get("name"), None);
}

#[tokio::test]
async fn oidcc_scope_address_and_oidcc_scope_phone() {
    let (_, rp, browser) = start().await;
    let tokens = rp.tokens(&browser, &[("scope", "openid address phone")]).await;
    assert_eq!(tokens["scope"], "openid", "the answer says what was granted");
}

#[tokio::test]
async fn oidcc_scope_all_and_oidcc_ensure_other_scope_order_succeeds() {
    let claims = claims("email address openid phone profile").await;
    assert_eq!((&claims["name"], &claims["email"]), (&json!("ana"), &json!("ana@example.com")));
}

#[tokio::test]
async fn oidcc_ensure_request_without_nonce_succeeds_for_code_flow() {
    let (_, rp, browser) = start().await;
    let tokens = rp.tokens(&browser, &[("nonce", "")]).await;
    assert_eq!(payload(&tokens["id_token"]).get("nonce"), None);
}

#[tokio::test]
async fn oidcc_ensure_request_with_unknown_parameter_succeeds_and_display_and_locales_do() {
    let (_, rp, browser) = start().await;
    for parameter in [
        ("extra", "foobar"),
        ("display", "page"),
        ("display", "popup"),
        ("ui_locales", "se"),
        ("claims_locales", "se"),
        ("login_hint", "ana@example.com"),
        ("claims", "{\"userinfo\":{\"name\":{\"essential\":true}}}"),
    ] {
        rp.tokens(&browser, &[parameter]).await;
    }
}

#[tokio::test]
async fn oidcc_prompt_login() {
    let (app, rp, browser) = start().await;
    let first = payload(&rp.tokens(&browser, &[]).await["id_token"])["auth_time"].clone();
    app.clock.advance(Duration::seconds(5));
    let asked = browser.get(&rp.request(&[("prompt", "login")])).await;
    let page = follow(&browser, &asked).await.assert_status(200);
    let back = with_password(&browser, &page, "ana@example.com").await;
    let answer = follow(&browser, &back).await;
    let code = one(&returned(&answer, CALLBACK), "code").unwrap();
    let tokens = rp.redeem(&code).await.assert_status(200).json();
    assert!(payload(&tokens["id_token"])["auth_time"].as_i64() > first.as_i64());
}

#[tokio::test]
async fn a_login_of_a_while_ago_is_not_what_prompt_login_asks_for_however_long_the_request_waited() {
    let (app, rp, browser) = start().await;
    rp.tokens(&browser, &[]).await;
    let asked = browser.get(&rp.request(&[("prompt", "login")])).await;
    let page = follow(&browser, &asked).await.assert_status(200);
    let back = with_password(&browser, &page, "ana@example.com").await;
    app.clock.advance(Duration::minutes(6));
    let late = follow(&browser, &back).await;
    let late = follow(&browser, &late).await.assert_status(200);
    assert!(late.text().contains("password"), "{}", late.text());
}

#[tokio::test]
async fn oidcc_prompt_none_not_logged_in() {
    let (app, rp, _) = start().await;
    let answer = Browser::new(&app).get(&rp.request(&[("prompt", "none")])).await;
    assert_eq!(error(&answer), "login_required");
}

#[tokio::test]
async fn oidcc_prompt_none_logged_in() {
    let (_, rp, browser) = start().await;
    rp.tokens(&browser, &[]).await;
    let answer = browser.get(&rp.request(&[("prompt", "none")])).await;
    assert!(one(&returned(&answer, CALLBACK), "code").is_some());
}

#[tokio::test]
async fn oidcc_max_age_1() {
    let (app, rp, browser) = start().await;
    rp.tokens(&browser, &[]).await;
    app.clock.advance(Duration::seconds(3));
    let silent = browser.get(&rp.request(&[("max_age", "1"), ("prompt", "none")])).await;
    assert_eq!(error(&silent), "login_required");
    let asked = browser.get(&rp.request(&[("max_age", "1")])).await;
    let page = follow(&browser, &asked).await.assert_status(200);
    // However long the person takes.
    app.clock.advance(Duration::minutes(2));
    let back = with_password(&browser, &page, "ana@example.com").await;
    app.clock.advance(Duration::seconds(5));
    let answer = follow(&browser, &back).await;
    let code = one(&returned(&answer, CALLBACK), "code").unwrap();
    let said = payload(&rp.redeem(&code).await.assert_status(200).json()["id_token"]);
    assert!(said["iat"].as_i64().unwrap() - said["auth_time"].as_i64().unwrap() <= 10);
}

#[tokio::test]
async fn oidcc_max_age_10000() {
    let (app, rp, browser) = start().await;
    let first = payload(&rp.tokens(&browser, &[]).await["id_token"])["auth_time"].clone();
    app.clock.advance(Duration::seconds(100));
    let tokens = rp.tokens(&browser, &[("max_age", "10000")]).await;
    assert_eq!(payload(&tokens["id_token"])["auth_time"], first);
}

#[tokio::test]
async fn oidcc_id_token_hint() {
    let (app, rp, browser) = start().await;
    app.user("bob").await;
    let tokens = rp.tokens(&browser, &[]).await;
    let hint = tokens["id_token"].as_str().unwrap();
    let with_hint = [("id_token_hint", hint), ("prompt", "none")];
    assert!(one(&returned(&browser.get(&rp.request(&with_hint)).await, CALLBACK), "code").is_some());
    // An old one will do.
    app.clock.advance(Duration::hours(2));
    assert!(one(&returned(&browser.get(&rp.request(&with_hint)).await, CALLBACK), "code").is_some());
    let bob = Browser::logged_in(&app, "bob").await;
    assert_eq!(error(&bob.get(&rp.request(&with_hint)).await), "login_required");
    let page = bob.get(&rp.request(&with_hint[..1])).await.assert_status(200);
    assert!(page.text().contains("another account"), "{}", page.text());
    let other = RelyingParty::confidential(&app, "other").await;
    assert_eq!(error(&browser.get(&other.request(&with_hint)).await), "invalid_request");
}

#[tokio::test]
async fn oidcc_ensure_request_with_acr_values_succeeds() {
    let (app, rp, browser) = start().await;
    for values in ["1 2", "aal1", "aal1 aal2", "urn:mace:incommon:iap:silver"] {
        let tokens = rp.tokens(&browser, &[("acr_values", values)]).await;
        assert_eq!(payload(&tokens["id_token"])["acr"], "aal1", "{values}");
    }
    // RFC 9470, section 5.
    let unmet = browser.get(&rp.request(&[("acr_values", "aal2")])).await;
    assert_eq!(error(&unmet), "unmet_authentication_requirements");
    let bob = Browser::new(&app);
    app.user("bob").await;
    bob.log_in("bob").await.assert_status(303);
    let phone = enrolled(&app, "bob").await.phone;
    drop(phone);
    let silent = bob.get(&rp.request(&[("acr_values", "aal2"), ("prompt", "none")])).await;
    assert!(["login_required"].contains(&&*error(&silent)));
    bob.get(&rp.request(&[("acr_values", "aal2")])).await.assert_status(303);
}

#[tokio::test]
async fn oidcc_codereuse_and_oidcc_codereuse_30seconds() {
    let (app, rp, browser) = start().await;
    for wait in [0, 30] {
        let code = one(&rp.allowed(&browser, &[]).await, "code").unwrap();
        let tokens = rp.redeem(&code).await.assert_status(200).json();
        app.clock.advance(Duration::seconds(wait));
        assert_eq!(rp.redeem(&code).await.assert_status(400).json()["error"], "invalid_grant");
        let used = app.bearer(tokens["access_token"].as_str().unwrap());
        used.get("/oauth/userinfo").await.assert_status(401);
    }
}

#[tokio::test]
async fn oidcc_ensure_registered_redirect_uri_and_oidcc_redirect_uri_query_added() {
    let (_, rp, browser) = start().await;
    for uri in
        ["https://app.example.com/callback?foo=bar", "https://app.example.com/other", "https://example.com/"]
    {
        browser.get(&rp.request(&[("redirect_uri", uri)])).await.assert_status(400);
    }
    let answer = browser.get(&rp.request(&[("redirect_uri", "https://app.example.com/other?x=1")])).await;
    let answer = decide(&browser, &answer.assert_status(200), "allow").await;
    assert!(one(&returned(&answer, "https://app.example.com/other?x=1"), "code").is_some());
}

#[tokio::test]
async fn oidcc_ensure_post_request_succeeds() {
    let (_, rp, browser) = start().await;
    let request = rp.request(&[]);
    let (path, query) = request.split_once('?').unwrap();
    // From another site, whose form brings no cookie of ours.
    let post = rp.app.anonymous().call("POST", path).header("origin", "https://app.example.com");
    let post = post.header("sec-fetch-site", "cross-site").form(query).send().await.assert_status(303);
    assert!(post.headers.get("set-cookie").is_none());
    let page = browser.get(post.header("location")).await.assert_status(200);
    let answer = decide(&browser, &page, "allow").await;
    assert!(one(&returned(&answer, CALLBACK), "code").is_some());
}

#[tokio::test]
async fn oidcc_server_client_secret_post() {
    let (app, rp, browser) = start().await;
    let code = one(&rp.allowed(&browser, &[]).await, "code").unwrap();
    let secret = crate::oauth::secret("rp");
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", crate::relying_party::VERIFIER),
        ("client_id", "rp"),
        ("client_secret", secret.as_str()),
    ];
    crate::oauth::form(&app, "/oauth/token", &fields).send().await.assert_status(200);
}

#[tokio::test]
async fn oidcc_request_uri_and_request_object_are_rejected_as_unsupported() {
    let (_, rp, browser) = start().await;
    let uri = [("request_uri", "https://app.example.com/request")];
    assert_eq!(error(&browser.get(&rp.request(&uri)).await), "request_uri_not_supported");
    let object = [("request", "eyJhbGciOiJub25lIn0.e30.")];
    assert_eq!(error(&browser.get(&rp.request(&object)).await), "request_not_supported");
}

#[tokio::test]
async fn oidcc_refresh_token() {
    let (app, rp, browser) = start().await;
    let tokens = rp.tokens(&browser, &[("scope", "openid offline_access"), ("prompt", "consent")]).await;
    app.clock.advance(Duration::minutes(1));
    let next = rp.refresh(&tokens).await.assert_status(200).json();
    let (before, after) = (payload(&tokens["id_token"]), payload(&next["id_token"]));
    for same in ["iss", "sub", "aud", "azp", "auth_time"] {
        assert_eq!(before[same], after[same], "{same}");
    }
    assert!(after["iat"].as_i64() > before["iat"].as_i64());
    let other = RelyingParty::confidential(&app, "other").await;
    assert_eq!(other.refresh(&next).await.assert_status(400).json()["error"], "invalid_grant");
}

#[tokio::test]
async fn oidcc_ensure_request_with_valid_pkce_succeeds() {
    let (_, rp, browser) = start().await;
    rp.tokens(&browser, &[]).await;
}

#[tokio::test]
async fn oidcc_prompt_select_account_and_create_offer_a_choice() {
    let (app, rp, browser) = start().await;
    app.user("bob").await;
    let own = ClientSettings { first_party: true, ..settings(SCOPE) };
    let own = RelyingParty::with(&app, "own", false, own).await;
    let choose = async || browser.get(&own.request(&[("prompt", "select_account")])).await.assert_status(200);
    let page = choose().await.text();
    assert!(page.contains("ana@example.com"), "{page}");
    let page = page.replace("&#x2f;", "/");
    let stay = page.split("href=\"").find(|part| part.starts_with("/oauth/authorize?resume=")).unwrap();
    let stay = stay.split('"').next().unwrap();
    assert!(one(&returned(&browser.get(stay).await, CALLBACK), "code").is_some());
    let form = forms(&choose().await.text()).into_iter().find(|form| form.action.ends_with("/oauth/switch"));
    let back = browser.submit(&form.unwrap()).await;
    let page = follow(&browser, &back).await;
    let back = with_password(&browser, &page.assert_status(200), "bob@example.com").await;
    let answer = follow(&browser, &back).await;
    let code = one(&returned(&answer, CALLBACK), "code").unwrap();
    let tokens = own.redeem(&code).await.assert_status(200).json();
    let bob = app.log_in("bob").await;
    assert_eq!(payload(&tokens["id_token"])["sub"], bob.id.to_string());
    let create = Browser::new(&app).get(&rp.request(&[("prompt", "create")])).await.assert_status(303);
    assert!(create.header("location").starts_with("/account/signup?"), "{}", create.header("location"));
}
