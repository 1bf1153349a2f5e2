//! Refresh tokens: one spelling each, and none that we did not make.

use keyward_auth::{MasterSecret, RefreshError, RefreshTokens, SystemRandom};
use proptest::prelude::*;
use uuid::Uuid;

const SALT: &[u8; 16] = b"sixteen bytes...";

/// A token of the first version: of the master secret of ones, and of a salt of 17 bytes.
const FIRST: &str = "kwr_AZjBogAAcACAAAAAAAAAAQAAAAAAAAADuUQ1n9q1QRV7G4stVBRp-Yt56ttoo-zNGQ-LIP-H8mo";
const FIRST_SALT: &[u8] = b"sixteen random by";

fn tokens(byte: u8) -> RefreshTokens {
    RefreshTokens::new(&MasterSecret::from_bytes(&[byte; 32]).unwrap())
}

/// Computed apart from this crate (Python's hmac, RFC 5869 by hand) and fixed for good: a release that spells or derives
/// differently would log every user out.
#[test]
fn the_text_form_is_stable() {
    let token = tokens(1).encode(Uuid::from_u128(0x0198_c1a2_0000_7000_8000_0000_0000_0001), 3, SALT);
    assert_eq!(
        token.expose(),
        "kwr_AZjBogAAcACAAAAAAAAAAQAAAAAAAAADc2l4dGVlbiBieXRlcy4uLmA9ONySTx4lhoLVteYQXw0yDgAWHpr7pkZRhAVVhN9R"
    );
}

#[test]
fn a_token_of_the_first_version_is_good_for_its_own_session_still() {
    let claim = RefreshTokens::parse(FIRST).unwrap();
    let session = Uuid::from_u128(0x0198_c1a2_0000_7000_8000_0000_0000_0001);
    assert_eq!((claim.session, claim.counter, claim.salt()), (session, 3, None));
    assert!(tokens(1).verify(&claim, FIRST_SALT));
    assert!(!tokens(1).verify(&claim, SALT) && !tokens(2).verify(&claim, FIRST_SALT));
    assert!(!tokens(1).is_forged(&claim) && !tokens(2).is_forged(&claim), "its row alone can tell");
    let mut other = claim;
    other.counter = 4;
    assert!(!tokens(1).verify(&other, FIRST_SALT));
}

/// Each of the two is half of a token: the master secret alone lacks the salt, and the database alone the key.
#[test]
fn a_forged_token_is_known_as_such_without_its_session_and_a_salt_of_another_needs_the_session() {
    let (ours, session) = (tokens(1), Uuid::from_u128(7));
    let by_another_secret = RefreshTokens::parse(tokens(2).encode(session, 3, SALT).expose()).unwrap();
    assert!(ours.is_forged(&by_another_secret) && !ours.verify(&by_another_secret, SALT));
    let with_another_salt = RefreshTokens::parse(ours.encode(session, 3, &[0; 16]).expose()).unwrap();
    assert!(!ours.is_forged(&with_another_salt) && !ours.verify(&with_another_salt, SALT));
}

#[test]
fn a_token_is_void_under_another_salt_secret_session_or_counter() {
    let (ours, session) = (tokens(1), Uuid::from_u128(7));
    let claim = RefreshTokens::parse(ours.encode(session, 3, SALT).expose()).unwrap();
    assert!(ours.verify(&claim, SALT));
    assert!(!ours.verify(&claim, b"another salt"));
    assert!(!ours.verify(&claim, b""));
    assert!(!tokens(2).verify(&claim, SALT));

    let mut other = claim.clone();
    other.session = Uuid::from_u128(8);
    assert!(!ours.verify(&other, SALT));
    let mut other = claim;
    other.counter = 4;
    assert!(!ours.verify(&other, SALT));
}

#[test]
fn a_token_has_exactly_one_spelling() {
    let token = tokens(1).encode(Uuid::from_u128(7), 3, SALT);
    let good = token.expose();
    assert_eq!(good.len(), 100);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = alphabet.find(FIRST.chars().last().unwrap()).unwrap();
    let mut spellings = vec![
        String::new(),
        "kwr_".to_owned(),
        good[4..].to_owned(),
        good.to_uppercase(),
        good.replace("kwr_", "KWR_"),
        format!("{good}="),
        format!("{good}A"),
        format!(" {good}"),
        format!("{good}\n"),
        good[..99].to_owned(),
        good[..80].to_owned(),
        format!("kwr_{good}"),
        good.replace("kwr_", "kwr-"),
        format!("{}=", &good[..99]),
        "kwr_".to_owned() + &"ä".repeat(48),
        "kwr_".to_owned() + &"ä".repeat(37) + "x",
    ];
    // The 56 bytes of the first version leave two bits in the last character.
    spellings
        .extend((1..4).map(|stray| format!("{}{}", &FIRST[..78], &alphabet[last + stray..=last + stray])));
    for spelling in spellings {
        assert_eq!(RefreshTokens::parse(&spelling).unwrap_err(), RefreshError::Malformed, "{spelling}");
    }
    // In another case it may be well-formed, but then it names another session and is not genuine.
    let other = RefreshTokens::parse(&good.to_lowercase());
    assert!(other.is_err() || other.is_ok_and(|claim| !tokens(1).verify(&claim, SALT)));
}

#[test]
fn nothing_secret_is_printed() {
    let ours = RefreshTokens::new(&MasterSecret::generate(&SystemRandom));
    let token = ours.encode(Uuid::from_u128(7), 3, SALT);
    let claim = RefreshTokens::parse(token.expose()).unwrap();
    assert_eq!(
        format!("{ours:?} {token:?} {claim:?}"),
        "RefreshTokens(..) RefreshToken(..) \
         RefreshClaim { session: 00000000-0000-0000-0000-000000000007, counter: 3, .. }"
    );
}

proptest! {
    #[test]
    fn any_session_and_counter_survive_the_round_trip(session: u128, counter: u64, salt: [u8; 16], secret: [u8; 32]) {
        let ours = RefreshTokens::new(&MasterSecret::from_bytes(&secret).unwrap());
        let session = Uuid::from_u128(session);
        let token = ours.encode(session, counter, &salt);
        let claim = RefreshTokens::parse(token.expose()).unwrap();
        prop_assert_eq!((claim.session, claim.counter), (session, counter));
        prop_assert!(ours.verify(&claim, &salt) && !ours.is_forged(&claim));
        prop_assert_eq!(claim.salt(), Some(&salt));
        let again = ours.encode(session, counter, &salt);
        prop_assert_eq!(again.expose(), token.expose());
    }

    #[test]
    fn any_flipped_bit_is_noticed(session: u128, counter: u64, bit in 0_usize..100 * 8) {
        let ours = tokens(1);
        let token = ours.encode(Uuid::from_u128(session), counter, SALT);
        let mut changed = token.expose().as_bytes().to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        if let Ok(changed) = String::from_utf8(changed) {
            let believed = RefreshTokens::parse(&changed).is_ok_and(|claim| ours.verify(&claim, SALT));
            prop_assert!(!believed);
        }
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in ".{0,120}", encoded in "[A-Za-z0-9_-]{75}([A-Za-z0-9_-]{21})?") {
        let _ = RefreshTokens::parse(&text);
        let claim = RefreshTokens::parse(&format!("kwr_{encoded}"));
        prop_assert!(claim.is_err() || claim.is_ok_and(|claim| !tokens(1).verify(&claim, SALT)));
    }
}
