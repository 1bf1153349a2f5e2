//! `/oauth/revoke` (RFC 7009) and `/oauth/introspect` (RFC 7662).

use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::TestApp;
use keyward_api::testing::call::Call;
use keyward_api::testing::person::Person;
use serde_json::{Value, json};
use time::Duration;

use crate::app::Starts;
use crate::forge::claims_of;
use crate::oauth::{basic, form, log_in, register, secret, token};
use crate::sessions::{assert_spent, refreshed, session_of};

fn as_client(call: Call, id: &str) -> Call {
    call.header("authorization", basic(id, &secret(id)))
}

async fn revoke(app: &TestApp, client: &str, fields: &[(&str, &str)]) {
    let answer = as_client(form(app, "/oauth/revoke", fields), client).send().await.assert_status(200);
    assert!(answer.body.is_empty());
}

async fn introspect(app: &TestApp, fields: &[(&str, &str)]) -> Value {
    let answer = as_client(form(app, "/oauth/introspect", fields), "web").send().await.assert_status(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.json()
}

/// That a token is worth nothing, and nothing more is said.
async fn assert_inactive(app: &TestApp, token: &str, what: &str) {
    assert_eq!(introspect(app, &[("token", token)]).await, json!({ "active": false }), "{what}");
    let hinted = [("token", token), ("token_type_hint", "refresh_token")];
    assert_eq!(introspect(app, &hinted).await, json!({ "active": false }), "{what}");
}

async fn assert_ended(person: &Person) {
    person.get("/oauth/check").await.assert_gone("revoked");
    assert_inactive(&person.app, person.token(), "a revoked access token").await;
    assert_inactive(&person.app, &person.refresh, "a revoked refresh token").await;
}

async fn start() -> TestApp {
    let app = TestApp::start().await;
    register(&app, "web").await;
    register(&app, "other").await;
    app.user("ana").await;
    app
}

#[tokio::test]
async fn revoking_either_token_with_any_hint_ends_the_session() {
    let app = start().await;
    for hint in [None, Some("access_token"), Some("refresh_token"), Some("nonsense"), Some("")] {
        for of_refresh in [true, false] {
            let (ana, witness) = (log_in(&app, Some("web")).await, log_in(&app, Some("web")).await);
            let token = if of_refresh { &ana.refresh } else { ana.token() };
            let mut fields = vec![("token", token)];
            fields.extend(hint.map(|hint| ("token_type_hint", hint)));
            revoke(&app, "web", &fields).await;
            assert_ended(&ana).await;
            revoke(&app, "web", &fields).await;
            witness.get("/oauth/check").await.assert_status(204);
        }
    }
}

#[tokio::test]
async fn revoking_what_is_unknown_or_spent_or_anothers_changes_nothing() {
    let app = start().await;
    for token in ["x", "kwr_nonsense", "a.b.c", "\u{1f40e}"] {
        revoke(&app, "web", &[("token", token)]).await;
    }
    let ana = log_in(&app, Some("web")).await;
    for token in [&ana.refresh, ana.token()] {
        revoke(&app, "other", &[("token", token)]).await;
    }
    ana.get("/oauth/check").await.assert_status(204);
    assert_eq!(introspect(&app, &[("token", &ana.refresh)]).await["active"], true);
    let open = log_in(&app, None).await;
    revoke(&app, "other", &[("token", &open.refresh)]).await;
    open.get("/users/me").await.assert_gone("a session of no client ends by any client that holds its token");
    let answer = app.anonymous().get("/oauth/revoke").await.assert_status(405);
    assert_eq!(answer.header("allow"), "POST");
}

#[tokio::test]
async fn both_endpoints_need_a_client_and_a_token() {
    let app = start().await;
    let ana = app.log_in("ana").await;
    for path in ["/oauth/revoke", "/oauth/introspect"] {
        let anonymous = form(&app, path, &[("token", &ana.refresh)]);
        let wrong = form(&app, path, &[("token", &ana.refresh)]).header("authorization", basic("web", "x"));
        let bearer = ana.call("POST", path).form(&format!("token={}", ana.refresh));
        let empty = app.anonymous().call("POST", path);
        let calls: [Call; 4] = [anonymous, wrong, bearer, empty];
        for call in calls {
            let answer: Answer = call.send().await.assert_status(401);
            assert_eq!(answer.json()["error"], "invalid_client");
            assert!(answer.header("www-authenticate").starts_with("Basic realm="));
        }
        for fields in [&[][..], &[("token_type_hint", "access_token")], &[("token", "x"), ("token", "y")]] {
            let answer = as_client(form(&app, path, fields), "web").send().await.assert_status(400);
            assert_eq!(answer.json()["error"], "invalid_request");
        }
        let both =
            form(&app, path, &[("token", "x"), ("client_id", "web"), ("client_secret", "the-secret-of-web")]);
        both.send().await.assert_status(200);
    }
    ana.get("/users/me").await.assert_status(200);
}

#[tokio::test]
async fn a_good_token_is_described_and_whatever_is_not_is_inactive_and_no_more() {
    let app = start().await;
    let ana = log_in(&app, Some("web")).await;
    let claims = claims_of(ana.token());
    let mut expected = claims.clone();
    expected["active"] = json!(true);
    expected["token_type"] = json!("bearer");
    expected["aud"] = json!([claims["aud"]]);
    assert_eq!(introspect(&app, &[("token", ana.token())]).await, expected);
    let state = introspect(&app, &[("token", &ana.refresh)]).await;
    assert_eq!((&state["active"], state.get("token_type")), (&json!(true), None));
    assert_eq!((&state["sub"], &state["client_id"]), (&claims["sub"], &json!("web")));
    assert_eq!((&state["sid"], &state["scope"]), (&json!(session_of(&ana).to_string()), &claims["scope"]));
    assert!(state["exp"].as_i64().unwrap() > claims["exp"].as_i64().unwrap());
    for garbage in ["x", "kwr_", "a.b.c", "null", &ana.token()[1..], &ana.refresh[..70]] {
        assert_inactive(&app, garbage, garbage).await;
    }
    let open = app.log_in("ana").await;
    let next = refreshed(&app, &open.refresh).await;
    assert_inactive(&app, &open.refresh, "a spent refresh token, even within the grace").await;
    assert_eq!(introspect(&app, &[("token", &next.refresh)]).await["active"], true);
    next.call("POST", "/logout").send().await.assert_status(204);
    assert_ended(&next).await;
    app.clock.advance(Duration::minutes(16));
    assert_inactive(&app, ana.token(), "an expired access token").await;
    assert_eq!(introspect(&app, &[("token", &ana.refresh)]).await["active"], true);
    app.clock.advance(Duration::days(30));
    assert_inactive(&app, &ana.refresh, "a refresh token of a session that is over").await;
    assert_spent(&app, &ana.refresh, "a refresh token of a session that is over").await;
}

#[tokio::test]
async fn a_clients_own_token_is_described_until_it_expires() {
    let app = start().await;
    let answer = token(&app, Some("web"), &[("grant_type", "client_credentials")]).await.assert_status(200);
    let own = answer.json()["access_token"].as_str().unwrap().to_owned();
    let state = introspect(&app, &[("token", &own)]).await;
    assert_eq!(
        (&state["active"], &state["sub"], &state["client_id"]),
        (&json!(true), &json!("web"), &json!("web"))
    );
    assert_eq!(state["scope"], "posts:read shop");
    assert!(state.get("sid").is_none());
    let call = form(&app, "/oauth/revoke", &[("token", &own)]);
    let refused = call.header("authorization", basic("web", &secret("web"))).send().await.assert_status(400);
    assert_eq!(refused.json()["error"], "unsupported_token_type", "RFC 7009, section 2.2.1");
    assert_eq!(introspect(&app, &[("token", &own)]).await["active"], true);
    app.clock.advance(Duration::minutes(16));
    assert_inactive(&app, &own, "expired").await;
}

#[tokio::test]
async fn what_is_described_is_what_the_role_still_allows() {
    let app = start().await;
    let (root, boss) = (app.admin("root").await, app.admin("boss").await);
    assert!(introspect(&app, &[("token", boss.token())]).await["scope"].as_str().unwrap().contains("admin"));
    let path = format!("/users/{}", boss.id);
    root.patch(&path, json!({ "role": "user" })).await.assert_status(200);
    let scope = json!("posts:read posts:write shop");
    assert_eq!(introspect(&app, &[("token", boss.token())]).await["scope"], scope);
    assert_eq!(introspect(&app, &[("token", &boss.refresh)]).await["scope"], scope);
    root.patch(&path, json!({ "disabled": true })).await.assert_status(200);
    assert_inactive(&app, boss.token(), "of a disabled account").await;
}
