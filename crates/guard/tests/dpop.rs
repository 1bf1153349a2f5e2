//! A lock that accepts tokens which are bound to a key (RFC 9449), as an extractor and as a layer.
#![expect(clippy::unwrap_used, reason = "clippy's exemption for tests does not know their helpers")]
#![expect(clippy::disallowed_methods, reason = "tokens for a service without a clock port")]

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_auth::{
    Algorithm, Grant, IssuerSettings, Jwk, JwtIssuer, JwtVerifier, KeyRing, ScopeSet, SharedKeyRing,
    SigningKey, SystemRandom, Thumbprint, TokenIssuer, VerifierSettings,
};
use keyward_guard::{Authenticator, BearerLayer, CurrentUser, TokenAuthenticator};
use serde_json::{Value, json};
use tower::{Layer, ServiceExt, service_fn};

const ADDRESS: &str = "https://api.example/v1";

async fn notes(user: CurrentUser) -> Json<String> {
    Json(user.into_principal().subject)
}

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// A service, who makes its tokens, and a client with a key.
struct Scene {
    issuer: JwtIssuer,
    authenticator: TokenAuthenticator,
    key: Ed25519KeyPair,
}

impl Scene {
    fn new() -> Self {
        let keys = SharedKeyRing::new(KeyRing::new(SigningKey::generate(Algorithm::EdDsa).unwrap()));
        let settings =
            IssuerSettings { issuer: "https://id.example".into(), audience: "notes".into(), ttl_seconds: 60 };
        let verifier = JwtVerifier::new(VerifierSettings::new("https://id.example", "notes"), keys.clone());
        Self {
            issuer: JwtIssuer::new(settings, keys, Arc::new(SystemRandom)),
            authenticator: TokenAuthenticator::new(Arc::new(verifier)),
            key: Ed25519KeyPair::generate().unwrap(),
        }
    }

    fn accepting(self) -> Self {
        Self { authenticator: self.authenticator.clone().accept_dpop(ADDRESS).unwrap(), ..self }
    }

    fn jwk(&self) -> Value {
        json!({ "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(self.key.public_key().as_ref()) })
    }

    fn token(&self, bound: bool) -> String {
        let jwk: Jwk = serde_json::from_value(self.jwk()).unwrap();
        let grant = Grant {
            subject: "ana".into(),
            session: None,
            client_id: None,
            key: bound.then(|| Thumbprint::parse(&jwk.thumbprint().unwrap()).unwrap()),
            scope: ScopeSet::default(),
            audience: Vec::new(),
            userinfo: false,
            authentication: None,
        };
        self.issuer.issue(&grant, now()).unwrap().as_str().to_owned()
    }

    fn proof(&self, id: &str, address: &str, token: &str) -> String {
        let header = json!({ "typ": "dpop+jwt", "alg": "EdDSA", "jwk": self.jwk() });
        let ath = URL_SAFE_NO_PAD.encode(digest(&SHA256, token.as_bytes()));
        let claims = json!({ "jti": id, "htm": "GET", "htu": address, "iat": now(), "ath": ath });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(self.key.sign(signed.as_bytes())))
    }

    /// The service in both forms, behind a proxy that strips `/v1`. It has a router of that name besides.
    async fn ask(&self, path: &str, scheme: &str, token: &str, proof: Option<&str>) -> [Response<()>; 2] {
        let mut request = Request::get(path).header(header::AUTHORIZATION, format!("{scheme} {token}"));
        if let Some(proof) = proof {
            request = request.header("dpop", proof);
        }
        let request = request.body(()).unwrap();
        let router = || Router::new().route("/notes", get(notes));
        let state: Arc<dyn Authenticator> = Arc::new(self.authenticator.clone());
        let app = router().nest("/v1", router()).with_state(state);
        let by_extractor = app.oneshot(request.clone().map(|()| Body::empty())).await.unwrap().map(drop);
        let layer = BearerLayer::new(Arc::new(self.authenticator.clone()));
        let inner = service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Body::empty())));
        let by_layer = layer.layer(inner).oneshot(request).await.unwrap().map(drop);
        [by_extractor, by_layer]
    }
}

fn challenges(answer: &Response<()>) -> Vec<&str> {
    answer.headers().get_all(header::WWW_AUTHENTICATE).iter().map(|value| value.to_str().unwrap()).collect()
}

