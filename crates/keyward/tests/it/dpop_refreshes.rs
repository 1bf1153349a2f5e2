//! Refreshes that show a key for the first time, and what a proof at the token endpoint costs (DPoP, RFC 9449, section 5).

use serde_json::{Value, json};

use crate::app::Starts;
use crate::browser::Browser;
use crate::forge::claims_of;
use crate::oauth::{basic, form, secret};
use crate::prover::{Prover, SERVER};
use crate::relying_party::RelyingParty;
use keyward_api::testing::app::TestApp;

/// A client without a secret, whose tokens are not bound.
struct Unbound {
    app: TestApp,
    rp: RelyingParty,
    browser: Browser,
}

impl Unbound {
    async fn start() -> Self {
        let app = TestApp::start().await;
        app.user("ana").await;
        let rp = RelyingParty::public(&app, "album").await;
        let browser = Browser::logged_in(&app, "ana").await;
        Self { app, rp, browser }
    }

    async fn tokens(&self) -> Value {
        self.rp.tokens(&self.browser, &[]).await
    }

    /// The next refresh token is good for this key alone.
    async fn assert_bound(&self, tokens: &Value, prover: &Prover) {
        for refused in [self.rp.refresh(tokens).await, Prover::new(&self.app).refresh(&self.rp, tokens).await]
        {
            assert_eq!(refused.assert_status(400).json()["error"], "invalid_grant");
        }
        prover.refresh(&self.rp, tokens).await.assert_status(200);
    }
}

#[tokio::test]
async fn a_refresh_with_a_proof_binds_the_tokens_of_a_public_client_from_then_on() {
    let scene = Unbound::start().await;
    let (prover, tokens) = (Prover::new(&scene.app), scene.tokens().await);
    let next = prover.refresh(&scene.rp, &tokens).await.assert_status(200).json();
    assert_eq!(next["token_type"], "DPoP");
    assert_eq!(claims_of(next["access_token"].as_str().unwrap())["cnf"]["jkt"], prover.thumbprint());
    scene.assert_bound(&next, &prover).await;
}

#[tokio::test]
async fn so_it_does_with_a_session_of_our_own_front_end() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let prover = Prover::new(&app);
    let fields = [("grant_type", "refresh_token"), ("refresh_token", ana.refresh.as_str())];
    let next = prover.prove("/oauth/token", || form(&app, "/oauth/token", &fields)).await;
    let next = next.assert_status(200).json();
    assert_eq!(next["token_type"], "DPoP");
    let plain = json!({ "refresh_token": next["refresh_token"] });
    app.anonymous().post("/refresh_token", plain).await.assert_status(401);
    let fields =
        [("grant_type", "refresh_token"), ("refresh_token", next["refresh_token"].as_str().unwrap())];
    prover.prove("/oauth/token", || form(&app, "/oauth/token", &fields)).await.assert_status(200);
}

#[tokio::test]
async fn a_caller_who_comes_second_with_a_key_gets_the_successor_bound() {
    let scene = Unbound::start().await;
    let (prover, tokens) = (Prover::new(&scene.app), scene.tokens().await);
    scene.rp.refresh(&tokens).await.assert_status(200);
    let next = prover.refresh(&scene.rp, &tokens).await.assert_status(200).json();
    scene.assert_bound(&next, &prover).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_callers_with_keys_of_their_own_one_gets_tokens() {
    let scene = Unbound::start().await;
    for spent in [false, true].repeat(8) {
        let tokens = scene.tokens().await;
        if spent {
            scene.rp.refresh(&tokens).await.assert_status(200);
        }
        let (one, other) = (Prover::new(&scene.app), Prover::new(&scene.app));
        let both = tokio::join!(one.refresh(&scene.rp, &tokens), other.refresh(&scene.rp, &tokens));
        let (winner, next, loser) = match (both.0.status.as_u16(), both.1.status.as_u16()) {
            (200, 400) => (&one, both.0, both.1),
            (400, 200) => (&other, both.1, both.0),
            statuses => panic!("one of them has to win: {statuses:?}"),
        };
        assert_eq!(loser.json()["error"], "invalid_grant");
        scene.assert_bound(&next.json(), winner).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_callers_with_the_same_key_both_get_tokens() {
    let scene = Unbound::start().await;
    let prover = Prover::new(&scene.app);
    let mut tokens = scene.tokens().await;
    for _ in 0..6 {
        let (one, other) =
            tokio::join!(prover.refresh(&scene.rp, &tokens), prover.refresh(&scene.rp, &tokens));
        assert_eq!((one.status.as_u16(), other.status.as_u16()), (200, 200));
        tokens = one.json();
    }
}

#[tokio::test]
async fn a_proof_is_used_up_by_a_known_client_alone_and_every_answer_to_one_brings_a_nonce() {
    let app = TestApp::start().await;
    crate::oauth::register_for(&app, "robot", "posts:read").await;
    let prover = Prover::new(&app);
    let ask = async |secret: &str, grant: &str, proof: String| {
        let call = form(&app, "/oauth/token", &[("grant_type", grant), ("refresh_token", "x")]);
        call.header("authorization", basic("robot", secret)).header("dpop", proof).send().await
    };
    let mut claims = prover.claims("POST", &format!("{SERVER}/oauth/token"));
    let right = secret("robot");
    let first = ask(&right, "client_credentials", prover.sign(&claims)).await;
    claims["nonce"] = json!(first.header("dpop-nonce"));
    let proof = prover.sign(&claims);
    let refused = ask("wrong", "client_credentials", proof.clone()).await.assert_status(401);
    assert_eq!(refused.header("dpop-nonce").len(), 32);
    ask(&right, "client_credentials", proof.clone()).await.assert_status(200);
    let again = ask(&right, "client_credentials", proof).await.assert_status(400);
    assert_eq!(again.json()["error"], "invalid_dpop_proof");
    claims["jti"] = json!("another");
    let refused = ask(&right, "refresh_token", prover.sign(&claims)).await.assert_status(400);
    assert_eq!((&refused.json()["error"], refused.header("dpop-nonce").len()), (&json!("invalid_grant"), 32));
}
