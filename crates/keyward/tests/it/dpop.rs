//! Tokens that are bound to a key, and the proofs that open a lock with them (DPoP, RFC 9449).

use keyward_api::testing::app::TestApp;
use serde_json::{Value, json};
use time::Duration;

use crate::app::Starts;
use crate::browser::Browser;
use crate::forge::claims_of;
use crate::prover::{Prover, SERVER};
use crate::relying_party::{RelyingParty, one};

/// A client of Ana's whose tokens are bound to its key.
pub(crate) struct Bound {
    pub(crate) app: TestApp,
    pub(crate) rp: RelyingParty,
    pub(crate) browser: Browser,
    pub(crate) prover: Prover,
    pub(crate) tokens: Value,
}

impl Bound {
    pub(crate) async fn start(flags: &[&str], public: bool) -> Self {
        let app = TestApp::with_flags(flags).await;
        app.user("ana").await;
        let rp = if public {
            RelyingParty::public(&app, "album").await
        } else {
            RelyingParty::confidential(&app, "album").await
        };
        let browser = Browser::logged_in(&app, "ana").await;
        let prover = Prover::new(&app);
        let answer = rp.allowed(&browser, &[("scope", "openid posts:read posts:write account")]).await;
        let tokens = prover.redeem(&rp, &one(&answer, "code").unwrap()).await.assert_status(200).json();
        Self { app, rp, browser, prover, tokens }
    }

    pub(crate) fn token(&self) -> &str {
        self.tokens["access_token"].as_str().unwrap()
    }

    /// A call of `GET /users/me` with a proof that says this.
    async fn shows(&self, claims: &Value) -> keyward_api::testing::answer::Answer {
        let call = self
            .app
            .anonymous()
            .call("GET", "/users/me")
            .header("authorization", format!("DPoP {}", self.token()));
        call.header("dpop", self.prover.sign(claims)).send().await
    }
}

#[tokio::test]
async fn a_bound_token_opens_locks_with_a_proof_and_userinfo_too() {
    let bound = Bound::start(&[], true).await;
    assert_eq!(bound.tokens["token_type"], "DPoP");
    assert_eq!(claims_of(bound.token())["cnf"]["jkt"], bound.prover.thumbprint());
    for (method, path) in [
        ("GET", "/users/me"),
        ("GET", "/posts?limit=1"),
        ("GET", "/oauth/userinfo"),
        ("POST", "/oauth/userinfo"),
    ] {
        bound.prover.call(method, path, bound.token()).send().await.assert_status(200);
    }
    let lacking = bound.prover.call("GET", "/users", bound.token()).send().await.assert_status(403);
    let challenge = lacking.header("www-authenticate");
    assert!(
        challenge.starts_with("DPoP algs=\"ES256 EdDSA RS256 PS256\", error=\"insufficient_scope\""),
        "{challenge}"
    );
}

#[tokio::test]
async fn a_bound_token_as_a_plain_bearer_is_refused_and_an_unbound_one_with_a_proof() {
    let bound = Bound::start(&[], true).await;
    let plain = bound.app.bearer(bound.token()).get("/users/me").await.assert_status(401);
    assert_eq!(&*plain.code(), "invalid_token");
    let challenges: Vec<_> =
        plain.headers.get_all("www-authenticate").iter().map(|value| value.to_str().unwrap()).collect();
    assert!(challenges[0].starts_with("Bearer error=\"invalid_token\""), "{challenges:?}");
    assert!(challenges[1].starts_with("DPoP algs=\"ES256 EdDSA RS256 PS256\""), "{challenges:?}");
    // Also with a good proof beside it.
    let proof = bound.prover.sign(&bound.prover.with_token("GET", "/users/me", bound.token()));
    let beside = bound.app.bearer(bound.token()).call("GET", "/users/me").header("dpop", proof).send().await;
    assert_eq!(&*beside.assert_status(401).code(), "invalid_token");
    let form = format!("access_token={}", bound.token());
    let in_form = bound.app.anonymous().call("POST", "/oauth/userinfo").form(&form).send().await;
    assert_eq!(&*in_form.assert_status(401).code(), "invalid_token");

    let ana = bound.app.log_in("ana").await;
    ana.get("/users/me").await.assert_status(200);
    let unbound = bound.prover.call("GET", "/users/me", ana.token()).send().await.assert_status(401);
    assert_eq!(&*unbound.code(), "invalid_token");
    assert!(unbound.header("www-authenticate").starts_with("DPoP algs="), "{unbound:?}");
    let key = ana.post("/users/me/api-keys", json!({ "name": "k" })).await.assert_status(201).json();
    let key = key["key"].as_str().unwrap().to_owned();
    bound.prover.call("GET", "/users/me", &key).send().await.assert_status(401);
}

