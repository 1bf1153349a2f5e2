//! Access tokens: what ours say, and forged, altered and misplaced ones by the name of the attack.

use keyward_api::testing::app::TestApp;
use keyward_api::testing::person::Person;
use keyward_auth::{Algorithm, KeyRing, SigningKey};
use serde_json::{Value, json};
use time::Duration;

use crate::app::Starts;
use crate::forge::{Forge, claims_of, decode, encode, header_of, hs256};

async fn ana_and_her_forger() -> (Person, Forge) {
    let ana = TestApp::start().await.user("ana").await;
    let forge = Forge::new(&ana);
    (ana, forge)
}

#[tokio::test]
async fn a_token_says_what_rfc_9068_asks_and_nothing_secret() {
    let (ana, _) = ana_and_her_forger().await;
    let (header, claims) = (header_of(ana.token()), claims_of(ana.token()));
    let kid = ana.app.keys.load().current().unwrap().kid().map(str::to_owned);
    assert_eq!(header, json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": kid }));
    let expected = json!({ "iss": "http://127.0.0.1:8000", "aud": "keyward", "sub": ana.id.to_string(),
        "sid": claims["sid"], "jti": claims["jti"], "iat": claims["iat"], "nbf": claims["iat"],
        "exp": claims["iat"].as_i64().unwrap() + 900, "scope": "posts:read posts:write shop",
        "auth_time": claims["iat"], "acr": "aal1", "amr": ["pwd"] });
    assert_eq!(claims, expected);
    let again = ana.app.log_in("ana").await;
    assert_ne!(claims_of(again.token())["jti"], claims["jti"]);
    assert_ne!(claims_of(again.token())["sid"], claims["sid"]);
}

#[tokio::test]
async fn the_forger_can_write_a_token_that_is_let_in() {
    let (_, forge) = ana_and_her_forger().await;
    forge.assert_good(&forge.sign(&forge.header(), &forge.claims())).await;
    let header = forge.header_with("typ", json!("application/at+jwt"));
    forge.assert_good(&forge.sign(&header, &forge.claims_with("unknown", json!([1])))).await;
}

#[tokio::test]
async fn alg_none_is_refused_in_every_spelling() {
    let (_, forge) = ana_and_her_forger().await;
    for alg in [
        json!("none"),
        json!("None"),
        json!("NONE"),
        json!("nOnE"),
        json!(""),
        json!(null),
        json!(1),
        json!([]),
    ] {
        let signed = forge.sign(&forge.header_with("alg", alg.clone()), &forge.claims());
        let (unsigned, _) = signed.rsplit_once('.').unwrap();
        for token in [&signed, unsigned, &format!("{unsigned}."), &format!("{unsigned}.e30")] {
            forge.assert_bad(token, &alg.to_string()).await;
        }
    }
    forge.assert_bad_header(&json!({ "typ": "at+jwt" })).await;
}

#[tokio::test]
async fn the_public_key_is_no_shared_secret() {
    let (ana, forge) = ana_and_her_forger().await;
    let jwk = ana.app.keys.load().jwks().keys.remove(0);
    let raw = decode(jwk.x.as_deref().unwrap());
    let spki = [&[0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0][..], &raw].concat();
    let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &spki);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----\n");
    let kid = jwk.kid.clone().unwrap().into_bytes();
    let secrets = [
        pem.into_bytes(),
        spki,
        raw,
        kid,
        jwk.x.clone().unwrap().into_bytes(),
        serde_json::to_vec(&jwk).unwrap(),
        Vec::new(),
    ];
    for secret in secrets {
        for header in [
            forge.header_with("alg", json!("HS256")),
            forge.header(),
            json!({ "alg": "HS256", "typ": "at+jwt" }),
        ] {
            forge.assert_bad(&hs256(&header, &forge.claims(), &secret), &header.to_string()).await;
        }
    }
}

#[tokio::test]
async fn a_header_cannot_choose_another_algorithm_than_the_keys() {
    let (_, forge) = ana_and_her_forger().await;
    for alg in ["ES256", "RS256", "HS256", "PS256", "eddsa", "EDDSA"] {
        forge.assert_bad_header(&forge.header_with("alg", json!(alg))).await;
    }
}

#[tokio::test]
async fn a_kid_is_only_a_name() {
    let (_, forge) = ana_and_her_forger().await;
    for kid in [
        json!("../../../../dev/null"),
        json!("' OR 1=1 --"),
        json!("x' UNION SELECT 'secret"),
        json!("| sleep 5"),
        json!("http://127.0.0.1:1/jwks.json"),
        json!("\0"),
        json!(""),
        json!(0),
        json!(null),
        json!([forge.header()["kid"]]),
        json!({}),
    ] {
        forge.assert_bad_header(&forge.header_with("kid", kid)).await;
    }
}

