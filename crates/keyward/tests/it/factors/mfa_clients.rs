//! Who may finish a login: the client that began it, or, where none did, a caller that is no client.

use keyward_api::testing::answer::Answer;
use keyward_api::testing::app::{PASSWORD, TestApp};
use serde_json::json;

use super::phone::{Enrolled, enrolled, half};
use crate::app::Starts;
use crate::forge::claims_of;
use crate::oauth::{basic, form, register, secret, token};

/// Two clients, and a user with an app.
async fn start() -> (TestApp, Enrolled) {
    let app = TestApp::start().await;
    for id in ["web", "other"] {
        register(&app, id).await;
    }
    let ana = enrolled(&app, "ana").await;
    (app, ana)
}

/// Ana's password, sent by this client: the token to come back with.
async fn begun(app: &TestApp, client: Option<&str>, scope: &str) -> String {
    let login = [
        ("grant_type", "password"),
        ("username", "ana@example.com"),
        ("password", PASSWORD),
        ("scope", scope),
    ];
    let owed = token(app, client, &login).await.assert_status(401);
    assert_eq!(owed.code(), "mfa_required");
    owed.json()["mfa_token"].as_str().unwrap().to_owned()
}

/// Comes back as this client, by HTTP Basic.
async fn finished(app: &TestApp, client: Option<&str>, mfa_token: &str, otp: &str) -> Answer {
    let call = form(app, "/login/mfa", &[("mfa_token", mfa_token), ("otp", otp)]);
    match client {
        Some(id) => call.header("authorization", basic(id, &secret(id))).send().await,
        None => call.send().await,
    }
}

#[tokio::test]
async fn what_a_client_began_it_finishes_and_no_other_does() {
    let (app, ana) = start().await;
    let mfa_token = begun(&app, Some("web"), "posts:read").await;
    let code = ana.phone.fresh_code(&app);
    for other in [None, Some("other")] {
        let refused = finished(&app, other, &mfa_token, &code).await.assert_status(401);
        assert_eq!(refused.code(), "invalid_mfa_token", "{other:?}");
    }
    let tokens = finished(&app, Some("web"), &mfa_token, &code).await.assert_status(200).json();
    let claims = claims_of(tokens["access_token"].as_str().unwrap());
    assert_eq!((&claims["client_id"], &claims["scope"]), (&json!("web"), &json!("posts:read")));
}

#[tokio::test]
async fn what_no_client_began_none_finishes() {
    let (app, ana) = start().await;
    let code = ana.phone.fresh_code(&app);
    for mfa_token in [half(&app, "ana").await, begun(&app, None, "posts:read").await] {
        let refused = finished(&app, Some("web"), &mfa_token, &code).await.assert_status(401);
        assert_eq!(refused.code(), "invalid_mfa_token");
    }
    let mfa_token = begun(&app, None, "posts:read").await;
    let tokens = finished(&app, None, &mfa_token, &code).await.assert_status(200).json();
    assert_eq!(tokens["scope"], "posts:read");
    assert!(claims_of(tokens["access_token"].as_str().unwrap()).get("client_id").is_none());
}

#[tokio::test]
async fn credentials_of_no_client_in_the_header_count_as_absent() {
    let (app, ana) = start().await;
    let code = ana.phone.fresh_code(&app);
    for header in ["Bearer eyJhbGciOiJub25lIn0", "Negotiate", "Basic !", &basic("proxy", "its own")] {
        let mfa_token = half(&app, "ana").await;
        let wrong = json!({ "mfa_token": mfa_token, "otp": ana.phone.wrong_code(&app) });
        let call = app.anonymous().call("POST", "/login/mfa").json(&wrong).header("authorization", header);
        assert_eq!(call.send().await.assert_status(401).code(), "wrong_code", "{header}");
    }
    let mfa_token = half(&app, "ana").await;
    let right = json!({ "mfa_token": mfa_token, "otp": code });
    let call = app.anonymous().call("POST", "/login/mfa").json(&right);
    call.header("authorization", basic("proxy", "its own")).send().await.assert_status(200);
    // What a registered client sends counts.
    let mfa_token = half(&app, "ana").await;
    let right = json!({ "mfa_token": mfa_token, "otp": ana.phone.fresh_code(&app) });
    let call = app.anonymous().call("POST", "/login/mfa").json(&right);
    let refused = call.header("authorization", basic("web", "a guess")).send().await.assert_status(401);
    assert_eq!(refused.code(), "invalid_client");
}

#[tokio::test]
async fn a_client_authenticates_itself_in_the_body_as_well_and_once() {
    let (app, ana) = start().await;
    let mfa_token = begun(&app, Some("web"), "posts:read").await;
    let body = |client_secret: &str, otp: &str| json!({ "mfa_token": mfa_token, "otp": otp, "client_id": "web", "client_secret": client_secret });
    let code = ana.phone.fresh_code(&app);
    let wrong = app.anonymous().post("/login/mfa", body("a guess", &code)).await.assert_status(401);
    assert_eq!(
        (wrong.code(), &wrong.json()["error"]),
        ("invalid_client".to_owned(), &json!("invalid_client"))
    );
    let nameless = json!({ "mfa_token": mfa_token, "otp": code, "client_id": "web" });
    assert_eq!(
        app.anonymous().post("/login/mfa", nameless).await.assert_status(401).code(),
        "invalid_client"
    );
    let twice = app.anonymous().call("POST", "/login/mfa").json(&body(&secret("web"), &code));
    let twice = twice.header("authorization", basic("web", &secret("web"))).send().await.assert_status(400);
    assert_eq!(twice.code(), "ambiguous_client");
    app.anonymous().post("/login/mfa", body(&secret("web"), &code)).await.assert_status(200);
}

#[tokio::test]
async fn a_client_that_lost_a_scope_meanwhile_does_not_get_it_by_the_second_factor() {
    let (app, ana) = start().await;
    let mfa_token = begun(&app, Some("web"), "posts:read shop").await;
    app.home.execute("UPDATE clients SET scope = 'shop' WHERE id = 'web'").await;
    let code = ana.phone.fresh_code(&app);
    let tokens = finished(&app, Some("web"), &mfa_token, &code).await.assert_status(200).json();
    assert_eq!(tokens["scope"], "shop");
}
