//! Hashes that other systems made: known answers, costs, and nonsense.

use std::time::Instant;

use keyward_auth::{Password, PasswordError, PasswordHash, PasswordHasher, Verdict};
use proptest::prelude::*;

use crate::passwords::{CHEAP, hasher, say, verify};

const BCRYPT: &str = include_str!("../vectors/passlib/bcrypt.json");
const PASSLIB: &str = include_str!("../vectors/passlib/other.json");
const OTHERS: &str = include_str!("../vectors/others/hashes.json");
const DJANGO: &str = include_str!("../vectors/django/hashers.json");

/// Passwords and their hashes.
fn vectors(file: &str) -> Vec<(String, String)> {
    let file: serde_json::Value = serde_json::from_str(file).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let vectors = file["vectors"].as_array().unwrap().iter();
    vectors.map(|vector| (text(&vector["password"]), text(&vector["hash"]))).collect()
}

fn import(text: &str) -> Result<String, PasswordError> {
    PasswordHash::imported(text).map(|hash| hash.as_str().to_owned())
}

#[test]
fn hashes_of_passlib_and_django_are_taken_match_and_ask_for_a_rehash() {
    let (bcrypt, passlib, django) = (vectors(BCRYPT), vectors(PASSLIB), vectors(DJANGO));
    say(format_args!("passlib: {} bcrypt hashes matched, {} others", bcrypt.len(), passlib.len()));
    say(format_args!("Django: {} hashes matched", django.len()));
    assert_eq!((bcrypt.len(), passlib.len(), django.len()), (21, 57, 43));
    for (password, hash) in bcrypt.into_iter().chain(passlib).chain(django) {
        let stored = import(&hash).unwrap_or_else(|error| panic!("{hash}: {error}"));
        assert_eq!(verify(&password, &stored), Ok(Verdict::Match { needs_rehash: true }), "{hash}");
        for wrong in [format!("{password}x"), format!("{password}\0"), format!(" {password}")] {
            assert_eq!(verify(&wrong, &stored), Ok(Verdict::Mismatch), "{wrong:?} {hash}");
        }
    }
}

#[test]
fn hashes_of_other_frameworks_are_taken_match_and_ask_for_a_rehash() {
    let others = vectors(OTHERS);
    assert_eq!(others.len(), 80);
    for (password, hash) in others {
        let stored = import(&hash).unwrap_or_else(|error| panic!("{hash}: {error}"));
        assert_eq!(import(&stored).as_ref(), Ok(&stored), "what is stored is taken again");
        assert_eq!(
            verify(&password, &stored),
            Ok(Verdict::Match { needs_rehash: true }),
            "{password} {hash}"
        );
        for wrong in [format!("{password}x"), format!("{password}\0"), format!(" {password}"), String::new()]
        {
            assert_eq!(verify(&wrong, &stored), Ok(Verdict::Mismatch), "{wrong:?} {hash}");
        }
        // A truncated hash is refused: a shorter output is easier to match.
        if let Some(Ok(half)) = hash.get(..hash.len() / 2).map(import) {
            assert_eq!(verify(&password, &half), Ok(Verdict::Mismatch), "half of {hash}");
        }
    }
}

#[test]
fn an_unknown_function_is_named_and_what_may_be_a_password_is_not() {
    for (hash, name) in [
        ("$1$saltsalt$qjXMvbEw8oaL.CzflDtaK1", "$1$"),
        ("$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7", "$y$"),
        ("$S$DvQI6Y600iNeXRIeEMF94Y6FvN8nujJcEDTCP9nS5.i38jnEKZQJ", "$S$"),
        ("$apr1$saltsalt$qjXMvbEw8oaL.CzflDtaK1", "$apr1$"),
        ("{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g2tSnE8LdV3w==", "{SSHA}"),
        ("{MD5}X03MO1qnZdYdgyfeuILPmQ5f4dcc3b5aa7", "{MD5}"),
        ("md5$salt$5f4dcc3b5aa765d61d8327deb882cf99", "md5$"),
        ("sha1$salt$c88e9c67041a74e0357befdff93f87dde0904214", "sha1$"),
    ] {
        assert_eq!(import(hash), Err(PasswordError::UnknownHash(name.to_owned())), "{hash}");
    }
    for text in
        ["pa$$word", "my$ecret password 123 that is long$", "{not} a hash at all 12345678", "hunter2$abc"]
    {
        let refused = import(text).unwrap_err();
        assert!(matches!(refused, PasswordError::UnusableHash(_)), "{text}: {refused:?}");
    }
}

