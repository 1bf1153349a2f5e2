//! The services that tokens are for (RFC 8707): which a client may be registered for, and what the token endpoint makes of `resource`.

use keyward_api::testing::app::TestApp;
use keyward_domain::model::clients::ClientSettings;
use keyward_domain::values::resource_uri::ResourceUri;
use serde_json::{Value, json};

use crate::app::Starts;
use crate::browser::Browser;
use crate::forge::claims_of;
use crate::relying_party::{RelyingParty, SCOPE, settings};

const API: &str = "https://api.example.com";
const ISSUER: &str = "http://127.0.0.1:8000";

fn for_api() -> ClientSettings {
    ClientSettings { resources: vec![ResourceUri::parse(API).unwrap()], ..settings(SCOPE) }
}

fn audience(tokens: &Value) -> Value {
    claims_of(tokens["access_token"].as_str().unwrap())["aud"].clone()
}

#[tokio::test]
async fn no_client_is_registered_for_the_issuer_or_this_servers_audience() {
    let own = "https://keyward.example/api";
    let app = TestApp::with_flags(&["--audience", own]).await;
    let root = app.admin("root").await;
    RelyingParty::public(&app, "album").await;
    for resource in [own, "https://keyward.example/api/", ISSUER, "http://127.0.0.1:8000/"] {
        let create = json!({ "name": "Web", "resources": [API, resource] });
        let change = json!({ "resources": [resource] });
        for fault in
            [root.post("/clients", create).await.fault(), root.patch("/clients/album", change).await.fault()]
        {
            assert_eq!(fault["loc"], json!(["body", "resources"]), "{resource}");
            assert!(fault["msg"].as_str().unwrap().contains("issuer or audience"), "{fault}");
        }
    }
    assert_eq!(root.get("/clients/album").await.json()["resources"], json!([]));
    root.patch("/clients/album", json!({ "resources": [API] })).await.assert_status(200);
}

#[tokio::test]
async fn a_refresh_may_name_the_resource_that_was_granted_and_no_other() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let rp = RelyingParty::with(&app, "mcp", true, for_api()).await;
    let browser = Browser::logged_in(&app, "ana").await;
    let refresh = async |tokens: &Value, resource: &str| {
        let token = tokens["refresh_token"].as_str().unwrap();
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token), ("resource", resource)];
        rp.ask("/oauth/token", &fields).await
    };
    let granted = rp.tokens(&browser, &[("scope", "posts:read"), ("resource", API)]).await;
    for other in ["https://other.example.com", "https://api.example.com/", ISSUER, "keyward", "x"] {
        let refused = refresh(&granted, other).await.assert_status(400).json();
        assert_eq!(refused["error"], "invalid_target", "{other}");
    }
    // None of that has spent the token.
    let next = refresh(&granted, API).await.assert_status(200).json();
    assert_eq!(audience(&next), API);
    let next = refresh(&next, "").await.assert_status(200).json();
    assert_eq!(audience(&next), API);
    // What is for this server is for no other.
    let own = rp.tokens(&browser, &[("scope", "posts:read")]).await;
    assert_eq!(refresh(&own, API).await.assert_status(400).json()["error"], "invalid_target");
    // Its address names this server.
    let own = refresh(&own, ISSUER).await.assert_status(200).json();
    assert_eq!(audience(&own), "keyward");
    assert_eq!(audience(&refresh(&own, "").await.assert_status(200).json()), "keyward");
}

#[tokio::test]
async fn a_refresh_without_a_client_names_no_resource() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let fields = |resource| {
        [("grant_type", "refresh_token"), ("refresh_token", ana.refresh.as_str()), ("resource", resource)]
    };
    let refused = crate::oauth::form(&app, "/oauth/token", &fields(API)).send().await.assert_status(400);
    assert_eq!(refused.json()["error"], "invalid_target");
    crate::oauth::form(&app, "/oauth/token", &fields("")).send().await.assert_status(200);
}

#[tokio::test]
async fn a_spent_token_that_names_another_resource_is_still_a_replay() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let rp = RelyingParty::with(&app, "mcp", true, for_api()).await;
    let browser = Browser::logged_in(&app, "ana").await;
    let first = rp.tokens(&browser, &[]).await;
    let second = rp.refresh(&first).await.assert_status(200).json();
    app.clock.advance(time::Duration::minutes(1));
    let token = first["refresh_token"].as_str().unwrap();
    let fields =
        [("grant_type", "refresh_token"), ("refresh_token", token), ("resource", "https://other.example")];
    assert_eq!(rp.ask("/oauth/token", &fields).await.assert_status(400).json()["error"], "invalid_grant");
    assert_eq!(rp.refresh(&second).await.assert_status(400).json()["error"], "invalid_grant");
}

#[tokio::test]
async fn a_clients_own_token_is_for_a_resource_that_it_is_registered_for() {
    let app = TestApp::start().await;
    let rp = RelyingParty::with(&app, "job", false, for_api()).await;
    let ask = async |resource: &str| {
        rp.ask("/oauth/token", &[("grant_type", "client_credentials"), ("resource", resource)]).await
    };
    assert_eq!(audience(&ask(API).await.assert_status(200).json()), API);
    assert_eq!(audience(&ask("").await.assert_status(200).json()), "keyward");
    assert_eq!(audience(&ask(ISSUER).await.assert_status(200).json()), "keyward");
    for other in ["https://other.example.com", "https://api.example.com/", "keyward"] {
        assert_eq!(ask(other).await.assert_status(400).json()["error"], "invalid_target", "{other}");
    }
}

#[tokio::test]
async fn a_password_buys_tokens_for_this_server_alone() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let log_in = async |resource: &str| {
        let fields = [
            ("grant_type", "password"),
            ("username", "ana@example.com"),
            ("password", keyward_api::testing::app::PASSWORD),
            ("resource", resource),
        ];
        crate::oauth::form(&app, "/oauth/token", &fields).send().await
    };
    assert_eq!(log_in(API).await.assert_status(400).json()["error"], "invalid_target");
    for own in ["", ISSUER] {
        assert_eq!(audience(&log_in(own).await.assert_status(200).json()), "keyward");
    }
}
