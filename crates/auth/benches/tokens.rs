//! What tokens cost: signing one, checking one, and recognising one that was checked before. `cargo bench -p keyward-auth`.

use std::sync::Arc;

use divan::{Bencher, black_box};
use keyward_auth::{
    Algorithm, Grant, IssuerSettings, JwtIssuer, JwtVerifier, KeyRing, ScopeSet, SharedKeyRing, SigningKey,
    SystemRandom, TokenIssuer, TokenVerifier, VerifierSettings,
};

const ALGORITHMS: [Algorithm; 4] = [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256, Algorithm::Hs256];
const NOW: i64 = 1_790_000_000;

fn main() {
    divan::main();
}

fn service(algorithm: Algorithm) -> (JwtIssuer, JwtVerifier) {
    let key = match algorithm {
        Algorithm::Hs256 => SigningKey::hs256(&[7; 32]),
        other => SigningKey::generate(other),
    };
    let keys = SharedKeyRing::new(KeyRing::new(key.expect("a key")));
    let settings = IssuerSettings {
        issuer: "https://id.example".to_owned(),
        audience: "api".to_owned(),
        ttl_seconds: 900,
    };
    let verifier = JwtVerifier::new(VerifierSettings::new("https://id.example", "api"), keys.clone());
    (JwtIssuer::new(settings, keys, Arc::new(SystemRandom)), verifier)
}

fn grant() -> Grant {
    Grant {
        key: None,
        subject: "42".to_owned(),
        session: Some("0198c1a2-0000-7000-8000-000000000000".to_owned()),
        client_id: None,
        scope: ScopeSet::parse("posts:read posts:write shop").expect("scopes"),
        audience: Vec::new(),
        userinfo: false,
        authentication: None,
    }
}

#[divan::bench(args = ALGORITHMS)]
fn issue(bencher: Bencher<'_, '_>, algorithm: Algorithm) {
    let (issuer, _) = service(algorithm);
    let grant = grant();
    bencher.bench(|| issuer.issue(black_box(&grant), NOW).expect("a token"));
}

#[divan::bench(args = ALGORITHMS)]
fn verify(bencher: Bencher<'_, '_>, algorithm: Algorithm) {
    let (issuer, verifier) = service(algorithm);
    let token = issuer.issue(&grant(), NOW).expect("a token");
    bencher.bench(|| verifier.verify_shared(black_box(token.as_str()), NOW).expect("it is good"));
}

#[divan::bench(args = ALGORITHMS)]
fn recognise(bencher: Bencher<'_, '_>, algorithm: Algorithm) {
    let (issuer, verifier) = service(algorithm);
    let verifier = verifier.remembering(1024);
    let token = issuer.issue(&grant(), NOW).expect("a token");
    bencher.bench(|| verifier.verify_shared(black_box(token.as_str()), NOW).expect("it is good"));
}
