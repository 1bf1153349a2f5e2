//! Refresh tokens and one-time codes: texts that we made, and nothing that looks like them.

use std::sync::LazyLock;

use keyward_auth::{OneTimeCodes, RefreshTokens, SecretHash};

use crate::Fate;
use crate::fixtures;

/// The salt of the only session there is.
const SALT: &[u8] = b"sixteen bytes ok";

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
    assert_eq!(genuine, ours.expose() == text, "one spelling, and one maker");
    assert!(!TOKENS.verify(&claim, b"another session's"), "a salt is good for its own session");
    let again = RefreshTokens::parse(ours.expose()).expect("what we write can be read");
    assert_eq!((again.session, again.counter), (claim.session, claim.counter));
    assert!(!format!("{claim:?} {ours:?}").contains(&text[text.len() - 20..]), "it prints its proof");
    Fate::accepted(genuine)
}
