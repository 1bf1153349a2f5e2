//! Access tokens as they are meant to be used: issued, checked, rotated, published.

use crate::service::{AUDIENCE, ISSUER, NOW, Service, decode, grant, key};
use keyward_auth::{
    Algorithm, Jwk, Jwks, KeyError, KeyRing, SigningKey, TokenError, TokenIssuer, TokenVerifier, VerifyingKey,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const ALL: [Algorithm; 4] = [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256, Algorithm::Hs256];

#[test]
fn a_token_says_what_was_granted_with_every_algorithm() {
    for algorithm in ALL {
        let service = Service::new(algorithm);
        let token = service.issue();
        let claims = service.verify(token.as_str()).unwrap();
        assert_eq!(&claims, token.claims());
        assert_eq!((claims.iss.as_str(), claims.aud.as_slice()), (ISSUER, &[AUDIENCE.to_owned()][..]));
        assert_eq!(
            (claims.sub, claims.sid, claims.client_id),
            (grant().subject, grant().session, grant().client_id)
        );
        assert_eq!((claims.iat, claims.nbf, claims.exp), (NOW, Some(NOW), NOW + 900));
        assert_eq!(claims.scope, grant().scope);
        assert_eq!(token.expires_in(), 900);
        assert!(token.as_str().len() < 1024, "{algorithm} makes {} bytes", token.as_str().len());
    }
}

#[test]
fn the_header_is_that_of_rfc_9068() {
    for algorithm in ALL {
        let service = Service::new(algorithm);
        let token = service.issue();
        let header: Value =
            serde_json::from_slice(&decode(token.as_str().split('.').next().unwrap())).unwrap();
        let mut expected = json!({"alg": algorithm.as_str(), "typ": "at+jwt"});
        if algorithm.is_asymmetric() {
            expected["kid"] = service.kid().into();
        }
        assert_eq!(header, expected);
    }
}

#[test]
fn no_two_tokens_share_an_id() {
    let service = Service::new(Algorithm::EdDsa);
    let (first, second) = (service.issue(), service.issue());
    assert_ne!(first.claims().jti, second.claims().jti);
    assert_eq!(first.claims().jti.len(), 22);
}

#[test]
fn a_token_expires_after_its_lifetime_and_the_leeway() {
    let service = Service::new(Algorithm::EdDsa);
    let token = service.issue();
    assert!(service.verifier.verify(token.as_str(), NOW + 904).is_ok());
    assert_eq!(service.verifier.verify(token.as_str(), NOW + 905), Err(TokenError::Expired));
    assert_eq!(service.verifier.verify(token.as_str(), i64::MAX), Err(TokenError::Expired));
}

#[test]
fn a_slow_clock_is_forgiven_by_the_leeway_only() {
    let service = Service::new(Algorithm::EdDsa);
    let token = service.issue();
    assert!(service.verifier.verify(token.as_str(), NOW - 5).is_ok());
    assert!(matches!(service.verifier.verify(token.as_str(), NOW - 6), Err(TokenError::Invalid(_))));
    assert!(matches!(service.verifier.verify(token.as_str(), i64::MIN), Err(TokenError::Invalid(_))));
}

#[test]
fn tokens_outlive_a_rotation_but_not_their_key() {
    let service = Service::new(Algorithm::EdDsa);
    let before = service.issue();
    service.keys.replace(KeyRing::clone(&service.keys.load()).with_next(key(Algorithm::Es256)));
    service.keys.replace(service.keys.load().rotate().unwrap());
    let after = service.issue();
    assert!(service.verify(before.as_str()).is_ok());
    assert!(service.verify(after.as_str()).is_ok());

    service.keys.replace(KeyRing::clone(&service.keys.load()).with_previous([]));
    assert!(service.verify(before.as_str()).is_err());
    assert!(service.verify(after.as_str()).is_ok());
}

#[test]
fn a_ring_from_published_keys_verifies_and_cannot_sign() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256] {
        let service = Service::new(algorithm);
        let published = serde_json::to_string(&service.keys.load().jwks()).unwrap();
        let reader = Service::with(KeyRing::from_jwks(&serde_json::from_str(&published).unwrap()).unwrap());
        assert!(reader.verify(service.issue().as_str()).is_ok());
        assert_eq!(reader.issuer.issue(&grant(), NOW).unwrap_err(), TokenError::Signing);
    }
}

