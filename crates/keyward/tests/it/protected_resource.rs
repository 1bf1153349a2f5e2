//! What the API says about itself as an OAuth 2 protected resource (RFC 9728), and tokens that name it as their resource (RFC 8707).

use keyward_api::testing::app::TestApp;
use keyward_domain::model::clients::ClientSettings;
use keyward_domain::values::resource_uri::ResourceUri;
use serde_json::json;

use crate::app::Starts;
use crate::browser::Browser;
use crate::forge::claims_of;
use crate::relying_party::{RelyingParty, SCOPE, one, returned, settings};

const METADATA: &str = "/.well-known/oauth-protected-resource";
const ISSUER: &str = "http://127.0.0.1:8000";
const NOTES: &str = "https://notes.example.com";

#[tokio::test]
async fn a_refused_client_finds_the_authorization_server_through_the_challenge() {
    let app = TestApp::start().await;
    let refused = app.anonymous().get("/users/me").await.assert_status(401);
    let challenge = refused.header("www-authenticate");
    let (_, rest) = challenge.split_once("resource_metadata=\"").unwrap();
    let path = rest.split('"').next().unwrap().strip_prefix(ISSUER).unwrap();
    assert_eq!(path, METADATA);
    let metadata = app.anonymous().get(path).await.assert_status(200).json();
    assert_eq!(metadata["resource"], ISSUER);
    assert_eq!(metadata["authorization_servers"], json!([ISSUER]));
    assert_eq!(metadata["bearer_methods_supported"], json!(["header"]));
    let server = app.anonymous().get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(server["issuer"], metadata["authorization_servers"][0]);
    let scopes = metadata["scopes_supported"].as_array().unwrap();
    assert!(server["scopes_supported"].as_array().unwrap().iter().all(|scope| scopes.contains(scope)));
    assert!(scopes.contains(&json!("account")), "the API's own 403 asks for it");
}

#[tokio::test]
async fn a_403_names_the_missing_scope_and_the_metadata() {
    let app = TestApp::start().await;
    let refused = app.user("ana").await.get("/users").await.assert_status(403);
    let challenge = refused.header("www-authenticate");
    assert!(
        challenge.contains("error=\"insufficient_scope\"") && challenge.contains("scope=\"admin\""),
        "{challenge}"
    );
    assert!(challenge.contains(&format!("resource_metadata=\"{ISSUER}{METADATA}\"")), "{challenge}");
}

#[tokio::test]
async fn challenges_to_clients_and_to_proxies_name_no_metadata() {
    let app = TestApp::start().await;
    let client = app.anonymous().post("/oauth/introspect", json!({})).await.assert_status(401);
    assert!(
        client.header("www-authenticate").starts_with("Basic ")
            && !client.header("www-authenticate").contains("resource")
    );
    // A proxy passes it on in the name of the service behind it.
    let proxy = app.anonymous().get("/oauth/check").await.assert_status(401);
    assert_eq!(proxy.header("www-authenticate"), "Bearer");
    let app = TestApp::with_flags(&["--issuer", "https://host.example/auth"]).await;
    for path in ["/oauth/check", "/auth/oauth/check"] {
        let proxy = app.anonymous().call("GET", path).send_unchecked().await.assert_status(401);
        assert_eq!(proxy.header("www-authenticate"), "Bearer", "{path}");
    }
}

#[tokio::test]
async fn behind_a_path_the_metadata_are_where_the_standard_has_them() {
    let app = TestApp::with_flags(&["--issuer", "https://host.example/auth"]).await;
    let path = format!("{METADATA}/auth");
    let metadata = app.anonymous().get(&path).await.assert_status(200).json();
    assert_eq!(metadata["resource"], "https://host.example/auth");
    let refused = app.anonymous().get("/users/me").await.assert_status(401);
    assert!(refused.header("www-authenticate").contains(&format!("\"https://host.example{path}\"")));
    let app = TestApp::with_flags(&["--issuer", "https://host.example/auth/"]).await;
    let refused = app.anonymous().get("/users/me").await.assert_status(401);
    let (_, rest) = refused.header("www-authenticate").split_once("=\"https://host.example").unwrap();
    let metadata = app.anonymous().get(rest.split('"').next().unwrap()).await.assert_status(200).json();
    assert_eq!(metadata["resource"], "https://host.example/auth/");
}

#[tokio::test]
async fn a_client_may_name_this_server_as_its_resource_and_gets_a_token_for_the_api() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let rp = RelyingParty::public(&app, "album").await;
    let browser = Browser::logged_in(&app, "ana").await;
    for resource in [ISSUER.to_owned(), format!("{ISSUER}/")] {
        let asked = [("scope", "posts:read"), ("resource", resource.as_str())];
        let code = one(&rp.allowed(&browser, &asked).await, "code").unwrap();
        let tokens =
            rp.redeem_with(&[("code", &code), ("resource", &resource)]).await.assert_status(200).json();
        let access = tokens["access_token"].as_str().unwrap();
        assert_eq!(claims_of(access)["aud"], "keyward");
        app.bearer(access).get("/posts").await.assert_status(200);
    }
    let other = rp.request(&[("resource", "http://127.0.0.1:8001")]);
    assert_eq!(
        one(&returned(&browser.get(&other).await, "https://app.example.com/callback"), "error").unwrap(),
        "invalid_target"
    );
}

#[tokio::test]
async fn a_token_for_another_resource_does_not_open_the_api() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let resources = vec![ResourceUri::parse(NOTES).unwrap()];
    let rp = RelyingParty::with(&app, "album", true, ClientSettings { resources, ..settings(SCOPE) }).await;
    let browser = Browser::logged_in(&app, "ana").await;
    for (scope, audience) in [("posts:read", json!(NOTES)), ("openid posts:read", json!([NOTES, ISSUER]))] {
        let tokens = rp.tokens(&browser, &[("scope", scope), ("resource", NOTES)]).await;
        let access = tokens["access_token"].as_str().unwrap();
        assert_eq!(claims_of(access)["aud"], audience);
        app.bearer(access).get("/posts").await.assert_invalid_token("a token for another service");
    }
}