#[test]
fn an_imported_argon2_hash_is_told_from_ours_and_matches_what_was_typed() {
    let (password, hash) = vectors(PASSLIB)
        .into_iter()
        .find(|(password, hash)| password.contains('\u{fb01}') && hash.starts_with("$argon2id$"))
        .unwrap();
    // Taken for ours, it would be compared with the normalised password.
    assert_eq!(verify(&password, &hash), Ok(Verdict::Mismatch));
    let stored = import(&hash).unwrap();
    assert_eq!(stored, format!("argon2{hash}"));
    assert_eq!(verify(&password, &stored), Ok(Verdict::Match { needs_rehash: true }));
    assert_eq!(import(&stored), Ok(stored), "Django writes it like that");
}

#[test]
fn a_hash_of_another_keyward_matches_however_its_password_is_typed() {
    let made = hasher(CHEAP).hash(&Password::new("p\u{e4}sswort")).unwrap();
    let stored = import(made.as_str()).unwrap();
    for typed in ["p\u{e4}sswort", "pa\u{308}sswort"] {
        assert_eq!(verify(typed, &stored), Ok(Verdict::Match { needs_rehash: true }));
    }
    assert_eq!(verify("passwort", &stored), Ok(Verdict::Mismatch));
}

/// Each is one step beyond what is taken, or far beyond.
#[test]
fn hashes_that_cost_too_much_are_refused_at_once_at_import_and_at_login() {
    let started = Instant::now();
    let (short, long) = ("c2l4dGVlbiBieXRlIHNsdA", "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4");
    for hash in [
        format!("$argon2id$v=19$m=262145,t=1,p=1${short}${long}"),
        format!("argon2$argon2id$v=19$m=262144,t=5,p=1${short}${long}"),
        format!("$argon2id$v=19$m=1024,t=1,p=65${short}${long}"),
        format!("$pbkdf2-sha256$2000001${short}${long}"),
        format!("$pbkdf2-sha512$4294967295${short}${long}"),
        format!("pbkdf2_sha256$2000001$salt${long}="),
        // 33 bytes of SHA-256 cost as much as 64.
        format!("$pbkdf2-sha256$1000${short}${long}A"),
        format!("$scrypt$ln=18,r=8,p=1${short}${long}"),
        format!("$scrypt$ln=17,r=8,p=9${short}${long}"),
        format!("$scrypt$ln=1,r=65,p=1${short}${long}"),
        format!("$scrypt$ln=1,r=1,p=65${short}${long}"),
        format!("$scrypt$ln=1,r=1,p=4294967295${short}${long}"),
        format!("$scrypt$ln=63,r=8,p=1${short}${long}"),
        format!("$scrypt$ln=4294967295,r=8,p=1${short}${long}"),
        format!("scrypt$2147483648$salt$8$1${long}="),
        "$2b$16$CCCCCCCCCCCCCCCCCCCCC.pIKrLVkBX9/OvQMSygY1pWEVn72t6na".to_owned(),
        "bcrypt_sha256$$2b$31$CCCCCCCCCCCCCCCCCCCCC.pIKrLVkBX9/OvQMSygY1pWEVn72t6na".to_owned(),
        "{bcrypt}$2a$16$CCCCCCCCCCCCCCCCCCCCC.pIKrLVkBX9/OvQMSygY1pWEVn72t6na".to_owned(),
        "$wp$2y$16$CCCCCCCCCCCCCCCCCCCCC.pIKrLVkBX9/OvQMSygY1pWEVn72t6na".to_owned(),
        format!("$6$rounds=1000001$saltsalt${}", "x".repeat(86)),
        format!("$5$rounds=999999999$saltsalt${}", "x".repeat(43)),
        format!("$5$rounds=999$saltsalt${}", "x".repeat(43)),
        format!("$5$saltsaltsaltsalts${}", "x".repeat(43)),
        "$P$HsaltsaltuBYGofS3lCEJuUL3B1h0H.".to_owned(),
        "$P$zsaltsaltuBYGofS3lCEJuUL3B1h0H.".to_owned(),
        format!("pbkdf2:sha256:2000001$salt${}", "00".repeat(32)),
        format!("pbkdf2:sha512:4294967295$salt${}", "00".repeat(64)),
        format!("scrypt:262144:8:1$salt${}", "00".repeat(64)),
        format!("scrypt:2147483648:8:1$salt${}", "00".repeat(64)),
        format!("scrypt:16384:8:65$salt${}", "00".repeat(64)),
        format!("{{scrypt}}$1f0801${short}${long}"),
        format!("$fbscrypt$v=1,n=20,r=8,p=1,ss=Bw==,sk={long}${short}${long}"),
        // SHA-1 for 32 bytes of ASP.NET's costs twice its iterations.
        "AQAAAAAAD0JBAAAAEHNhbHRzYWx0c2FsdHNhbHQaXeF1iIpGrN6Aju8sa8Ub4Dz03UuUSuNv2QDjd3xXpQ==".to_owned(),
        "$bcrypt-sha256$v=2,t=2b,r=16$CCCCCCCCCCCCCCCCCCCCC.$pIKrLVkBX9/OvQMSygY1pWEVn72t6na".to_owned(),
    ] {
        assert!(matches!(import(&hash), Err(PasswordError::UnusableHash(_))), "{hash}");
        if !hash.starts_with("$argon2") {
            assert!(matches!(verify("secret", &hash), Err(PasswordError::UnusableHash(_))), "{hash}");
        }
    }
    assert!(started.elapsed().as_secs() < 1);
}

