//! Forged, altered, misplaced and malformed access tokens, each by the name of the attack. All of them carry a genuine
//! signature where the attack leaves one possible, so that it is the attack that is refused.

use keyward_auth::{Algorithm, KeyRing};
use serde_json::{Value, json};

use crate::service::{Service, assert_invalid, claims, decode, encode, hs256, key};

fn service() -> Service {
    Service::new(Algorithm::EdDsa)
}

#[test]
fn the_forger_can_write_a_token_that_is_accepted() {
    let service = service();
    assert_eq!(service.verify(&service.sign_claims(&claims())).unwrap().sub, "42");
    let mut header = service.header();
    header["typ"] = json!("application/AT+JWT");
    assert!(service.verify(&service.sign_header(&header)).is_ok());
    header["alg"] = json!("Ed25519"); // RFC 9864
    header["x-unknown"] = json!({"ignored": true});
    assert!(service.verify(&service.sign_header(&header)).is_ok());
}

#[test]
fn alg_none_is_refused_in_every_spelling() {
    let service = service();
    for alg in ["none", "None", "NONE", "nOnE", "none ", "", "null", "NONE\0", "ｎｏｎｅ"] {
        let mut header = service.header();
        header["alg"] = json!(alg);
        let signed = service.sign_header(&header);
        let (unsigned, _) = signed.rsplit_once('.').unwrap();
        assert_invalid(&service.verify(&signed), alg);
        assert_invalid(&service.verify(&format!("{unsigned}.")), alg);
        assert_invalid(&service.verify(unsigned), alg);
    }
}

#[test]
fn an_alg_that_is_absent_or_no_string_is_refused() {
    let service = service();
    for alg in [json!(null), json!(1), json!(["EdDSA"]), json!({}), json!(true)] {
        let mut header = service.header();
        header["alg"] = alg.clone();
        assert_invalid(&service.verify(&service.sign_header(&header)), &alg.to_string());
    }
    let mut header = service.header();
    header.as_object_mut().unwrap().remove("alg");
    assert_invalid(&service.verify(&service.sign_header(&header)), "no alg");
}

#[test]
fn an_hs256_token_keyed_with_any_form_of_the_public_key_is_refused() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256] {
        let service = Service::new(algorithm);
        let jwk = service.keys.load().jwks().keys.remove(0);
        let member = |member: &Option<String>| member.as_deref().map(decode).unwrap_or_default();
        let raw = [member(&jwk.n), member(&jwk.x), member(&jwk.y)].concat();
        let ed25519_prefix = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];
        let der = [&ed25519_prefix[..], &raw].concat();
        let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &der);
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----\n");
        let secrets: [Vec<u8>; 10] = [
            pem.clone().into_bytes(),
            pem.trim_end().as_bytes().to_vec(),
            der,
            raw.clone(),
            [&[4], &raw[..]].concat(),
            serde_json::to_vec(&jwk).unwrap(),
            serde_json::to_vec(&service.keys.load().jwks()).unwrap(),
            jwk.x.or(jwk.n).unwrap().into_bytes(),
            service.kid().into_bytes(),
            Vec::new(),
        ];
        for (index, secret) in secrets.iter().enumerate() {
            for header in [
                json!({"alg": "HS256", "typ": "at+jwt", "kid": service.kid()}),
                json!({"alg": "HS256", "typ": "at+jwt"}),
                json!({"alg": algorithm.as_str(), "typ": "at+jwt", "kid": service.kid()}),
            ] {
                assert_invalid(
                    &service.verify(&hs256(&header, &claims(), secret)),
                    &format!("{algorithm} {index}"),
                );
            }
        }
    }
}

#[test]
fn a_header_cannot_choose_another_algorithm_than_the_keys() {
    let service = service();
    for alg in ["ES256", "RS256", "HS256", "ES384", "PS256", "HS512", "eddsa", "EDDSA", "Ed448"] {
        let mut header = service.header();
        header["alg"] = json!(alg);
        assert_invalid(&service.verify(&service.sign_header(&header)), alg);
    }
}

#[test]
fn the_key_of_one_algorithm_does_not_verify_anothers_tokens() {
    let ring = KeyRing::new(key(Algorithm::EdDsa)).with_next(key(Algorithm::Es256));
    let service = Service::with(ring.clone());
    let token =
        service.sign_header(&json!({"alg": "EdDSA", "typ": "at+jwt", "kid": ring.next().unwrap().kid()}));
    assert_invalid(&service.verify(&token), "signed with the one key, naming the other");
}

