//! How tokens get bound to a key: at the token endpoint, by `dpop_jkt`, and by what a refresh takes (DPoP, RFC 9449).

use serde_json::{Value, json};
use time::Duration;

use crate::app::Starts;
use crate::browser::Browser;
use crate::dpop::Bound;
use crate::forge::claims_of;
use crate::oauth::{basic, form, secret};
use crate::prover::{Prover, SERVER};
use crate::relying_party::{CALLBACK, CHALLENGE, RelyingParty, escape, one, returned};
use keyward_api::testing::app::{PASSWORD, TestApp};

#[tokio::test]
async fn the_metadata_name_the_algorithms_of_proofs() {
    let app = TestApp::start().await;
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-protected-resource"] {
        let metadata = app.anonymous().get(path).await.json();
        assert_eq!(
            metadata["dpop_signing_alg_values_supported"],
            json!(["ES256", "EdDSA", "RS256", "PS256"]),
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_token_endpoint_wants_a_proof_with_its_nonce_used_once() {
    let app = TestApp::start().await;
    crate::oauth::register_for(&app, "robot", "posts:read").await;
    let prover = Prover::new(&app);
    let ask = async |proofs: &[String]| {
        let call = form(&app, "/oauth/token", &[("grant_type", "client_credentials")]);
        let call = call.header("authorization", basic("robot", &secret("robot")));
        proofs.iter().fold(call, |call, proof| call.header("dpop", proof)).send().await
    };
    let claims = || prover.claims("POST", &format!("{SERVER}/oauth/token"));
    let first = ask(&[prover.sign(&claims())]).await.assert_status(400);
    assert_eq!((&first.json()["error"], &*first.code()), (&json!("use_dpop_nonce"), "use_dpop_nonce"));
    let nonce = first.header("dpop-nonce").to_owned();
    let with = |name: &str, value: Value| {
        let mut claims = claims();
        claims["nonce"] = json!(nonce);
        claims[name] = value;
        prover.sign(&claims)
    };
    let good = with("x", json!(1));
    let answer = ask(std::slice::from_ref(&good)).await.assert_status(200);
    assert_eq!(answer.json()["token_type"], "DPoP");
    assert_eq!(answer.header("dpop-nonce").len(), 32, "the next proof needs no further round");
    assert_eq!(claims_of(answer.json()["access_token"].as_str().unwrap())["cnf"]["jkt"], prover.thumbprint());
    for proofs in [
        vec![good],
        vec![with("htm", json!("GET"))],
        vec![with("htu", json!(format!("{SERVER}/oauth/par")))],
        vec![with("iat", json!(1))],
        vec!["x".to_owned()],
        vec![String::new()],
        vec![with("y", json!(1)), with("y", json!(2))],
        vec!["x".repeat(12_000)],
    ] {
        let refused = ask(&proofs).await.assert_status(400);
        assert_eq!(refused.json()["error"], "invalid_dpop_proof", "{proofs:?}");
    }
    for nonce in [json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), json!(""), json!("x".repeat(2_000))] {
        let refused = ask(&[with("nonce", nonce)]).await.assert_status(400);
        assert_eq!(refused.json()["error"], "use_dpop_nonce");
    }
    app.clock.advance(Duration::seconds(300));
    assert_eq!(
        ask(&[with("z", json!(1))]).await.assert_status(400).json()["error"],
        "use_dpop_nonce",
        "it is old"
    );
}

#[tokio::test]
async fn a_public_client_refreshes_with_the_key_of_its_first_proof_alone() {
    let bound = Bound::start(&[], true).await;
    let thief = Prover::new(&bound.app);
    let plain = bound.rp.refresh(&bound.tokens).await.assert_status(400);
    assert_eq!(plain.json()["error"], "invalid_grant");
    let other = thief.refresh(&bound.rp, &bound.tokens).await.assert_status(400);
    assert_eq!(other.json()["error"], "invalid_grant");
    let json = json!({ "refresh_token": bound.tokens["refresh_token"] });
    bound.app.anonymous().post("/refresh_token", json).await.assert_status(401);
    // None of them has spent it, or ended the session.
    let next = bound.prover.refresh(&bound.rp, &bound.tokens).await.assert_status(200).json();
    assert_eq!(next["token_type"], "DPoP");
    let token = next["access_token"].as_str().unwrap();
    assert_eq!(claims_of(token)["cnf"]["jkt"], bound.prover.thumbprint());
    bound.prover.call("GET", "/users/me", token).send().await.assert_status(200);
    // Also within the time in which a spent one still gets the successor.
    thief.refresh(&bound.rp, &bound.tokens).await.assert_status(400);
    bound.prover.refresh(&bound.rp, &next).await.assert_status(200);
}

#[tokio::test]
async fn a_client_with_a_secret_may_change_its_key_at_a_refresh() {
    let bound = Bound::start(&[], false).await;
    let fresh = Prover::new(&bound.app);
    let next = fresh.refresh(&bound.rp, &bound.tokens).await.assert_status(200).json();
    assert_eq!(claims_of(next["access_token"].as_str().unwrap())["cnf"]["jkt"], fresh.thumbprint());
    let plain = bound.rp.refresh(&next).await.assert_status(200).json();
    assert_eq!(
        (&plain["token_type"], &claims_of(plain["access_token"].as_str().unwrap())["cnf"]),
        (&json!("bearer"), &Value::Null)
    );
}

#[tokio::test]
async fn a_front_end_of_ours_binds_its_session_at_the_password_grant() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let prover = Prover::new(&app);
    let ask = async |fields: &[(&str, &str)]| {
        let mut claims = prover.claims("POST", &format!("{SERVER}/oauth/token"));
        let first = form(&app, "/oauth/token", fields).header("dpop", prover.sign(&claims)).send().await;
        claims["nonce"] = json!(first.header("dpop-nonce"));
        form(&app, "/oauth/token", fields).header("dpop", prover.sign(&claims)).send().await
    };
    let login = [("grant_type", "password"), ("username", "ana@example.com"), ("password", PASSWORD)];
    let tokens = ask(&login).await.assert_status(200).json();
    assert_eq!(tokens["token_type"], "DPoP");
    let refresh = json!({ "refresh_token": tokens["refresh_token"] });
    app.anonymous().post("/refresh_token", refresh.clone()).await.assert_status(401);
    let token = tokens["refresh_token"].as_str().unwrap();
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
    form(&app, "/oauth/token", &fields).send().await.assert_status(400);
    assert_eq!(ask(&fields).await.assert_status(200).json()["token_type"], "DPoP");
}

