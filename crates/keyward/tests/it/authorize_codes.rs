//! Authorization codes and what they are traded for.

use keyward_api::testing::app::TestApp;
use keyward_api::testing::race::at_once;
use keyward_auth::{Algorithm, ScopeSet};
use keyward_domain::model::clients::ClientSettings;
use keyward_domain::model::events::EventKind;
use keyward_domain::values::resource_uri::ResourceUri;
use serde_json::{Value, json};
use time::Duration;

use crate::app::Starts;
use crate::browser::Browser;
use crate::events::events;
use crate::forge::{claims_of, header_of};
use crate::oauth::{basic, form, secret};
use crate::relying_party::{RelyingParty, SCOPE, VERIFIER, one, payload, settings};

async fn code(rp: &RelyingParty, browser: &Browser, parameters: &[(&str, &str)]) -> String {
    one(&rp.allowed(browser, parameters).await, "code").unwrap()
}

async fn start() -> (TestApp, RelyingParty, Browser) {
    let app = TestApp::start().await;
    app.user("ana").await;
    let rp = RelyingParty::public(&app, "album").await;
    let browser = Browser::logged_in(&app, "ana").await;
    (app, rp, browser)
}

#[track_caller]
fn refused(answer: &keyward_api::testing::answer::Answer, error: &str) {
    assert_eq!(
        answer.status.as_u16(),
        if error == "invalid_client" { 401 } else { 400 },
        "{}",
        answer.text()
    );
    assert_eq!(answer.json()["error"], error, "{}", answer.text());
}