#[test]
fn a_kid_is_only_a_name() {
    let service = service();
    let long = "k".repeat(4_000);
    for kid in [
        json!("../../../../dev/null"),
        json!("/etc/passwd"),
        json!("' OR 1=1 --"),
        json!("x' UNION SELECT 'secret"),
        json!("| sleep 5"),
        json!("http://evil.example/jwks.json"),
        json!("\0"),
        json!(""),
        json!(long),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(null),
        json!(true),
        json!([service.kid()]),
        json!({"kid": service.kid()}),
        json!(service.kid().to_uppercase()),
        json!(format!("{} ", service.kid())),
    ] {
        let mut header = service.header();
        header["kid"] = kid.clone();
        assert_invalid(&service.verify(&service.sign_header(&header)), &format!("{kid:.60}"));
        header["alg"] = json!("HS256");
        assert_invalid(&service.verify(&hs256(&header, &claims(), b"")), &format!("{kid:.60}"));
    }
}

#[test]
fn a_key_in_the_header_is_never_used() {
    let (service, evil) = (service(), service());
    let jwk = serde_json::to_value(evil.keys.load().jwks().keys.remove(0)).unwrap();
    for (name, value) in [
        ("jwk", jwk),
        ("jku", json!("https://evil.example/jwks.json")),
        ("x5u", json!("https://evil.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("x5t", json!("AAAA")),
    ] {
        for kid in [evil.kid(), service.kid()] {
            let mut header = service.header();
            header["kid"] = json!(kid);
            header[name] = value.clone();
            assert_invalid(&service.verify(&evil.sign_header(&header)), name);
        }
        let mut header = service.header();
        header[name] = value;
        assert!(
            service.verify(&service.sign_header(&header)).is_ok(),
            "{name} beside a genuine signature is ignored"
        );
    }
}

#[test]
fn every_critical_extension_is_refused() {
    let service = service();
    for crit in
        [json!(["exp"]), json!(["b64"]), json!(["x"]), json!([]), json!("exp"), json!(null), json!(["alg"])]
    {
        let mut header = service.header();
        header["crit"] = crit.clone();
        header["x"] = json!(1);
        assert_invalid(&service.verify(&service.sign_header(&header)), &crit.to_string());
    }
}

#[test]
fn unencoded_encrypted_and_compressed_payloads_are_refused() {
    let service = service();
    for (name, value) in [
        ("b64", json!(false)),
        ("b64", json!(true)),
        ("b64", json!(null)),
        ("enc", json!("A256GCM")),
        ("zip", json!("DEF")),
    ] {
        let mut header = service.header();
        header[name] = value.clone();
        assert_invalid(&service.verify(&service.sign_header(&header)), &format!("{name} {value}"));
    }
}

#[test]
fn an_encrypted_token_of_five_parts_is_refused() {
    let service = service();
    let header =
        encode(json!({"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 2_000_000_000}).to_string());
    assert_invalid(&service.verify(&format!("{header}.AAAA.AAAA.AAAA.AAAA")), "JWE");
    let token = service.issue();
    assert_invalid(&service.verify(&format!("{}.AAAA.AAAA", token.as_str())), "five parts");
}

#[test]
fn an_expensive_header_costs_nothing() {
    let service = service();
    let started = std::time::Instant::now();
    let header = json!({"alg": "PBES2-HS512+A256KW", "typ": "at+jwt", "kid": service.kid(), "p2c": 2_147_483_647, "p2s": "AAAA"});
    assert_invalid(&service.verify(&service.sign_header(&header)), "p2c");
    assert!(started.elapsed().as_secs() < 1);
}

#[test]
fn the_json_serialisation_is_refused() {
    let service = service();
    let token = service.issue();
    let [header, payload, signature]: [&str; 3] =
        token.as_str().split('.').collect::<Vec<_>>().try_into().unwrap();
    let flattened = json!({"protected": header, "payload": payload, "signature": signature});
    let general = json!({"payload": payload, "signatures": [{"protected": header, "signature": signature}]});
    assert_invalid(&service.verify(&flattened.to_string()), "flattened");
    assert_invalid(&service.verify(&general.to_string()), "general");
}

#[test]
fn a_token_of_any_other_shape_is_refused() {
    let service = service();
    let token = service.issue();
    let good = token.as_str();
    let [header, payload, signature]: [&str; 3] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    for bad in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        header.to_owned(),
        format!("{header}.{payload}"),
        format!("{header}.{payload}."),
        format!("{header}..{signature}"),
        format!(".{payload}.{signature}"),
        format!(".{good}"),
        format!("{good}."),
        format!(" {good}"),
        format!("{good} "),
        format!("{good}\n"),
        format!("{good}\0"),
        format!("Bearer {good}"),
        format!("\"{good}\""),
        good.replace('.', ".."),
        good.to_uppercase(),
        good.to_lowercase(),
        good.replace('.', " "),
        format!("{payload}.{header}.{signature}"),
    ] {
        assert_invalid(&service.verify(&bad), &bad);
    }
}

#[test]
fn padded_and_non_canonical_base64_is_refused() {
    let service = service();
    let token = service.issue();
    let good = token.as_str();
    let [header, payload, signature]: [&str; 3] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    assert_invalid(&service.verify(&format!("{good}=")), "=");
    assert_invalid(&service.verify(&format!("{good}==")), "==");
    assert_invalid(&service.verify(&format!("{header}=.{payload}.{signature}")), "header =");
    assert_invalid(&service.verify(&format!("{header}.{payload}=.{signature}")), "payload =");
    // The standard alphabet, and bits after the last byte: 64 bytes leave four of them in the 86th character.
    assert_invalid(
        &service.verify(&good.replace('-', "+").replace('_', "/").replacen('.', ".+", 1)),
        "alphabet",
    );
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = alphabet.find(good.chars().last().unwrap()).unwrap();
    for stray in 1..16 {
        let respelled = format!("{}{}", &good[..good.len() - 1], &alphabet[last + stray..=last + stray]);
        assert_invalid(&service.verify(&respelled), &format!("stray bits {stray}"));
    }
}

#[test]
fn a_stripped_cut_extended_or_zero_signature_is_refused() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256, Algorithm::Hs256] {
        let service = Service::new(algorithm);
        let token = service.issue();
        let (signed, signature) = token.as_str().rsplit_once('.').unwrap();
        let signature = decode(signature);
        let length = signature.len();
        for (what, bytes) in [
            ("nothing", vec![]),
            ("one zero", vec![0]),
            ("all zero", vec![0; length]),
            ("all ones", vec![0xff; length]),
            ("cut", signature[..length - 1].to_vec()),
            ("halved", signature[..length / 2].to_vec()),
            ("extended", [&signature[..], &[0]].concat()),
            ("preceded", [&[0], &signature[..]].concat()),
            ("doubled", [&signature[..], &signature[..]].concat()),
            ("reversed", signature.iter().rev().copied().collect()),
            // r = s = 1, and an ASN.1 sequence instead of two fixed numbers.
            ("ones", [[0; 31].as_slice(), &[1], &[0; 31], &[1]].concat()),
            ("der", vec![0x30, 6, 2, 1, 1, 2, 1, 1]),
        ] {
            assert_invalid(
                &service.verify(&format!("{signed}.{}", encode(bytes))),
                &format!("{algorithm} {what}"),
            );
        }
    }
}

#[test]
fn a_changed_header_or_payload_is_refused() {
    let (service, other) = (service(), service());
    let token = service.issue();
    let [header, payload, signature]: [&str; 3] =
        token.as_str().split('.').collect::<Vec<_>>().try_into().unwrap();
    let mut admin: Value = serde_json::from_slice(&decode(payload)).unwrap();
    admin["sub"] = json!("1");
    assert_invalid(
        &service.verify(&format!("{header}.{}.{signature}", encode(admin.to_string()))),
        "payload",
    );
    let spaced = String::from_utf8(decode(header)).unwrap().replace(',', ", ");
    assert_invalid(&service.verify(&format!("{}.{payload}.{signature}", encode(spaced))), "header");
    let mut header = service.header();
    header["kid"] = json!(other.kid());
    assert_invalid(&service.verify(other.issue().as_str()), "another service's key");
    assert_invalid(&service.verify(&other.sign_header(&service.header())), "another key under our kid");
}