#[test]
fn a_published_key_has_its_public_members_and_no_others() {
    for (algorithm, members) in [
        (Algorithm::EdDsa, &["alg", "crv", "kid", "kty", "use", "x"][..]),
        (Algorithm::Es256, &["alg", "crv", "kid", "kty", "use", "x", "y"][..]),
        (Algorithm::Rs256, &["alg", "e", "kid", "kty", "n", "use"][..]),
    ] {
        let key = key(algorithm);
        let jwk = serde_json::to_value(key.verifying_key().jwk().unwrap()).unwrap();
        let mut names: Vec<_> = jwk.as_object().unwrap().keys().collect();
        names.sort();
        assert_eq!(names, members);
        assert_eq!((jwk["alg"].as_str(), jwk["use"].as_str()), (Some(algorithm.as_str()), Some("sig")));
        let thumbprint = serde_json::from_value::<Jwk>(jwk.clone()).unwrap().thumbprint();
        assert_eq!((key.kid(), jwk["kid"].as_str()), (thumbprint.as_deref(), thumbprint.as_deref()));
    }
    assert_eq!(key(Algorithm::Hs256).verifying_key().jwk(), None);
    assert_eq!(KeyRing::new(key(Algorithm::Hs256)).jwks(), Jwks::default());
}

#[test]
fn a_stored_key_is_the_same_key() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256] {
        let original = key(algorithm);
        let restored = SigningKey::from_pkcs8_der(algorithm, &original.to_pkcs8_der().unwrap()).unwrap();
        assert_eq!(restored.kid(), original.kid());
        let service = Service::with(KeyRing::new(original));
        let token = service.issue();
        assert!(Service::with(KeyRing::new(restored)).verify(token.as_str()).is_ok());
    }
}

#[test]
fn a_key_is_refused_where_it_does_not_belong() {
    let der = key(Algorithm::EdDsa).to_pkcs8_der().unwrap();
    assert!(matches!(SigningKey::from_pkcs8_der(Algorithm::Es256, &der), Err(KeyError::Rejected(_))));
    assert!(matches!(SigningKey::from_pkcs8_der(Algorithm::Rs256, &der), Err(KeyError::Rejected(_))));
    assert!(matches!(SigningKey::from_pkcs8_der(Algorithm::EdDsa, b"junk"), Err(KeyError::Rejected(_))));
    assert!(matches!(SigningKey::from_pkcs8_der(Algorithm::Hs256, &der), Err(KeyError::Unsupported(..))));
    assert!(matches!(SigningKey::generate(Algorithm::Hs256), Err(KeyError::Unsupported(..))));
    assert!(matches!(SigningKey::hs256(&[7; 31]), Err(KeyError::TooShort(31))));
    assert!(key(Algorithm::Hs256).to_pkcs8_der().is_none());
}

#[test]
fn a_weak_or_malformed_public_key_is_refused() {
    let rsa = key(Algorithm::Rs256).verifying_key().jwk().unwrap();
    let ec = key(Algorithm::Es256).verifying_key().jwk().unwrap();
    let okp = key(Algorithm::EdDsa).verifying_key().jwk().unwrap();
    let text = |text: &str| Some(text.to_owned());
    for (what, jwk) in [
        ("an exponent of 3", Jwk { e: text("Aw"), ..rsa.clone() }),
        ("an even exponent", Jwk { e: text("AQAA"), ..rsa.clone() }),
        ("a short modulus", Jwk { n: text(&crate::service::encode([0xff; 128])), ..rsa.clone() }),
        ("a huge modulus", Jwk { n: text(&crate::service::encode([0xff; 1025])), ..rsa.clone() }),
        ("no modulus", Jwk { n: None, ..rsa }),
        ("a point off the curve", Jwk { y: ec.x.clone(), ..ec.clone() }),
        ("a short coordinate", Jwk { x: text("AAAA"), ..ec }),
        ("a short Ed25519 key", Jwk { x: text("AAAA"), ..okp.clone() }),
        ("padded base64", Jwk { x: okp.x.as_ref().map(|x| format!("{x}=")), ..okp }),
    ] {
        assert!(matches!(VerifyingKey::from_jwk(&jwk), Err(KeyError::Rejected(_))), "{what}");
    }
}