#[tokio::test]
async fn a_bound_token_opens_the_lock_with_a_proof_for_the_address_that_clients_see() {
    for (path, address) in
        [("/notes", "https://api.example/v1/notes"), ("/v1/notes", "https://api.example/v1/v1/notes")]
    {
        // The two forms share the memory, so the second one sees the proof again.
        let scene = Scene::new().accepting();
        let token = scene.token(true);
        let proof = scene.proof(path, address, &token);
        let [first, second] = scene.ask(path, "DPoP", &token, Some(&proof)).await;
        assert_eq!((first.status(), second.status()), (StatusCode::OK, StatusCode::UNAUTHORIZED), "{path}");
        assert!(challenges(&second)[0].contains("was used before"), "{:?}", challenges(&second));
        // The address has one spelling: not that of the other path, and none without the prefix.
        for other in ["/notes/v1", "/notes", "/v1/notes", "/v1/v1/notes"] {
            let other = format!("https://api.example{other}");
            let proof = scene.proof("other", &other, &token);
            for answer in
                scene.ask(path, "DPoP", &token, Some(&proof)).await.into_iter().filter(|_| other != address)
            {
                assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path} {other}");
                assert!(
                    challenges(&answer)[0]
                        .starts_with("DPoP algs=\"ES256 EdDSA RS256 PS256\", error=\"invalid_dpop_proof\"")
                );
            }
        }
    }
}

#[tokio::test]
async fn what_a_proof_says_is_compared_before_its_signature_is_checked() {
    let scene = Scene::new().accepting();
    let token = scene.token(true);
    for (address, words) in [
        ("https://api.example/other", "is for another address"),
        ("https://api.example/v1/notes", "is not signed with the key that it holds"),
    ] {
        let proof = scene.proof("a", address, &token);
        let (signed, signature) = proof.rsplit_once('.').unwrap();
        let forged = format!("{signed}.{}", "A".repeat(signature.len()));
        for answer in scene.ask("/notes", "DPoP", &token, Some(&forged)).await {
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
            assert!(challenges(&answer)[0].contains(words), "{:?}", challenges(&answer));
        }
    }
}

#[tokio::test]
async fn the_scheme_fits_the_token() {
    let scene = Scene::new().accepting();
    let (bound, plain) = (scene.token(true), scene.token(false));
    for answer in scene.ask("/notes", "Bearer", &plain, None).await {
        assert_eq!(answer.status(), StatusCode::OK);
    }
    let proof = |id: &str, token: &str| scene.proof(id, "https://api.example/v1/notes", token);
    for answer in scene.ask("/notes", "Bearer", &bound, Some(&proof("a", &bound))).await {
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        let challenges = challenges(&answer);
        assert!(
            challenges[0].starts_with("Bearer error=\"invalid_token\"")
                && challenges[1].starts_with("DPoP algs=")
        );
    }
    for answer in scene.ask("/notes", "dpop", &plain, Some(&proof("b", &plain))).await {
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert!(challenges(&answer)[0].starts_with("DPoP algs="), "{:?}", challenges(&answer));
    }
    for answer in scene.ask("/notes", "DPoP", &bound, None).await {
        assert!(challenges(&answer)[0].contains("error=\"invalid_dpop_proof\""));
    }
}

#[tokio::test]
async fn a_lock_that_knows_no_address_accepts_no_bound_token() {
    let scene = Scene::new();
    let token = scene.token(true);
    let proof = scene.proof("a", "https://api.example/v1/notes", &token);
    for scheme in ["Bearer", "DPoP"] {
        for answer in scene.ask("/notes", scheme, &token, Some(&proof)).await {
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
            assert!(challenges(&answer).iter().all(|challenge| challenge.starts_with("Bearer")));
        }
    }
}

#[tokio::test]
async fn a_layer_inside_a_nested_router_checks_the_address_that_clients_see() {
    let mut scene = Scene::new();
    scene.authenticator = scene.authenticator.clone().accept_dpop("https://api.example").unwrap();
    let token = scene.token(true);
    let layer = BearerLayer::new(Arc::new(scene.authenticator.clone()));
    let inner = Router::new().route("/notes", get(async || "")).layer(layer);
    let app: Router = Router::new().nest("/v1", inner);
    for (address, status) in [("/v1/notes", StatusCode::OK), ("/notes", StatusCode::UNAUTHORIZED)] {
        let proof = scene.proof(address, &format!("https://api.example{address}"), &token);
        let request = Request::get("/v1/notes").header(header::AUTHORIZATION, format!("DPoP {token}"));
        let request = request.header("dpop", proof).body(Body::empty()).unwrap();
        assert_eq!(app.clone().oneshot(request).await.unwrap().status(), status, "{address}");
    }
}