#[tokio::test]
async fn a_code_whose_request_named_a_key_is_traded_with_that_key_alone() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let rp = RelyingParty::public(&app, "album").await;
    let browser = Browser::logged_in(&app, "ana").await;
    let (prover, thief) = (Prover::new(&app), Prover::new(&app));
    let jkt = prover.thumbprint();
    let code = one(&rp.allowed(&browser, &[("dpop_jkt", &jkt)]).await, "code").unwrap();
    assert_eq!(rp.redeem(&code).await.assert_status(400).json()["error"], "invalid_grant");
    assert_eq!(thief.redeem(&rp, &code).await.assert_status(400).json()["error"], "invalid_grant");
    prover.redeem(&rp, &code).await.assert_status(200);
    for wrong in ["x", &jkt[1..], &format!("{jkt}="), &"\u{e4}".repeat(43)] {
        let refused = browser.get(&rp.request(&[("dpop_jkt", wrong)])).await;
        assert_eq!(
            one(&returned(&refused, CALLBACK), "error").as_deref(),
            Some("invalid_request"),
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn a_pushed_request_is_bound_by_its_proof_or_by_the_key_that_it_names() {
    let app = TestApp::start().await;
    app.user("ana").await;
    let rp = RelyingParty::public(&app, "album").await;
    let browser = Browser::logged_in(&app, "ana").await;
    let (prover, thief) = (Prover::new(&app), Prover::new(&app));
    let (own, other) = (prover.thumbprint(), thief.thumbprint());
    let push = async |named: Option<&str>, proof: bool| {
        let request = [
            ("response_type", "code"),
            ("redirect_uri", CALLBACK),
            ("scope", "openid"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let named: Vec<_> = named.map(|jkt| ("dpop_jkt", jkt)).into_iter().collect();
        let fields = [&request[..], &named].concat();
        if !proof {
            return rp.form("/oauth/par", &fields).send().await;
        }
        let mut claims = prover.claims("POST", &format!("{SERVER}/oauth/par"));
        let first = rp
            .form("/oauth/par", &fields)
            .header("dpop", prover.sign(&claims))
            .send()
            .await
            .assert_status(400);
        assert_eq!(first.json()["error"], "use_dpop_nonce");
        claims["nonce"] = json!(first.header("dpop-nonce"));
        rp.form("/oauth/par", &fields).header("dpop", prover.sign(&claims)).send().await
    };
    assert_eq!(push(Some(&other), true).await.assert_status(400).json()["error"], "invalid_request");
    let invalid = {
        let claims = prover.claims("GET", &format!("{SERVER}/oauth/par"));
        rp.form("/oauth/par", &[("response_type", "code")]).header("dpop", prover.sign(&claims)).send().await
    };
    assert_eq!(&*invalid.assert_status(400).code(), "invalid_dpop_proof");
    for (named, proof) in [(None, true), (Some(&*own), true), (Some(&*own), false)] {
        let answer = push(named, proof).await.assert_status(201);
        let uri = answer.json()["request_uri"].as_str().unwrap().to_owned();
        let path = format!("/oauth/authorize?client_id=album&request_uri={}", escape(&uri));
        let mut answer = browser.get(&path).await;
        if answer.status == 200 {
            answer = crate::relying_party::decide(&browser, &answer, "allow").await;
        }
        let code = one(&returned(&answer, CALLBACK), "code").unwrap();
        rp.redeem(&code).await.assert_status(400);
        thief.redeem(&rp, &code).await.assert_status(400);
        prover.redeem(&rp, &code).await.assert_status(200);
    }
}

#[tokio::test]
async fn introspection_says_what_a_token_is_bound_to() {
    let bound = Bound::start(&[], true).await;
    crate::oauth::register(&bound.app, "service").await;
    let state = async |token: &str| {
        let call = form(&bound.app, "/oauth/introspect", &[("token", token)]);
        call.header("authorization", basic("service", &secret("service")))
            .send()
            .await
            .assert_status(200)
            .json()
    };
    let access = state(bound.token()).await;
    assert_eq!(
        (&access["token_type"], &access["cnf"]),
        (&json!("DPoP"), &json!({ "jkt": bound.prover.thumbprint() }))
    );
    let refresh = state(bound.tokens["refresh_token"].as_str().unwrap()).await;
    assert_eq!(refresh["cnf"]["jkt"], bound.prover.thumbprint());
    let plain = state(bound.app.log_in("ana").await.token()).await;
    assert_eq!((&plain["token_type"], &plain["cnf"]), (&json!("bearer"), &Value::Null));
    let _ = &bound.browser;
}