#[tokio::test]
async fn a_proof_is_good_once_for_its_method_address_token_and_time() {
    let bound = Bound::start(&[], true).await;
    let good = || bound.prover.with_token("GET", "/users/me", bound.token());
    let changed = |name: &str, value: Value| {
        let mut claims = good();
        claims[name] = value;
        claims
    };
    let now = good()["iat"].as_i64().unwrap();
    for (claims, words) in [
        (changed("htm", json!("POST")), "is for another method"),
        (changed("htm", json!("get")), "is for another method"),
        (changed("htu", json!(format!("{SERVER}/users"))), "is for another address"),
        (changed("htu", json!("https://127.0.0.1:8000/users/me")), "is for another address"),
        (changed("htu", json!("http://evil.example/users/me")), "is for another address"),
        (changed("ath", json!("x")), "is for another access token"),
        (changed("ath", good()["jti"].clone()), "is for another access token"),
        (changed("iat", json!(now - 61)), "is too old"),
        (changed("iat", json!(now + 31)), "is from the future"),
        (changed("jti", json!("")), "needs a jti of 1 to 256 bytes"),
    ] {
        let answer = bound.shows(&claims).await.assert_status(401);
        assert_eq!(
            (&*answer.code(), &*answer.detail()),
            ("invalid_dpop_proof", &*format!("The DPoP proof {words}")),
            "{claims}"
        );
        assert!(answer.header("www-authenticate").starts_with("DPoP algs="), "{answer:?}");
        assert!(answer.header("www-authenticate").contains("error=\"invalid_dpop_proof\""));
    }
    let mut without = good();
    without.as_object_mut().unwrap().remove("ath");
    assert_eq!(&*bound.shows(&without).await.assert_status(401).code(), "invalid_dpop_proof");
    // A query, a fragment and the case of the scheme do not count.
    bound.shows(&changed("htu", json!("HTTP://127.0.0.1:8000/users/me?x=1#y"))).await.assert_status(200);
    let once = good();
    bound.shows(&once).await.assert_status(200);
    let again = bound.shows(&once).await.assert_status(401);
    assert_eq!(&*again.detail(), "The DPoP proof was used before");
    bound.app.clock.advance(Duration::seconds(60));
    assert_eq!(&*bound.shows(&once).await.assert_status(401).detail(), "The DPoP proof was used before");
}

#[tokio::test]
async fn a_proof_by_another_key_or_none_at_all_opens_nothing() {
    let bound = Bound::start(&[], true).await;
    let thief = Prover::new(&bound.app);
    let stolen = thief.call("GET", "/users/me", bound.token()).send().await.assert_status(401);
    assert_eq!(&*stolen.detail(), "The DPoP proof is signed with another key than the token's");
    let scheme = format!("DPoP {}", bound.token());
    let bare = || bound.app.anonymous().call("GET", "/users/me").header("authorization", &scheme);
    let proof = |claims: &Value| bound.prover.sign(claims);
    let good = || proof(&bound.prover.with_token("GET", "/users/me", bound.token()));
    for call in [
        bare(),
        bare().header("dpop", ""),
        bare().header("dpop", "x.y.z"),
        bare().header("dpop", "\u{e4}"),
        bare().header("dpop", good()).header("dpop", good()),
        bare().header("dpop", format!("{}, {}", good(), good())),
        bare().header("dpop", "x".repeat(10_000)),
        bare().header("dpop", bound.token()),
    ] {
        assert_eq!(&*call.send().await.assert_status(401).code(), "invalid_dpop_proof");
    }
    // Nothing but a proof is no credential.
    let alone =
        bound.app.anonymous().call("GET", "/users/me").header("dpop", good()).send().await.assert_status(401);
    assert_eq!(&*alone.code(), "not_authenticated");
    bare().header("dpop", good()).send().await.assert_status(200);
}

#[tokio::test]
async fn a_nonce_in_a_proof_for_a_lock_has_to_be_ours_and_fresh() {
    let bound = Bound::start(&[], true).await;
    let good = || bound.prover.with_token("GET", "/users/me", bound.token());
    let mut claims = good();
    claims["nonce"] = json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    let refused = bound.shows(&claims).await.assert_status(401);
    assert_eq!(&*refused.code(), "use_dpop_nonce");
    assert!(refused.header("www-authenticate").contains("error=\"use_dpop_nonce\""));
    let nonce = refused.header("dpop-nonce").to_owned();
    let with_nonce = || {
        let mut claims = good();
        claims["nonce"] = json!(nonce);
        claims
    };
    bound.shows(&with_nonce()).await.assert_status(200);
    bound.app.clock.advance(Duration::seconds(299));
    bound.shows(&with_nonce()).await.assert_status(200);
    bound.app.clock.advance(Duration::seconds(1));
    assert_eq!(&*bound.shows(&with_nonce()).await.assert_status(401).code(), "use_dpop_nonce");
}

#[tokio::test]
async fn every_answer_to_a_proof_brings_a_nonce_so_that_a_client_never_holds_an_old_one() {
    let bound = Bound::start(&[], true).await;
    let mut nonce = None;
    for _ in 0..4 {
        let mut claims = bound.prover.with_token("GET", "/users/me", bound.token());
        if let Some(nonce) = nonce {
            claims["nonce"] = json!(nonce);
        }
        let answer = bound.shows(&claims).await.assert_status(200);
        nonce = Some(answer.header("dpop-nonce").to_owned());
        bound.app.clock.advance(Duration::seconds(200));
    }
    let ana = bound.app.log_in("ana").await;
    assert!(!ana.get("/users/me").await.headers.contains_key("dpop-nonce"), "no proof, no nonce");
    // A proxy passes the first on in the name of another service, and caches the others for all.
    for path in ["/oauth/check", "/.well-known/jwks.json", "/.well-known/openid-configuration"] {
        let asked = bound.app.anonymous().call("GET", path).header("dpop", "x").send().await;
        assert!(!asked.headers.contains_key("dpop-nonce"), "{path}");
    }
}