#[tokio::test]
async fn a_code_is_good_for_its_client_its_redirect_uri_and_its_verifier() {
    let (app, rp, browser) = start().await;
    let other = RelyingParty::public(&app, "other").await;
    let code = code(&rp, &browser, &[]).await;
    let with = async |field, value: &str| rp.redeem_with(&[("code", &code), (field, value)]).await;
    refused(&other.redeem(&code).await, "invalid_grant");
    for uri in ["", "https://app.example.com/callback/", "https://app.example.com/other?x=1"] {
        refused(&with("redirect_uri", uri).await, "invalid_grant");
    }
    for verifier in ["", "wrong", &VERIFIER[1..], &"x".repeat(43), &"x".repeat(200)] {
        refused(&with("code_verifier", verifier).await, "invalid_grant");
    }
    for broken in ["x", &code[..code.len() - 1], &format!("{code}A"), &code.to_uppercase()] {
        refused(&rp.redeem(broken).await, "invalid_grant");
    }
    refused(&rp.redeem_with(&[("code", "")]).await, "invalid_request");
    let without_client = [("grant_type", "authorization_code"), ("code", &code), ("code_verifier", VERIFIER)];
    refused(&form(&app, "/oauth/token", &without_client).send().await, "invalid_client");
    refused(
        &form(&app, "/oauth/token", &[&without_client[..], &[("client_id", "unknown")]].concat())
            .send()
            .await,
        "invalid_client",
    );
    // None of that has used it up.
    let answer = rp.redeem(&code).await.assert_status(200);
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_second_use_of_a_code_ends_what_the_first_one_gave() {
    let (app, rp, browser) = start().await;
    for late in [false, true] {
        let code = code(&rp, &browser, &[("scope", "openid posts:read offline_access")]).await;
        let tokens = rp.redeem(&code).await.assert_status(200).json();
        let reader = app.bearer(tokens["access_token"].as_str().unwrap());
        reader.get("/posts").await.assert_status(200);
        // Who does not know the verifier ends nothing.
        refused(
            &rp.redeem_with(&[("code", &code), ("code_verifier", &"x".repeat(43))]).await,
            "invalid_grant",
        );
        reader.get("/posts").await.assert_status(200);
        if late {
            app.clock.advance(Duration::minutes(3));
        }
        refused(&rp.redeem(&code).await, "invalid_grant");
        reader.get("/posts").await.assert_gone("of a code that was used twice");
        refused(&rp.refresh(&tokens).await, "invalid_grant");
    }
    browser.get("/account/apps").await.assert_status(200);
    let reused = events(&app).await.into_iter().filter(|event| event.kind == EventKind::CodeReused).count();
    assert_eq!(reused, 2);
}

#[tokio::test]
async fn a_code_that_comes_late_or_after_its_session_ended_is_refused() {
    let (app, rp, browser) = start().await;
    let late = code(&rp, &browser, &[]).await;
    app.clock.advance(Duration::seconds(60));
    refused(&rp.redeem(&late).await, "invalid_grant");
    let in_time = code(&rp, &browser, &[]).await;
    app.clock.advance(Duration::seconds(58));
    rp.redeem(&in_time).await.assert_status(200);
    let ended = code(&rp, &browser, &[]).await;
    app.log_in("ana").await.post("/logout/all", json!({})).await.assert_status(204);
    refused(&rp.redeem(&ended).await, "invalid_grant");
    let browser = Browser::logged_in(&app, "ana").await;
    let of_removed = code(&rp, &browser, &[]).await;
    app.admin("root").await.delete("/clients/album").await.assert_status(204);
    refused(&rp.redeem(&of_removed).await, "invalid_client");
    // A namesake has nothing of it.
    RelyingParty::public(&app, "album").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_show_a_code_at_once_one_gets_tokens_and_they_end() {
    let (app, rp, browser) = start().await;
    let code = code(&rp, &browser, &[("scope", "openid posts:read")]).await;
    let answers = at_once(8, |_| {
        let (rp, code) = (rp.clone(), code.clone());
        async move { rp.redeem(&code).await }
    });
    let answers = answers.await;
    let good: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(good.len(), 1, "{answers:?}");
    let token = good[0].json()["access_token"].as_str().unwrap().to_owned();
    app.bearer(&token).get("/posts").await.assert_status(401);
}

#[tokio::test]
async fn the_tokens_name_the_client_the_session_and_who_logged_in() {
    let (app, rp, browser) = start().await;
    let tokens = rp.tokens(&browser, &[("scope", "openid profile email posts:read")]).await;
    let claims = claims_of(tokens["access_token"].as_str().unwrap());
    assert_eq!(claims["client_id"], "album");
    assert_eq!(claims["aud"], json!(["keyward", "http://127.0.0.1:8000"]));
    assert_eq!(claims["scope"], "email openid posts:read profile");
    let id_token = &tokens["id_token"];
    assert_eq!(header_of(id_token.as_str().unwrap())["alg"], "RS256");
    assert_eq!(header_of(id_token.as_str().unwrap())["typ"], "JWT");
    let said = payload(id_token);
    for (name, value) in [
        ("iss", json!("http://127.0.0.1:8000")),
        ("sub", claims["sub"].clone()),
        ("aud", json!("album")),
        ("azp", json!("album")),
        ("nonce", json!("the nonce")),
        ("sid", claims["sid"].clone()),
        ("auth_time", claims["auth_time"].clone()),
        ("acr", json!("aal1")),
        ("amr", json!(["pwd"])),
    ] {
        assert_eq!(said[name], value, "{name}");
    }
    assert_eq!(
        said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(),
        tokens["expires_in"].as_i64().unwrap()
    );
    assert_eq!(said["at_hash"].as_str().unwrap().len(), 22);
    let bare = rp.tokens(&browser, &[("scope", "posts:read"), ("nonce", "")]).await;
    assert_eq!(bare.get("id_token"), None);
    assert_eq!(claims_of(bare["access_token"].as_str().unwrap())["aud"], "keyward");
    app.bearer(bare["access_token"].as_str().unwrap()).get("/posts").await.assert_status(200);
}

#[tokio::test]
async fn an_id_token_is_signed_as_its_client_registered() {
    let (app, _, browser) = start().await;
    for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
        let settings = ClientSettings { id_token_alg: algorithm, ..settings(SCOPE) };
        let rp = RelyingParty::with(&app, &format!("rp-{algorithm}"), true, settings).await;
        let tokens = rp.tokens(&browser, &[]).await;
        let header = header_of(tokens["id_token"].as_str().unwrap());
        assert_eq!(header["alg"], algorithm.as_str());
        let set = app.anonymous().get("/.well-known/jwks.json").await.assert_status(200).json();
        let keys = set["keys"].as_array().unwrap();
        assert!(keys.iter().any(|key| key["kid"] == header["kid"]), "{set}");
    }
}

#[tokio::test]
async fn an_id_token_is_no_access_token_and_an_access_token_no_id_token() {
    let (app, rp, browser) = start().await;
    let tokens = rp.tokens(&browser, &[("scope", "openid posts:read account")]).await;
    let id_token = tokens["id_token"].as_str().unwrap();
    for path in ["/posts", "/users/me", "/oauth/userinfo", "/oauth/check"] {
        app.bearer(id_token).get(path).await.assert_status(401);
    }
    let confidential = RelyingParty::confidential(&app, "api").await;
    let inactive = confidential.ask("/oauth/introspect", &[("token", id_token)]).await;
    assert_eq!(inactive.json(), json!({ "active": false }));
    let hint = tokens["access_token"].as_str().unwrap();
    let answer = browser.get(&rp.request(&[("id_token_hint", hint)])).await;
    assert_eq!(crate::relying_party::error(&answer), "invalid_request");
}

#[tokio::test]
async fn a_session_of_an_application_ends_with_the_browser_session_unless_it_was_granted_more() {
    let (app, rp, browser) = start().await;
    let bound = rp.tokens(&browser, &[("scope", "openid posts:read")]).await;
    let offline = rp.tokens(&browser, &[("scope", "openid posts:read offline_access")]).await;
    let reader = |tokens: &Value| app.bearer(tokens["access_token"].as_str().unwrap());
    let next = rp.refresh(&bound).await.assert_status(200).json();
    assert_eq!(payload(&next["id_token"])["sub"], payload(&bound["id_token"])["sub"]);
    assert_eq!(payload(&next["id_token"]).get("nonce"), None);
    let page = browser.get("/account/logout").await.assert_status(200);
    browser.submit(&crate::browser::forms(&page.text()).remove(0)).await.assert_status(303);
    reader(&bound).get("/posts").await.assert_gone("of a browser session that ended");
    refused(&rp.refresh(&next).await, "invalid_grant");
    reader(&offline).get("/posts").await.assert_status(200);
    rp.refresh(&offline).await.assert_status(200);
}

#[tokio::test]
async fn a_browser_session_that_is_over_by_age_takes_its_applications_along() {
    let app = TestApp::with_flags(&["--session-idle", "1h", "--session-absolute", "3h"]).await;
    app.user("ana").await;
    let rp = RelyingParty::public(&app, "album").await;
    let browser = Browser::logged_in(&app, "ana").await;
    let mut tokens = rp.tokens(&browser, &[]).await;
    // The application is busy; the person is not.
    app.clock.advance(Duration::minutes(50));
    tokens = rp.refresh(&tokens).await.assert_status(200).json();
    app.clock.advance(Duration::minutes(50));
    refused(&rp.refresh(&tokens).await, "invalid_grant");
}

#[tokio::test]
async fn refresh_tokens_of_public_clients_rotate_and_are_theirs_alone() {
    let (app, rp, browser) = start().await;
    let other = RelyingParty::public(&app, "other").await;
    let first = rp.tokens(&browser, &[]).await;
    refused(&other.refresh(&first).await, "invalid_grant");
    let token = first["refresh_token"].as_str().unwrap();
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
    refused(&form(&app, "/oauth/token", &fields).send().await, "invalid_grant");
    let second = rp.refresh(&first).await.assert_status(200).json();
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    rp.refresh(&first).await.assert_status(200);
    app.clock.advance(Duration::minutes(1));
    refused(&rp.refresh(&first).await, "invalid_grant");
    refused(&rp.refresh(&second).await, "invalid_grant");
}

#[tokio::test]
async fn a_public_client_has_no_grant_of_its_own_and_no_password_of_others() {
    let (app, rp, _) = start().await;
    refused(&rp.ask("/oauth/token", &[("grant_type", "client_credentials")]).await, "unauthorized_client");
    let login = [
        ("grant_type", "password"),
        ("username", "ana@example.com"),
        ("password", keyward_api::testing::app::PASSWORD),
    ];
    refused(&rp.ask("/oauth/token", &login).await, "unauthorized_client");
    let own = ClientSettings { first_party: true, ..settings(SCOPE) };
    let own = RelyingParty::with(&app, "own", true, own).await;
    own.ask("/oauth/token", &login).await.assert_status(200);
    refused(&rp.ask("/oauth/introspect", &[("token", "x")]).await, "invalid_client");
    let wrong = form(&app, "/oauth/token", &[("grant_type", "client_credentials")]);
    refused(&wrong.header("authorization", basic("album", "guess")).send().await, "invalid_client");
}

#[tokio::test]
async fn introspection_and_revocation_know_the_tokens() {
    let (app, rp, browser) = start().await;
    let api = RelyingParty::confidential(&app, "api").await;
    let tokens = rp.tokens(&browser, &[("scope", "openid posts:read")]).await;
    for member in ["access_token", "refresh_token"] {
        let token = tokens[member].as_str().unwrap();
        let state = api.ask("/oauth/introspect", &[("token", token)]).await.assert_status(200).json();
        assert_eq!((&state["active"], &state["client_id"]), (&json!(true), &json!("album")), "{member}");
    }
    let token = tokens["refresh_token"].as_str().unwrap();
    api.ask("/oauth/revoke", &[("token", token)]).await.assert_status(200);
    rp.refresh(&tokens).await.assert_status(200);
    rp.ask("/oauth/revoke", &[("token", token)]).await.assert_status(200);
    let state = api.ask("/oauth/introspect", &[("token", tokens["access_token"].as_str().unwrap())]).await;
    assert_eq!(state.json(), json!({ "active": false }));
    let unknown = form(&app, "/oauth/revoke", &[("token", token), ("client_id", "unknown")]).send().await;
    refused(&unknown, "invalid_client");
    assert_eq!(secret("api").len(), 17);
}

#[tokio::test]
async fn a_token_is_for_the_resource_that_was_asked_for() {
    let (app, _, browser) = start().await;
    let resource = "https://api.example.com/v1";
    let settings =
        ClientSettings { resources: vec![ResourceUri::parse(resource).unwrap()], ..settings(SCOPE) };
    let rp = RelyingParty::with(&app, "mcp", true, settings).await;
    let asked = [("scope", "openid posts:read"), ("resource", resource)];
    let page = browser.get(&rp.request(&asked)).await.assert_status(200);
    assert!(page.text().contains("api.example.com"), "{}", page.text());
    let code_of = async || code(&rp, &browser, &asked).await;
    let foreign = [("code", &*code_of().await), ("resource", "https://other.example.com")];
    refused(&rp.redeem_with(&foreign).await, "invalid_target");
    let tokens = rp.redeem_with(&[("code", &*code_of().await), ("resource", resource)]).await;
    let tokens = tokens.assert_status(200).json();
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(claims_of(access)["aud"], json!([resource, "http://127.0.0.1:8000"]));
    app.bearer(access).get("/posts").await.assert_status(401);
    app.bearer(access).get("/oauth/userinfo").await.assert_status(200);
    let next = rp.refresh(&tokens).await.assert_status(200).json();
    assert_eq!(
        claims_of(next["access_token"].as_str().unwrap())["aud"],
        json!([resource, "http://127.0.0.1:8000"])
    );
    let api = RelyingParty::confidential(&app, "api").await;
    let state = api.ask("/oauth/introspect", &[("token", access)]).await.assert_status(200).json();
    assert_eq!((&state["active"], &state["aud"][0]), (&json!(true), &json!(resource)));
    // A consent for this server does not count for another one.
    rp.tokens(&browser, &[("scope", "openid posts:read")]).await;
    let silent = browser.get(&rp.request(&[("scope", "openid"), ("prompt", "none")])).await;
    assert!(one(&crate::relying_party::returned(&silent, crate::relying_party::CALLBACK), "code").is_some());
}

#[tokio::test]
async fn a_third_partys_token_touches_the_account_only_if_it_was_allowed_to() {
    let (app, rp, browser) = start().await;
    let reader = rp.tokens(&browser, &[("scope", "openid profile posts:read")]).await;
    let reader = app.bearer(reader["access_token"].as_str().unwrap());
    reader.get("/posts").await.assert_status(200);
    for path in ["/users/me/factors", "/users/me/api-keys"] {
        assert_eq!(&*reader.get(path).await.assert_status(403).code(), "insufficient_scope", "{path}");
    }
    let keeper = rp.tokens(&browser, &[("scope", "openid account")]).await;
    let keeper = app.bearer(keeper["access_token"].as_str().unwrap());
    keeper.get("/users/me/factors").await.assert_status(200);
    // What the client is registered for no more is lost at the next refresh.
    let tokens = rp.tokens(&browser, &[("scope", "openid posts:read")]).await;
    let root = app.admin("root").await;
    root.patch("/clients/album", json!({ "scope": "openid" })).await.assert_status(200);
    assert_eq!(rp.refresh(&tokens).await.assert_status(200).json()["scope"], "openid");
    assert_eq!(ScopeSet::parse("openid").unwrap().to_string(), "openid");
}

#[tokio::test]
async fn a_third_partys_token_reads_the_account_with_the_scope_account_alone() {
    let (app, rp, browser) = start().await;
    let ana = app.log_in("ana").await;
    let own = format!("/users/{}", ana.id);
    for (scope, status) in [("openid profile email posts:read", 403), ("account", 200)] {
        let tokens = rp.tokens(&browser, &[("scope", scope)]).await;
        let reader = app.bearer(tokens["access_token"].as_str().unwrap());
        for path in ["/users/me", &own] {
            reader.get(path).await.assert_status(status);
        }
    }
}

#[tokio::test]
async fn a_code_is_of_no_use_once_what_allowed_it_is_taken_back() {
    let (app, rp, browser) = start().await;
    let scope = [("scope", "openid posts:read")];
    let first = code(&rp, &browser, &scope).await;
    let page = browser.get("/account/apps").await.assert_status(200).text();
    let remove = crate::browser::forms(&page).into_iter().find(|form| {
        form.action.ends_with("/account/apps") && form.fields.iter().any(|(_, value)| value == "album")
    });
    browser.submit(&remove.unwrap()).await.assert_status(303);
    refused(&rp.redeem(&first).await, "invalid_grant");
    // Nor is one that was given to a namesake.
    let second = code(&rp, &browser, &scope).await;
    app.clock.advance(Duration::seconds(20));
    let root = app.admin("root").await;
    root.delete("/clients/album").await.assert_status(204);
    RelyingParty::public(&app, "album").await;
    refused(&rp.redeem(&second).await, "invalid_grant");
}

#[tokio::test]
async fn grants_do_not_push_out_logins_and_are_bounded_by_themselves() {
    let app = TestApp::with_flags(&["--sessions-per-account", "1"]).await;
    app.user("ana").await;
    let rp = RelyingParty::public(&app, "album").await;
    let browser = Browser::logged_in(&app, "ana").await;
    for scope in ["openid posts:read", "openid posts:read offline_access"] {
        let mut all = Vec::new();
        for _ in 0..12 {
            all.push(rp.tokens(&browser, &[("scope", scope)]).await);
            app.clock.advance(Duration::seconds(1));
        }
        let status = async |tokens: &Value| {
            app.bearer(tokens["access_token"].as_str().unwrap()).get("/posts").await.status.as_u16()
        };
        assert_eq!((status(&all[0]).await, status(&all[1]).await), (401, 401), "{scope}");
        assert_eq!((status(&all[2]).await, status(&all[11]).await), (200, 200), "{scope}");
        browser.get("/account/apps").await.assert_status(200);
    }
}

#[tokio::test]
async fn what_is_taken_from_a_client_is_in_force_for_its_grants() {
    let (app, _, browser) = start().await;
    let resource = "https://api.example.com";
    let settings =
        ClientSettings { resources: vec![ResourceUri::parse(resource).unwrap()], ..settings(SCOPE) };
    let rp = RelyingParty::with(&app, "mcp", true, settings).await;
    let asked = [("scope", "openid posts:read"), ("resource", resource)];
    let tokens = rp.tokens(&browser, &asked).await;
    let offline = rp.tokens(&browser, &[("scope", "openid offline_access")]).await;
    let pending = code(&rp, &browser, &asked).await;
    let root = app.admin("root").await;
    let less = json!({ "resources": [], "scope": "openid posts:read" });
    root.patch("/clients/mcp", less).await.assert_status(200);
    refused(&rp.redeem(&pending).await, "invalid_target");
    refused(&rp.refresh(&tokens).await, "invalid_grant");
    refused(&rp.refresh(&offline).await, "invalid_grant");
}
