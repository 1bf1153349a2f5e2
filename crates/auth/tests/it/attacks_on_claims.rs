//! Attacks on what a token says: its claims, its type and its payload. Those on its header and shape are in `attacks.rs`.

use keyward_auth::{
    Algorithm, MAX_TOKEN_BYTES, MasterSecret, RefreshError, RefreshTokens, SystemRandom, TokenError,
    TokenVerifier,
};
use serde_json::json;

use crate::service::{AUDIENCE, ISSUER, NOW, Service, assert_invalid, claims, encode};

fn service() -> Service {
    Service::new(Algorithm::EdDsa)
}

#[test]
fn every_required_claim_has_to_be_there() {
    let service = service();
    for name in ["iss", "aud", "sub", "jti", "iat", "exp"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        assert_invalid(&service.verify(&service.sign_claims(&claims)), name);
        claims[name] = json!(null);
        assert_invalid(&service.verify(&service.sign_claims(&claims)), &format!("{name} null"));
    }
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove("nbf");
    assert!(service.verify(&service.sign_claims(&claims)).is_ok());
    for name in ["sub", "jti"] {
        claims[name] = json!("");
        assert_invalid(&service.verify(&service.sign_claims(&claims)), &format!("{name} empty"));
    }
}

#[test]
fn an_expiry_that_is_no_plausible_date_is_refused() {
    let service = service();
    for exp in [
        json!("1790000900"),
        json!(""),
        json!(1e300),
        json!(1_790_000_900.5),
        json!(1_790_000_900.0),
        json!(-1),
        json!(i64::MIN),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(253_402_300_800_i64),
        json!([NOW + 900]),
        json!({}),
        json!(true),
    ] {
        let mut claims = claims();
        claims["exp"] = exp.clone();
        assert_invalid(&service.verify(&service.sign_claims(&claims)), &exp.to_string());
    }
    for exp in [
        "99999999999999999999999999999999",
        "1e999",
        "0x7fffffff",
        "+1790000900",
        "NaN",
        "Infinity",
        "1_790_000_900",
    ] {
        let payload = claims().to_string().replace(&(NOW + 900).to_string(), exp);
        assert_invalid(&service.verify(&service.sign(&service.header().to_string(), &payload)), exp);
    }
}

#[test]
fn an_expired_token_is_refused_as_expired() {
    let service = service();
    for exp in [0, 1, NOW - 5, NOW - 900] {
        let mut claims = claims();
        claims["exp"] = json!(exp);
        assert_eq!(service.verify(&service.sign_claims(&claims)), Err(TokenError::Expired), "{exp}");
    }
}

#[test]
fn a_token_from_the_future_is_refused() {
    let service = service();
    for (name, at, accepted) in
        [("nbf", NOW + 5, true), ("nbf", NOW + 6, false), ("iat", NOW + 60, true), ("iat", NOW + 61, false)]
    {
        let mut claims = claims();
        claims[name] = json!(at);
        assert_eq!(service.verify(&service.sign_claims(&claims)).is_ok(), accepted, "{name} {at}");
    }
    for nbf in [json!("1790000000"), json!(null), json!(1.5), json!([]), json!(-1), json!(i64::MAX)] {
        let mut claims = claims();
        claims["nbf"] = nbf.clone();
        assert_invalid(&service.verify(&service.sign_claims(&claims)), &nbf.to_string());
    }
}

#[test]
fn another_issuer_is_refused() {
    let service = service();
    for iss in [
        json!("https://evil.example"),
        json!(format!("{ISSUER}/")),
        json!(ISSUER.to_uppercase()),
        json!(""),
        json!([ISSUER]),
        json!([ISSUER, "https://evil.example"]),
        json!({"iss": ISSUER}),
        json!(1),
        json!(format!("{ISSUER}\0")),
    ] {
        let mut claims = claims();
        claims["iss"] = iss.clone();
        assert_invalid(&service.verify(&service.sign_claims(&claims)), &iss.to_string());
    }
}

#[test]
fn another_audience_is_refused() {
    let service = service();
    for (aud, accepted) in [
        (json!([AUDIENCE]), true),
        (json!(["https://other.example", AUDIENCE]), true),
        (json!("https://other.example"), false),
        (json!(format!("{AUDIENCE}.evil.example")), false),
        (json!(["https://other.example"]), false),
        (json!([]), false),
        (json!(""), false),
        (json!([[AUDIENCE]]), false),
        (json!([AUDIENCE, 1]), false),
        (json!({"0": AUDIENCE}), false),
    ] {
        let mut claims = claims();
        claims["aud"] = aud.clone();
        assert_eq!(service.verify(&service.sign_claims(&claims)).is_ok(), accepted, "{aud}");
    }
}

#[test]
fn a_subject_that_is_no_string_is_refused() {
    let service = service();
    for sub in [json!(42), json!(["42"]), json!({"id": 42}), json!(null), json!(true)] {
        let mut claims = claims();
        claims["sub"] = sub.clone();
        assert_invalid(&service.verify(&service.sign_claims(&claims)), &sub.to_string());
    }
}

#[test]
fn a_token_of_another_type_is_refused() {
    let service = service();
    for typ in [
        json!("JWT"),
        json!("jwt"),
        json!("at"),
        json!("id+jwt"),
        json!("rt+jwt"),
        json!("logout+jwt"),
        json!("at+jwt "),
        json!(""),
        json!("text/at+jwt"),
        json!("application/application/at+jwt"),
        json!(null),
        json!(1),
        json!(["at+jwt"]),
    ] {
        let mut header = service.header();
        header["typ"] = typ.clone();
        assert_invalid(&service.verify(&service.sign_header(&header)), &typ.to_string());
    }
    let mut header = service.header();
    header.as_object_mut().unwrap().remove("typ");
    assert_invalid(&service.verify(&service.sign_header(&header)), "no typ");
}