#[tokio::test]
async fn a_request_for_claims_without_a_token_is_challenged_as_any_lock_challenges() {
    let app = TestApp::start().await;
    let challenges = async |call: keyward_api::testing::call::Call| {
        let answer = call.send_unchecked().await.assert_status(401);
        let all = answer.headers.get_all("www-authenticate").iter();
        all.map(|value| value.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let post = || app.anonymous().call("POST", "/oauth/userinfo");
    let lock = challenges(app.anonymous().call("GET", "/users/me")).await;
    assert!(lock[1].starts_with("DPoP algs="), "{lock:?}");
    assert_eq!(challenges(post()).await, lock);
    assert_eq!(
        challenges(post().form("access_token=a&access_token=b%")).await,
        lock,
        "a form that cannot be read"
    );
    let malformed = challenges(post().form("access_token=a%0Ab")).await;
    assert!(
        malformed[0].contains("invalid_token") && malformed[1].starts_with("DPoP algs="),
        "{malformed:?}"
    );
}

#[tokio::test]
async fn of_two_calls_with_one_proof_at_once_one_gets_in() {
    let bound = Bound::start(&[], true).await;
    let proof = bound.prover.sign(&bound.prover.with_token("GET", "/users/me", bound.token()));
    let answers = keyward_api::testing::race::at_once(8, |_| {
        let call = bound
            .app
            .anonymous()
            .call("GET", "/users/me")
            .header("authorization", format!("DPoP {}", bound.token()));
        let call = call.header("dpop", &proof);
        async move { call.send().await }
    })
    .await;
    let count = |status| keyward_api::testing::race::count(&answers, status);
    assert_eq!((count(200), count(401)), (1, 7));
}

#[tokio::test]
async fn behind_a_path_the_address_of_a_proof_is_the_public_one() {
    let issuer = "https://host.example/auth";
    let app = TestApp::with_flags(&["--issuer", issuer]).await;
    app.user("ana").await;
    crate::oauth::register_for(&app, "robot", "posts:read").await;
    let prover = Prover::new(&app);
    // The token endpoint first, which is under the path, too; whether a proxy strips the path or not.
    for path in ["/oauth/token", "/auth/oauth/token"] {
        let ask = async |claims: &Value| {
            let call = crate::oauth::form(&app, path, &[("grant_type", "client_credentials")]);
            let call =
                call.header("authorization", crate::oauth::basic("robot", &crate::oauth::secret("robot")));
            call.header("dpop", prover.sign(claims)).send_unchecked().await
        };
        let mut claims = prover.claims("POST", &format!("{issuer}/oauth/token"));
        let first = ask(&claims).await.assert_status(400);
        claims["nonce"] = json!(first.header("dpop-nonce"));
        assert_eq!(ask(&claims).await.assert_status(200).json()["token_type"], "DPoP", "{path}");
        for other in ["https://host.example/oauth/token", "http://127.0.0.1:8000/oauth/token"] {
            let refused = ask(&prover.claims("POST", other)).await.assert_status(400);
            assert_eq!(refused.json()["error"], "invalid_dpop_proof", "{path} {other}");
        }
    }
}

#[tokio::test]
async fn a_proof_of_who_one_is_gives_a_token_that_is_bound_as_before() {
    let bound = Bound::start(&[], false).await;
    let proof = json!({ "password": keyward_api::testing::app::PASSWORD });
    let call = bound.prover.call("POST", "/users/me/proof", bound.token()).json(&proof);
    let tokens = call.send().await.assert_status(200).json();
    assert_eq!(tokens["token_type"], "DPoP");
    let next = tokens["access_token"].as_str().unwrap();
    bound.app.bearer(next).get("/users/me").await.assert_status(401);
    bound.prover.call("GET", "/users/me", next).send().await.assert_status(200);
}

#[tokio::test]
async fn a_proxy_that_asks_about_a_bound_token_is_refused_with_a_challenge_for_plain_ones() {
    let bound = Bound::start(&[], true).await;
    for path in ["/oauth/check", "/oauth/check?scope=admin"] {
        let proven = bound.prover.call("GET", path, bound.token()).send().await;
        let plain = bound.app.bearer(bound.token()).get(path).await;
        for refused in [proven, plain] {
            let refused = refused.assert_status(401);
            let challenges: Vec<_> = refused.headers.get_all("www-authenticate").iter().collect();
            assert_eq!(challenges.len(), 1, "{challenges:?}");
            assert!(challenges[0].to_str().unwrap().starts_with("Bearer"), "{challenges:?}");
        }
    }
}
