//! Refresh tokens and one-time codes: texts that we made, and nothing that looks like them.

use std::sync::LazyLock;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_auth::{OneTimeCodes, RefreshClaim, RefreshTokens, SecretHash};

use crate::Fate;
use crate::fixtures;

/// The salt of the only session there is.
const SALT: &[u8; 16] = b"sixteen bytes ok";

static TOKENS: LazyLock<RefreshTokens> = LazyLock::new(|| RefreshTokens::new(&fixtures::master_secret()));
static CODES: LazyLock<OneTimeCodes> = LazyLock::new(|| OneTimeCodes::new(&fixtures::master_secret()));

/// A text is genuine if and only if it is, to the letter, what we write for the session and counter that it names. The same
/// goes for the code beside a secret.
pub fn check(input: &[u8]) -> Fate {
    let Ok(text) = std::str::from_utf8(input) else { return Fate::Refused };
    let companion = SecretHash::from_bytes([9; 32]);
    let code = CODES.code(&companion);
    assert_eq!(CODES.verify(&companion, text), *code == text);

    let Ok(claim) = RefreshTokens::parse(text) else {
        return Fate::accepted(*code == text);
    };
    let ours = TOKENS.encode(claim.session, claim.counter, SALT);
    let genuine = TOKENS.verify(&claim, SALT);
    if claim.salt().is_some() {
        assert_eq!(genuine, ours.expose() == text, "one spelling, and one maker");
        assert!(!(genuine && TOKENS.is_forged(&claim)), "what is genuine is not forged");
    } else {
        assert_eq!(genuine, first(&claim) == text, "one spelling, and one maker");
        assert!(!TOKENS.is_forged(&claim), "of an earlier version only its session knows");
    }
    assert!(!TOKENS.verify(&claim, b"another session's"), "a salt is good for its own session");
    let again = RefreshTokens::parse(ours.expose()).expect("what we write can be read");
    assert_eq!((again.session, again.counter), (claim.session, claim.counter));
    assert!(!format!("{claim:?} {ours:?}").contains(&text[text.len() - 20..]), "it prints its proof");
    Fate::accepted(genuine)
}

/// What the first version wrote for a session and a counter.
fn first(claim: &RefreshClaim) -> String {
    let named = [claim.session.as_bytes().as_slice(), &claim.counter.to_be_bytes()].concat();
    let key = fixtures::master_secret().derive("keyward refresh token v1", SALT);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &*key), &named);
    format!("kwr_{}", URL_SAFE_NO_PAD.encode([&named, tag.as_ref()].concat()))
}