#[test]
fn what_is_no_hash_is_refused_and_never_matches() {
    let long = "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    for text in [
        "",
        "secret",
        "secret with $ in it",
        "$",
        "$$",
        "!",
        "!mPEkqnQDZ4cVFaC1Y2LxKkVdDCwFRXhCQ1x7fSPH",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99",
        "$1$salt$hash",
        "$6$salt$hash",
        "$6$rounds=5000$salt$hash",
        "$6$rounds=$salt$hash",
        "$P$",
        "$P$Bsalt",
        "$wp$",
        "$wp$2x$05$CCCCCCCCCCCCCCCCCCCCC.pIKrLVkBX9/OvQMSygY1pWEVn72t6na",
        "$fbscrypt$v=1,n=14,r=8,p=1,ss=,sk=$$",
        "scrypt:16:8$salt$00",
        "pbkdf2:md5:1000$salt$000102030405060708090a0b0c0d0e0f",
        "pbkdf2:sha256$salt$0001",
        "AQAAAA",
        "AQAAAAEAACcQAAAAEP",
        "{bcrypt}",
        "{bcrypt}secret",
        "{noop}secret",
        "{pbkdf2@SpringSecurity_v5_8}00",
        "$2x$05$CCCCCCCCCCCCCCCCCCCCC.pIKrLVkBX9/OvQMSygY1pWEVn72t6na",
        "bcrypt$$2x$05$CCCCCCCCCCCCCCCCCCCCC.pIKrLVkBX9/OvQMSygY1pWEVn72t6na",
        "bcrypt$secret",
        "bcrypt_sha256$",
        "$bcrypt-sha256$v=3,t=2b,r=5$CCCCCCCCCCCCCCCCCCCCC.$pIKrLVkBX9/OvQMSygY1pWEVn72t6na",
        "$bcrypt-sha256$v=2,t=2b,r=5$CCCCCCCCCCCCCCCCCCCCC$.pIKrLVkBX9/OvQMSygY1pWEVn72t6na",
        "$bcrypt-sha256$2b,5$CCCCCCCCCCCCCCCCCCCCC.",
        "argon2$",
        "argon2$argon2id",
        "argon2$bcrypt$x",
        "$pbkdf2-sha256$$$",
        "$pbkdf2-sha256$0$c2FsdA$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$pbkdf2-sha256$1000$c2FsdA$AAAA",
        "$pbkdf2-sha256$1000$c2FsdA$****",
        "pbkdf2_sha256$1000$salt$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "pbkdf2_sha256$1000$sa\0lt$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4=",
        "pbkdf2_md5$1000$salt$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4=",
        "$scrypt$ln=4,r=8$c2FsdA$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$scrypt$r=8,ln=4,p=1$c2FsdA$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$scrypt$ln=0,r=8,p=1$c2FsdA$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$scrypt$ln=4,r=8,p=1$c2FsdA$AAAA",
        "scrypt$1000$salt$8$1$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4=",
        "scrypt$0$salt$8$1$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4=",
        &format!("pbkdf2_sha256$1000${}${long}=", "s".repeat(1024)),
    ] {
        let refused = import(text).unwrap_err();
        let kinds = matches!(refused, PasswordError::UnusableHash(_) | PasswordError::UnknownHash(_));
        assert!(kinds, "{text}: {refused:?}");
        assert!(!refused.to_string().contains("CCCC") && !refused.to_string().contains("nf65"), "{refused}");
        assert!(!matches!(verify("secret", text), Ok(Verdict::Match { .. })), "{text}");
    }
}