#[test]
fn a_member_named_twice_is_refused() {
    let service = service();
    let (header, payload) = (service.header().to_string(), claims().to_string());
    for extra in [
        r#""sub":"1""#,
        r#""s\u0075b":"1""#,
        r#""exp":9999999999"#,
        r#""iss":"x""#,
        r#""x":1,"x":2"#,
        r#""x":{"y":1,"y":2}"#,
    ] {
        for doubled in
            [format!("{{{extra},{}", &payload[1..]), format!("{},{extra}}}", &payload[..payload.len() - 1])]
        {
            assert_invalid(&service.verify(&service.sign(&header, &doubled)), &doubled);
        }
    }
    for extra in
        [r#""alg":"none""#, r#""alg":"EdDSA""#, r#""typ":"at+jwt""#, r#""kid":"x""#, r#""x":1,"x":2"#]
    {
        for doubled in
            [format!("{{{extra},{}", &header[1..]), format!("{},{extra}}}", &header[..header.len() - 1])]
        {
            assert_invalid(&service.verify(&service.sign(&doubled, &payload)), &doubled);
        }
    }
}

#[test]
fn a_payload_that_is_not_one_json_object_is_refused() {
    let service = service();
    let good = claims().to_string();
    let positional = json!([ISSUER, AUDIENCE, "42", null, null, "j", NOW, NOW, NOW + 900, ""]).to_string();
    for payload in [
        "",
        " ",
        "null",
        "[]",
        "42",
        "\"42\"",
        "{",
        "{}",
        &positional,
        &format!("{good}{good}"),
        &format!("[{good}]"),
        &good.replace(':', "="),
    ] {
        assert_invalid(&service.verify(&service.sign(&service.header().to_string(), payload)), payload);
    }
    let header = service.header().to_string();
    for bad in [
        "",
        "null",
        "[]",
        "[\"EdDSA\",\"at+jwt\"]",
        "\"EdDSA\"",
        &format!("[{header}]"),
        &format!("{header},"),
    ] {
        assert_invalid(&service.verify(&service.sign(bad, &good)), bad);
    }
}

#[test]
fn a_token_that_is_not_utf_8_inside_is_refused() {
    let service = service();
    let pair = aws_lc_rs::signature::Ed25519KeyPair::from_pkcs8(
        &service.keys.load().current().unwrap().to_pkcs8_der().unwrap(),
    )
    .unwrap();
    let payload = [
        &claims().to_string().as_bytes()[..1],
        b"\"x\":\"\xff\xfe\",",
        &claims().to_string().as_bytes()[1..],
    ]
    .concat();
    let signed = format!("{}.{}", encode(service.header().to_string()), encode(payload));
    let token = format!("{signed}.{}", encode(pair.sign(signed.as_bytes())));
    assert_invalid(&service.verify(&token), "broken UTF-8 in an unused member");
}

#[test]
fn a_token_over_the_limit_is_refused_at_once() {
    let service = service();
    let started = std::time::Instant::now();
    for size in [MAX_TOKEN_BYTES + 1, 16 * 1024, 1024 * 1024] {
        let token = service.issue();
        let padded = format!("{}.{}", token.as_str(), "A".repeat(size - token.as_str().len() - 1));
        assert_invalid(&service.verify(&padded), &size.to_string());
        assert_invalid(&service.verify(&".".repeat(size)), &size.to_string());
    }
    let mut claims = claims();
    claims["padding"] = json!("x".repeat(1024 * 1024));
    assert_invalid(&service.verify(&service.sign_claims(&claims)), "a genuine one of 1.4 MB");
    assert!(started.elapsed().as_secs() < 2);
}

#[test]
fn deeply_nested_claims_are_refused_and_do_not_overflow() {
    let service = service();
    let nested = format!(
        "{},\"x\":{}{}}}",
        claims().to_string().trim_end_matches('}'),
        "[".repeat(2_500),
        "]".repeat(2_500)
    );
    assert_invalid(&service.verify(&service.sign(&service.header().to_string(), &nested)), "nested");
}

#[test]
fn refresh_and_access_tokens_are_not_interchangeable() {
    let service = service();
    let refresh = RefreshTokens::new(&MasterSecret::generate(&SystemRandom)).encode(
        uuid::Uuid::from_u128(1),
        0,
        b"sixteen bytes ok",
    );
    assert_invalid(&service.verify(refresh.expose()), "a refresh token as an access token");
    let access = service.issue();
    assert_eq!(RefreshTokens::parse(access.as_str()).unwrap_err(), RefreshError::Malformed);
    assert!(RefreshTokens::parse(&format!("kwr_{}", access.as_str())).is_err());
}

#[test]
fn a_refusal_says_nothing_of_the_token() {
    let service = service();
    let mut claims = claims();
    claims["iss"] = json!("a-telltale-issuer");
    let refusal = service.verify(&service.sign_claims(&claims)).unwrap_err();
    assert_eq!(refusal.to_string(), "the token is not valid: it is from another issuer");
    assert!(!format!("{refusal:?}").contains("telltale"));
    assert!(service.verifier.verify("telltale", NOW).unwrap_err().to_string().ends_with("three parts"));
}