#[tokio::test]
async fn a_key_named_in_the_header_is_neither_used_nor_fetched() {
    let (_, forge) = ana_and_her_forger().await;
    let bait = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/jwks.json", bait.local_addr().unwrap());
    let evil = KeyRing::new(SigningKey::generate(Algorithm::EdDsa).unwrap());
    let jwk = serde_json::to_value(evil.jwks().keys.remove(0)).unwrap();
    let other = Forge::new(&TestApp::start().await.user("eve").await);
    for (name, value) in [("jwk", jwk), ("jku", json!(url)), ("x5u", json!(url)), ("x5c", json!(["MIIB"]))] {
        let header = forge.header_with(name, value);
        forge.assert_bad(&other.sign(&header, &forge.claims()), name).await;
    }
    let fetched = tokio::time::timeout(std::time::Duration::from_millis(200), bait.accept()).await;
    assert!(fetched.is_err(), "the key was requested");
}

#[tokio::test]
async fn what_the_header_calls_critical_must_be_understood() {
    let (_, forge) = ana_and_her_forger().await;
    for (name, value) in [
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("crit", json!("x")),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
    ] {
        forge.assert_bad_header(&forge.header_with(name, value)).await;
    }
    let mut header = forge.header_with("b64", json!(false));
    header["crit"] = json!(["b64"]);
    forge.assert_bad_header(&header).await;
}

#[tokio::test]
async fn an_encrypted_or_json_serialised_token_is_none() {
    let (ana, forge) = ana_and_her_forger().await;
    let jwe = encode(json!({ "alg": "dir", "enc": "A256GCM" }).to_string());
    forge.assert_bad(&format!("{jwe}..AAAA.AAAA.AAAA"), "a JWE").await;
    let bomb =
        json!({ "alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 2_147_483_647u32, "p2s": "AAAA" });
    forge.assert_bad(&format!("{}.AAAA.AAAA.AAAA.AAAA", encode(bomb.to_string())), "a p2c bomb").await;
    let parts: Vec<&str> = ana.token().split('.').collect();
    let json = json!({ "protected": parts[0], "payload": parts[1], "signature": parts[2] }).to_string();
    forge.assert_bad(&encode(json), "JSON serialisation").await;
    forge.assert_bad(&format!("{}.x", ana.token()), "four parts").await;
    forge.assert_bad(&format!(".{}.{}", parts[1], parts[2]), "no header").await;
}

#[tokio::test]
async fn every_changed_signature_is_refused() {
    let (ana, forge) = ana_and_her_forger().await;
    let token = ana.token();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let mut flipped = decode(signature);
    flipped[10] ^= 1;
    let last = signature.chars().last().unwrap();
    let twin = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = twin.find(last).unwrap();
    let non_canonical = format!("{}{}", &signature[..signature.len() - 1], &twin[at ^ 1..=at ^ 1]);
    for (what, bad) in [
        ("cut", signature[..signature.len() - 2].to_owned()),
        ("padded", format!("{signature}==")),
        ("extended", format!("{signature}AA")),
        ("flipped", encode(flipped)),
        ("zero", encode([0; 64])),
        ("empty", String::new()),
        ("not canonical", non_canonical),
        ("upper case", signature.to_uppercase()),
        ("another alphabet", signature.replace('-', "+").replace('_', "/") + "+"),
    ] {
        forge.assert_bad(&format!("{signed}.{bad}"), what).await;
    }
    forge.assert_good(token).await;
}

#[tokio::test]
async fn a_changed_payload_or_header_is_refused() {
    let (ana, forge) = ana_and_her_forger().await;
    let parts: Vec<&str> = ana.token().split('.').collect();
    let admin = encode(forge.claims_with("scope", json!("admin posts:read")).to_string());
    let header = encode(forge.header_with("x", json!(1)).to_string());
    forge.assert_bad(&format!("{}.{admin}.{}", parts[0], parts[2]), "another payload").await;
    forge.assert_bad(&format!("{header}.{}.{}", parts[1], parts[2]), "another header").await;
}

#[tokio::test]
async fn another_services_key_opens_nothing_here() {
    let (ana, forge) = ana_and_her_forger().await;
    let other = Forge::new(&TestApp::start().await.user("ana").await);
    forge.assert_bad(&other.sign(&other.header(), &forge.claims()), "a key of another name").await;
    forge.assert_bad(&other.sign(&forge.header(), &forge.claims()), "a key of our key's name").await;
    ana.get("/users/me").await.assert_status(200);
}

#[tokio::test]
async fn a_token_outlives_its_time_by_no_more_than_the_leeway() {
    let (ana, _) = ana_and_her_forger().await;
    ana.app.clock.advance(Duration::seconds(900 + 3));
    ana.get("/users/me").await.assert_status(200);
    ana.app.clock.advance(Duration::seconds(4));
    let answer = ana.get("/users/me").await.assert_status(401);
    assert_eq!(answer.json(), json!({ "detail": "Token expired", "code": "token_expired" }));
    let challenge = answer.header("www-authenticate");
    assert!(challenge.starts_with("Bearer error=\"invalid_token\""), "{challenge}");
    ana.app.log_in("ana").await.get("/users/me").await.assert_status(200);
}

#[tokio::test]
async fn tokens_of_another_kind_are_no_access_tokens() {
    let (ana, forge) = ana_and_her_forger().await;
    forge.assert_bad(&ana.refresh, "a refresh token").await;
    for typ in [
        json!("JWT"),
        json!("rt+jwt"),
        json!("at+jwt2"),
        json!("at jwt"),
        json!(""),
        json!(null),
        json!(["at+jwt"]),
    ] {
        forge.assert_bad_header(&forge.header_with("typ", typ)).await;
    }
    let mut header = forge.header();
    header.as_object_mut().unwrap().remove("typ");
    forge.assert_bad_header(&header).await;
}

#[tokio::test]
async fn every_algorithm_logs_in_and_opens_the_lock() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256, Algorithm::Hs256] {
        let key = match algorithm {
            Algorithm::Hs256 => SigningKey::hs256(b"a secret of thirty-two bytes or more"),
            asymmetric => SigningKey::generate(asymmetric),
        };
        let app = TestApp::start().await;
        app.keys.replace(KeyRing::new(key.unwrap()));
        let ana = app.user("ana").await;
        assert_eq!(header_of(ana.token())["alg"], algorithm.as_str());
        let has_kid = !header_of(ana.token())["kid"].is_null();
        assert_eq!(has_kid, algorithm != Algorithm::Hs256);
    }
}

