//! Logins with a second factor whose tokens are bound to a key (DPoP, RFC 9449).

use keyward_api::testing::app::{PASSWORD, TestApp};
use serde_json::json;

use super::phone::{enrolled, half};
use crate::app::Starts;
use crate::forge::claims_of;
use crate::oauth::form;
use crate::prover::{Prover, SERVER};

#[tokio::test]
async fn a_login_that_showed_a_key_is_finished_with_the_same_key_alone_and_bound_to_it() {
    let app = TestApp::start().await;
    let ana = enrolled(&app, "ana").await;
    let (prover, thief) = (Prover::new(&app), Prover::new(&app));
    let login = [("grant_type", "password"), ("username", "ana@example.com"), ("password", PASSWORD)];
    let owed = prover.prove("/oauth/token", || form(&app, "/oauth/token", &login)).await.assert_status(401);
    assert_eq!(owed.code(), "mfa_required");
    let mfa_token = owed.json()["mfa_token"].as_str().unwrap().to_owned();
    let code = ana.phone.fresh_code(&app);
    let finish = || form(&app, "/login/mfa", &[("mfa_token", &mfa_token), ("otp", &code)]);
    assert_eq!(finish().send().await.assert_status(401).code(), "invalid_mfa_token");
    let stolen = thief.prove("/login/mfa", finish).await.assert_status(401);
    assert_eq!(stolen.code(), "invalid_mfa_token");
    let claims = prover.claims("POST", &format!("{SERVER}/oauth/token"));
    let elsewhere = finish().header("dpop", prover.sign(&claims)).send().await.assert_status(400);
    assert_eq!(elsewhere.code(), "invalid_dpop_proof");
    // None of them has used up the token or the code.
    let tokens = prover.prove("/login/mfa", finish).await.assert_status(200).json();
    assert_eq!(tokens["token_type"], "DPoP");
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(claims_of(access)["cnf"]["jkt"], prover.thumbprint());
    prover.call("GET", "/users/me", access).send().await.assert_status(200);
    let plain = json!({ "refresh_token": tokens["refresh_token"] });
    app.anonymous().post("/refresh_token", plain).await.assert_status(401);
    let token = tokens["refresh_token"].as_str().unwrap();
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
    prover.prove("/oauth/token", || form(&app, "/oauth/token", &fields)).await.assert_status(200);
}

#[tokio::test]
async fn a_key_that_only_the_second_half_shows_binds_the_tokens_too() {
    let app = TestApp::start().await;
    let ana = enrolled(&app, "ana").await;
    let (prover, mfa_token) = (Prover::new(&app), half(&app, "ana").await);
    let code = ana.phone.fresh_code(&app);
    let finish = || form(&app, "/login/mfa", &[("mfa_token", &mfa_token), ("otp", &code)]);
    let tokens = prover.prove("/login/mfa", finish).await.assert_status(200).json();
    assert_eq!(tokens["token_type"], "DPoP");
    let plain = json!({ "refresh_token": tokens["refresh_token"] });
    app.anonymous().post("/refresh_token", plain).await.assert_status(401);
}
