//! What is sealed on its way through a browser: authorization requests, codes, pushed requests, and where a login goes on to; and ID
//! tokens that come back as hints.

use std::sync::LazyLock;

use keyward_auth::{IdTokenHint, KeyRing, MasterSecret};
use keyward_domain::oauth::authorize::code::Code;
use keyward_domain::oauth::authorize::pending::Pending;
use keyward_domain::oauth::authorize::pushed::Pushed;
use keyward_pages::next::Next;
use time::OffsetDateTime;

use crate::Fate;
use crate::fixtures::{self, ISSUER, NOW, Still};

static MASTER: LazyLock<MasterSecret> = LazyLock::new(fixtures::master_secret);
static RING: LazyLock<KeyRing> = LazyLock::new(|| KeyRing::new(fixtures::p256_key()));

const REQUEST: (&str, &str) = ("kwq_", "keyward authorization request v2");
const CODE: (&str, &str) = ("kwc_", "keyward authorization code v1");
const PUSHED: (&str, &str) =
    ("urn:ietf:params:oauth:request_uri:", "keyward pushed authorization request v1");

/// Bytes that this server did not seal open nothing. Those that it did seal are read as what they are or not at all, and what was read
/// is sealed and read again as it was.
pub fn check(input: &[u8]) -> Fate {
    let now = OffsetDateTime::from_unix_timestamp(NOW).expect("it is a time");
    if let Ok(text) = std::str::from_utf8(input) {
        assert!(Pending::open(text, &MASTER, now).is_none(), "a request that was not sealed here");
        assert!(Code::open(text, &MASTER).is_none(), "a code that was not sealed here");
        assert!(Pushed::open(text, &MASTER).is_none(), "a pushed request that was not sealed here");
        assert!(IdTokenHint::read(text, ISSUER, &RING).is_none(), "a hint that was not signed here");
    }
    let sealed = |(prefix, label)| MASTER.seal_text(prefix, label, input, &Still);
    let mut accepted = false;
    if let Some(request) = Pending::open(&sealed(REQUEST), &MASTER, now) {
        assert_eq!(Pending::open(&request.seal(&MASTER, &Still), &MASTER, now), Some(request));
        accepted = true;
    }
    if let Some(code) = Code::open(&sealed(CODE), &MASTER) {
        assert_eq!(Code::open(&code.seal(&MASTER, &Still), &MASTER), Some(code));
        accepted = true;
    }
    if let Some(pushed) = Pushed::open(&sealed(PUSHED), &MASTER) {
        assert_eq!(Pushed::open(&pushed.seal(&MASTER, &Still), &MASTER), Some(pushed));
        accepted = true;
    }
    // What is sealed for one purpose serves no other.
    assert!(Code::open(&sealed((CODE.0, REQUEST.1)), &MASTER).is_none());
    assert!(Pending::open(&sealed((REQUEST.0, CODE.1)), &MASTER, now).is_none());
    assert!(Pushed::open(&sealed((PUSHED.0, REQUEST.1)), &MASTER).is_none());
    if let Some(next) = Next::parse(input, now) {
        assert!(next.path().starts_with('/') && !next.path().starts_with("//"), "{}", next.path());
        assert_eq!(Next::to(next.path()).as_ref().map(Next::path), Some(next.path()));
        assert!(next.path().bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\'));
        let ends = |origin: &str| origin.contains([';', ' ', ',', '*', '/', '\'', '"']);
        assert!(
            next.origin().is_none_or(|origin| !ends(
                origin.trim_start_matches("https://").trim_start_matches("http://")
            ))
        );
        assert!(next.hint().is_none_or(|hint| hint.len() <= 320 && !hint.chars().any(char::is_control)));
        accepted = true;
    }
    Fate::accepted(accepted)
}