proptest! {
    #[test]
    fn taking_a_hash_never_panics_and_what_is_taken_can_be_taken_again(
        vector in 0_usize..1000,
        cut in 0_usize..200,
        length in 0_usize..4,
        patch in "[0-9a-zA-Z$=,./+\u{e4}\\-]{0,4}",
    ) {
        let all: Vec<_> = [BCRYPT, PASSLIB, DJANGO].into_iter().flat_map(vectors).collect();
        let characters: Vec<char> = all[vector % all.len()].1.chars().collect();
        let start = cut.min(characters.len());
        let end = (start + length).min(characters.len());
        let text: String = characters[..start].iter().chain(&patch.chars().collect::<Vec<_>>())
            .chain(&characters[end..]).collect();
        if let Ok(stored) = import(&text) {
            prop_assert_eq!(import(&stored), Ok(stored));
        }
    }

    #[test]
    fn taking_any_text_never_panics(text in "\\PC{0,80}") {
        drop(import(&text));
    }
}

#[test]
fn what_bcrypt_would_silently_cut_never_matches() {
    let (password, stored) = vectors(BCRYPT).into_iter().find(|(password, _)| password.len() == 72).unwrap();
    assert_eq!(verify(&password, &stored), Ok(Verdict::Match { needs_rehash: true }));
    assert_eq!(verify(&format!("{password}and more"), &stored), Ok(Verdict::Mismatch));
}

#[test]
fn a_bcrypt_hash_of_unnormalised_text_matches_what_was_typed() {
    // passlib hashes the bytes it is given: here "\u{fb01}ve" with a ligature, made with cost 4.
    let stored = ::bcrypt::hash_with_salt("\u{fb01}ve", 4, [7; 16]).unwrap().to_string();
    assert_eq!(verify("\u{fb01}ve", &stored), Ok(Verdict::Match { needs_rehash: true }));
    assert_eq!(verify("five", &stored), Ok(Verdict::Mismatch));
}

#[test]
fn malformed_and_absurdly_costly_bcrypt_hashes_are_refused_at_once() {
    let started = Instant::now();
    for stored in [
        "$2b$",
        "$2b$31$CCCCCCCCCCCCCCCCCCCCC.pIKrLVkBX9/OvQMSygY1pWEVn72t6na",
        "$2b$16$CCCCCCCCCCCCCCCCCCCCC.pIKrLVkBX9/OvQMSygY1pWEVn72t6na",
        "$2b$03$CCCCCCCCCCCCCCCCCCCCC.pIKrLVkBX9/OvQMSygY1pWEVn72t6na",
        "$2b$05$CCCCCCCCCCCCCCCCCCCCC.pIKrLVkBX9/OvQMSygY1pWEVn72t6n",
        "$2b$05$CCCCCCCCCCCCCCCCCCCCC.pIKrLVkBX9/OvQMSygY1pWEVn72t6na ",
        "$2b$xx$CCCCCCCCCCCCCCCCCCCCC.pIKrLVkBX9/OvQMSygY1pWEVn72t6na",
    ] {
        assert!(matches!(verify("secret", stored), Err(PasswordError::UnusableHash(_))), "{stored}");
    }
    assert!(started.elapsed().as_secs() < 1);
}
