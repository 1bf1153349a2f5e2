//! `verify TIMES [remember]`: checks one token TIMES times, for counting instructions:
//! `valgrind --tool=callgrind target/release/examples/verify 1000`. The difference of two runs is what a check costs.

use std::sync::Arc;

use keyward_auth::{
    Algorithm, Grant, IssuerSettings, JwtIssuer, JwtVerifier, KeyRing, ScopeSet, SharedKeyRing, SigningKey,
    SystemRandom, TokenIssuer, TokenVerifier, VerifierSettings,
};

const NOW: i64 = 1_790_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let times: u32 = args.get(1).map_or(Ok(1000), |text| text.parse())?;
    let keys = SharedKeyRing::new(KeyRing::new(SigningKey::generate(Algorithm::EdDsa)?));
    let settings = IssuerSettings {
        issuer: "https://id.example".to_owned(),
        audience: "api".to_owned(),
        ttl_seconds: 900,
    };
    let mut verifier = JwtVerifier::new(VerifierSettings::new("https://id.example", "api"), keys.clone());
    if args.get(2).is_some_and(|word| word == "remember") {
        verifier = verifier.remembering(1024);
    }
    let grant = Grant {
        key: None,
        subject: "42".to_owned(),
        session: Some("0198c1a2-0000-7000-8000-000000000000".to_owned()),
        client_id: None,
        scope: ScopeSet::parse("posts:read posts:write shop")?,
        audience: Vec::new(),
        userinfo: false,
        authentication: None,
    };
    let token = JwtIssuer::new(settings, keys, Arc::new(SystemRandom)).issue(&grant, NOW)?;
    let mut good = 0;
    for _ in 0..times {
        good += u32::from(verifier.verify_shared(token.as_str(), NOW).is_ok());
    }
    println!("{good} of {times} checks found the token good");
    Ok(())
}
