//! What other services find out by themselves: the metadata (RFC 8414) and the public keys (RFC 7517).

use std::sync::Arc;

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_api::testing::app::TestApp;
use keyward_auth::{Algorithm, MasterSecret, SystemRandom};
use keyward_domain::keys::signing_keys::Keys;
use keyward_domain::values::by::By;
use serde_json::{Value, json};
use time::Duration;

use crate::app::Starts;
use crate::forge::{claims_of, encode, header_of};

const METADATA: &str = "/.well-known/oauth-authorization-server";
const KEYS: &str = "/.well-known/jwks.json";

/// The published keys of access tokens.
async fn kids(app: &TestApp) -> Vec<String> {
    let set = app.anonymous().get(KEYS).await.assert_status(200).json();
    let kid = |key: &Value| key["kid"].as_str().unwrap().to_owned();
    let of_access_tokens = |key: &&Value| key["alg"] == "EdDSA";
    set["keys"].as_array().unwrap().iter().filter(of_access_tokens).map(kid).collect()
}

/// The key that signed the newest token of Ana.
async fn signs(app: &TestApp) -> String {
    header_of(app.user("ana").await.token())["kid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_metadata_says_who_issues_and_where_whatever_the_host_header_says() {
    let app = TestApp::start().await;
    let answer = app.anonymous().get(METADATA).await.assert_status(200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert!(answer.header("cache-control").contains("max-age="));
    let metadata = answer.json();
    let issuer = claims_of(app.user("ana").await.token())["iss"].as_str().unwrap().to_owned();
    assert_eq!(metadata["issuer"], issuer.as_str());
    for (name, value) in metadata.as_object().unwrap() {
        if let Some(values) = value.as_array() {
            assert!(!values.is_empty(), "{name} is empty");
            let may_be_none = name.ends_with("_auth_methods_supported") || name == "prompt_values_supported";
            assert!(may_be_none || values.iter().all(|value| value != "none"), "{name}");
        } else if let Some(text) = value.as_str() {
            assert!(text.starts_with(&issuer), "{name} is {text}");
        } else {
            assert!(value.is_boolean(), "{name} is {value}");
        }
    }
    for member in [
        "token_endpoint",
        "userinfo_endpoint",
        "revocation_endpoint",
        "introspection_endpoint",
        "revocation_feed_endpoint",
        "jwks_uri",
    ] {
        let path = metadata[member].as_str().unwrap().strip_prefix(&issuer).unwrap().to_owned();
        assert_ne!(app.anonymous().get(&path).await.status, 404, "{path}");
    }
    for host in ["evil.example", "evil.example:8000", "127.0.0.1"] {
        let call = app.anonymous().call("GET", METADATA).without("host").header("host", host);
        let call = call.header("x-forwarded-host", "evil.example").header("forwarded", "host=evil.example");
        assert_eq!(call.send().await.assert_status(200).json(), metadata, "{host}");
    }
}

#[tokio::test]
async fn the_key_set_holds_public_members_only_named_by_their_thumbprints() {
    let app = TestApp::start().await;
    let few = app.anonymous().get(KEYS).await.assert_status(200).json();
    assert_eq!(few["keys"].as_array().unwrap().len(), 1, "no client gets ID tokens: {few}");
    let client =
        json!({ "client_id": "web", "name": "Web", "redirect_uris": ["https://app.example.com/cb"] });
    app.admin("root").await.post("/clients", client).await.assert_status(201);
    let set = app.anonymous().get(KEYS).await.assert_status(200).json();
    let keys = set["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    let rsa: Vec<&String> = keys[0].as_object().unwrap().keys().collect();
    assert_eq!(rsa, ["alg", "e", "kid", "kty", "n", "use"]);
    assert_eq!((keys[0]["alg"].as_str(), keys[0]["use"].as_str()), (Some("RS256"), Some("sig")));
    let modulus = URL_SAFE_NO_PAD.decode(keys[0]["n"].as_str().unwrap()).unwrap();
    assert!(modulus.len() >= 256 && modulus[0] >= 0x80, "2048 bits or more");
    let text = format!(r#"{{"e":{},"kty":"RSA","n":{}}}"#, keys[0]["e"], keys[0]["n"]);
    assert_eq!(keys[0]["kid"], encode(digest::digest(&digest::SHA256, text.as_bytes())));
    for key in &keys[1..] {
        let members: Vec<&String> = key.as_object().unwrap().keys().collect();
        assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x"]);
        let text = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":{}}}"#, key["x"]);
        assert_eq!(key["kid"], encode(digest::digest(&digest::SHA256, text.as_bytes())));
        assert_eq!((key["alg"].as_str(), key["use"].as_str()), (Some("EdDSA"), Some("sig")));
    }
    assert_eq!(kids(&app).await, [signs(&app).await]);
}

#[tokio::test]
async fn the_key_set_is_cached_by_its_tag() {
    let app = TestApp::start().await;
    let answer = app.anonymous().get(KEYS).await.assert_status(200);
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    let tag = answer.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 2, "{tag}");
    let ask = |tags: &str| app.anonymous().call("GET", KEYS).header("if-none-match", tags).send();
    for tags in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
        let answer = ask(&tags).await.assert_status(304);
        assert!(answer.body.is_empty());
        assert_eq!(answer.header("etag"), tag);
    }
    for tags in ["\"x\"", "x", "", &tag[1..]] {
        assert_eq!(ask(tags).await.assert_status(200).json(), answer.json());
    }
}

#[tokio::test]
async fn the_next_key_is_published_before_it_signs_and_the_previous_kept_until_its_tokens_expired() {
    let app = TestApp::start().await;
    let master = Arc::new(MasterSecret::generate(&SystemRandom));
    let keys = Keys::new(app.ports.clone(), master, app.settings.tokens.access_token_life());
    let look = async || app.keys.replace(keys.ring(Algorithm::EdDsa).await.unwrap());
    look().await;
    let first = signs(&app).await;
    assert_eq!(kids(&app).await, std::slice::from_ref(&first));
    let tag = app.anonymous().get(KEYS).await.header("etag").to_owned();

    let second = keys.rotate(Algorithm::EdDsa, Duration::minutes(10), By::SYSTEM).await.unwrap();
    look().await;
    assert_eq!(signs(&app).await, first, "published, not signing yet");
    let mut both = vec![first.clone(), second.clone()];
    both.sort();
    let published = async || {
        let mut kids = kids(&app).await;
        kids.sort();
        kids
    };
    assert_eq!(published().await, both);
    let stale = app.anonymous().call("GET", KEYS).header("if-none-match", &tag).send().await;
    assert_ne!(stale.assert_status(200).header("etag"), tag);

    app.clock.advance(Duration::minutes(9));
    look().await;
    let last = app.user("ana").await;
    assert_eq!(header_of(last.token())["kid"], first.as_str());
    app.clock.advance(Duration::minutes(1));
    look().await;
    assert_eq!(signs(&app).await, second);
    assert_eq!(published().await, both);
    last.get("/users/me").await.assert_status(200);
    app.clock.advance(Duration::minutes(13));
    look().await;
    last.get("/users/me").await.assert_status(200);
    app.clock.advance(Duration::minutes(3));
    look().await;
    assert_eq!(kids(&app).await, [second], "the last token of the first key has expired");
}
