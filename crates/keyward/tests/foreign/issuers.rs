//! Tokens of other issuers, made by other people's libraries: what a guard accepts, and what it refuses.
//!
//! The issuer is a small server here, which publishes the keys of whichever script makes the tokens, where Keycloak does.

use std::process::{Command, Output};
use std::sync::{Arc, OnceLock};

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use keyward_guard::{Authenticator, Refusal, RemoteAuthenticator, TokenProfile};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What a script prints.
#[derive(Deserialize)]
struct Minted {
    keys: Vec<Value>,
    cases: Vec<Case>,
}

/// A token, and what is to become of it.
#[derive(Deserialize)]
struct Case {
    name: String,
    token: String,
    audience: String,
    /// What the principal may do; absent where it is refused.
    scope: Option<String>,
    #[serde(default)]
    oidc: bool,
    types: Option<Vec<String>>,
    scope_claim: Option<String>,
    require: Option<(String, String)>,
}

impl Case {
    fn profile(&self) -> TokenProfile {
        let mut profile = if self.oidc { TokenProfile::oidc() } else { TokenProfile::rfc9068() };
        if let Some(types) = &self.types {
            profile = profile.types(types.iter().map(String::as_str));
        }
        if let Some(name) = &self.scope_claim {
            profile = profile.scope_claim(name);
        }
        if let Some((claim, value)) = &self.require {
            profile = profile.require(claim, value);
        }
        profile
    }
}

/// Has the script make tokens, and a guard judge them. `least` is how many of either verdict there are at least.
pub(crate) fn judge(mut script: Command, least: usize) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let issuer = Issuer::start().await;
        script.env("ISSUER", &issuer.name);
        let minted = mint(&script.output().unwrap());
        issuer.keys.set(json!({ "keys": minted.keys })).unwrap();
        let (mut accepted, mut refused) = (0, 0);
        for case in &minted.cases {
            let guard =
                RemoteAuthenticator::builder(&issuer.name).audience(&case.audience).profile(case.profile());
            let guard = guard.sessions_optional().discover().await.unwrap();
            let answer = guard.authenticate(&case.token).await;
            match &case.scope {
                Some(scope) => {
                    let scope = scope.parse().unwrap();
                    assert_eq!(answer.map(|principal| principal.scope), Ok(scope), "{}", case.name);
                    accepted += 1;
                }
                None => {
                    let error = answer.expect_err(&case.name);
                    assert!(
                        matches!(error, Refusal::InvalidToken | Refusal::Expired),
                        "{}: {error}",
                        case.name
                    );
                    refused += 1;
                }
            }
        }
        println!("{accepted} foreign tokens accepted, {refused} refused");
        assert!(accepted >= least && refused >= least, "the script made fewer tokens than it should");
    });
}

fn mint(output: &Output) -> Minted {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the script failed ({}):\n{error}", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// An OpenID provider of which nothing is there but its metadata and its keys.
struct Issuer {
    name: String,
    keys: Arc<OnceLock<Value>>,
}

impl Issuer {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let name = format!("http://{}/realms/shop", listener.local_addr().unwrap());
        let keys = Arc::default();
        let router = axum::Router::new().fallback(answer).with_state((name.clone(), Arc::clone(&keys)));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { name, keys }
    }
}

async fn answer(State((name, keys)): State<(String, Arc<OnceLock<Value>>)>, uri: Uri) -> Response {
    match uri.path() {
        "/realms/shop/.well-known/openid-configuration" => {
            let jwks_uri = format!("{name}/protocol/openid-connect/certs");
            Json(json!({ "issuer": name, "jwks_uri": jwks_uri, "subject_types_supported": ["public"] }))
                .into_response()
        }
        "/realms/shop/protocol/openid-connect/certs" => Json(keys.get().unwrap().clone()).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}