#[tokio::test]
async fn a_token_may_be_long_but_not_endless() {
    let (_, forge) = ana_and_her_forger().await;
    forge
        .assert_good(&forge.sign(&forge.header(), &forge.claims_with("padding", json!("p".repeat(3000)))))
        .await;
    for length in [16 * 1024, 1024 * 1024] {
        let long = forge.sign(&forge.header(), &forge.claims_with("padding", json!("p".repeat(length))));
        forge.assert_bad(&long, "a long token").await;
    }
    forge.assert_bad(&".".repeat(100_000), "dots").await;
}

#[tokio::test]
async fn a_token_shown_anywhere_but_in_the_header_is_not_seen() {
    let (ana, _) = ana_and_her_forger().await;
    let (nobody, token) = (ana.app.anonymous(), ana.token());
    let calls = [
        nobody.call("GET", &format!("/users/me?access_token={token}")),
        nobody.call("GET", "/users/me").header("cookie", format!("access_token={token}; token={token}")),
        nobody.call("POST", "/secret").form(&format!("access_token={token}")),
        nobody.call("POST", "/secret").json(&json!({ "access_token": token })),
        nobody.call("GET", "/users/me").header("x-access-token", token),
        nobody.call("GET", "/users/me").header("proxy-authorization", format!("Bearer {token}")),
    ];
    for call in calls {
        let answer = call.send().await.assert_status(401);
        assert_eq!(answer.detail(), "Not authenticated");
    }
}

#[tokio::test]
async fn two_authorization_fields_are_refused_whichever_is_good() {
    let (ana, _) = ana_and_her_forger().await;
    for (first, second) in [(ana.token(), ana.token()), (ana.token(), "x"), ("x", ana.token())] {
        let call = ana.app.anonymous().call("GET", "/users/me");
        let call = call.header("authorization", format!("Bearer {first}"));
        let answer = call.header("authorization", format!("Bearer {second}")).send().await;
        answer.assert_invalid_token("two fields");
    }
    for field in [format!("Bearer {},{}", ana.token(), ana.token()), format!("Bearer {} x", ana.token())] {
        let call = ana.app.anonymous().call("GET", "/users/me").header("authorization", field);
        call.send().await.assert_invalid_token("two tokens");
    }
    let answer = ana.app.bearer("x").call("GET", "/users/me").without("authorization").send().await;
    assert_eq!(answer.json()["detail"], Value::from("Not authenticated"));
}