#[test]
fn a_public_key_of_another_kind_or_use_is_foreign() {
    let jwk = key(Algorithm::EdDsa).verifying_key().jwk().unwrap();
    let text = |text: &str| Some(text.to_owned());
    for foreign in [
        Jwk { kty: "oct".to_owned(), ..jwk.clone() },
        Jwk { crv: text("X25519"), ..jwk.clone() },
        Jwk { crv: None, ..jwk.clone() },
        Jwk { alg: text("ES256"), ..jwk.clone() },
        Jwk { alg: text("HS256"), ..jwk.clone() },
        Jwk { use_: text("enc"), ..jwk.clone() },
        Jwk { key_ops: Some(vec!["encrypt".to_owned()]), ..jwk.clone() },
    ] {
        assert!(matches!(VerifyingKey::from_jwk(&foreign), Err(KeyError::Foreign(_))), "{foreign:?}");
    }
    assert!(VerifyingKey::from_jwk(&Jwk { alg: text("Ed25519"), ..jwk }).is_ok());
}

#[test]
fn nothing_secret_is_printed() {
    let service = Service::new(Algorithm::Hs256);
    let token = service.issue();
    let printed = format!("{token:?} {:?} {:?}", service.keys, key(Algorithm::EdDsa));
    assert!(!printed.contains(token.as_str().rsplit('.').next().unwrap()));
    assert!(!printed.contains("a secret of") && !printed.contains("97, 32, 115"));
    assert!(printed.contains("Hs256") && printed.contains("posts:read"));
}

proptest! {
    #[test]
    fn any_grant_survives_the_round_trip(
        subject in ".{1,40}",
        session in proptest::option::of(".{0,40}"),
        client_id in proptest::option::of(".{0,40}"),
        scope in proptest::collection::vec("[!#-\\[\\]-~]{1,12}", 0..6),
        now in 0_i64..250_000_000_000,
    ) {
        let service = Service::new(Algorithm::EdDsa);
        let scope = keyward_auth::ScopeSet::from_names(scope.iter().map(String::as_str)).unwrap();
        let amr = vec!["pwd".to_owned()];
        let authentication = Some(keyward_auth::Authentication { at: now, acr: "aal1".to_owned(), amr });
        let grant = keyward_auth::Grant { subject, session, client_id, key: None, scope, audience: Vec::new(), userinfo: false, authentication };
        let token = service.issuer.issue(&grant, now).unwrap();
        let claims = service.verifier.verify(token.as_str(), now).unwrap();
        prop_assert_eq!(&claims, token.claims());
        prop_assert_eq!((claims.sub, claims.sid, claims.client_id, claims.scope), (grant.subject, grant.session, grant.client_id, grant.scope));
    }

    #[test]
    fn any_text_is_refused_without_a_panic(text in ".{0,300}", parts in proptest::array::uniform3("[A-Za-z0-9_=-]{0,80}")) {
        let service = Service::new(Algorithm::EdDsa);
        prop_assert!(service.verify(&text).is_err());
        prop_assert!(service.verify(&parts.join(".")).is_err());
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    for algorithm in ALL {
        let service = Service::new(algorithm);
        let token = service.issue();
        let text = token.as_str();
        // Every bit of the decoded signature, every eleventh bit of the text: the whole would take minutes unoptimised.
        let (signed, signature) = text.rsplit_once('.').unwrap();
        let signature = decode(signature);
        let step = if algorithm == Algorithm::Rs256 { 7 } else { 1 };
        for bit in (0..signature.len() * 8).step_by(step) {
            let mut changed = signature.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(
                service.verify(&format!("{signed}.{}", crate::service::encode(changed))).is_err(),
                "{algorithm} {bit}"
            );
        }
        for bit in (0..text.len() * 8).step_by(11) {
            let mut changed = text.as_bytes().to_vec();
            changed[bit / 8] ^= 1 << (bit % 8);
            let Ok(changed) = String::from_utf8(changed) else { continue };
            assert!(service.verify(&changed).is_err(), "{algorithm} {bit}");
        }
    }
}
