//! A verifier that remembers: quicker, and never kinder. Every other test of tokens asks one, too (`service.rs`).

use keyward_auth::{Algorithm, KeyRing, SharedKeyRing, SigningKey, TokenError};

use crate::service::{NOW, Service, assert_invalid, key};

#[test]
fn a_token_is_recognised_and_the_next_one_is_not() {
    let service = Service::new(Algorithm::EdDsa);
    let token = service.issue();
    let before = service.remembering.memory();
    for _ in 0..10 {
        assert_eq!(service.verify(token.as_str()).unwrap(), *token.claims());
    }
    let after = service.remembering.memory();
    assert_eq!((after.hits - before.hits, after.misses - before.misses), (20, 0));
    service.issue();
    assert_eq!(service.remembering.memory().misses, after.misses + 1);
}

#[test]
fn no_change_of_a_remembered_token_is_taken_for_it() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256, Algorithm::Hs256] {
        let service = Service::new(algorithm);
        let token = service.issue();
        let text = token.as_str();
        for index in 0..text.len() {
            let old = text.as_bytes()[index];
            let mut changed = text.as_bytes().to_vec();
            changed[index] = if old == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(service.verify(&changed).is_err(), "{algorithm}, byte {index}");
            let cut = format!("{}{}", &text[..index], &text[index + 1..]);
            assert!(service.verify(&cut).is_err(), "{algorithm}, without byte {index}");
        }
        for changed in [format!("{text}="), format!(" {text}"), format!("{text}."), text.to_uppercase()] {
            assert_invalid(&service.verify(&changed), &changed);
        }
        assert!(service.verify(text).is_ok(), "the token itself is as good as before");
    }
}

#[test]
fn what_was_refused_is_not_remembered() {
    let service = Service::new(Algorithm::EdDsa);
    let foreign = Service::new(Algorithm::EdDsa).issue();
    let before = service.remembering.memory().entries;
    for _ in 0..3 {
        assert_invalid(&service.verify(foreign.as_str()), "another's");
        assert_invalid(&service.verify("a.b.c"), "garbage");
    }
    assert_eq!(service.remembering.memory().entries, before);
}

#[test]
fn a_remembered_token_expires_on_time_and_is_not_good_before_its_time() {
    let service = Service::new(Algorithm::EdDsa);
    let token = service.issue();
    assert!(service.verify_at(token.as_str(), NOW + 904).is_ok());
    assert_eq!(service.verify_at(token.as_str(), NOW + 905), Err(TokenError::Expired));
    assert_invalid(&service.verify_at(token.as_str(), NOW - 61), "a clock that went back");
    assert!(service.verify_at(token.as_str(), NOW).is_ok());
}

#[test]
fn a_key_that_is_withdrawn_takes_its_remembered_tokens_along_at_once() {
    let (first, second) = (key(Algorithm::EdDsa), key(Algorithm::EdDsa));
    let service = Service::with(KeyRing::new(first.clone()).with_next(second.clone()));
    let token = service.issue();
    assert!(service.verify(token.as_str()).is_ok());
    // A rotation keeps it, the end of its key does not; and the key's return does not bring the memory back.
    service.keys.replace(service.keys.load().rotate().unwrap());
    assert!(service.verify(token.as_str()).is_ok());
    service.keys.replace(KeyRing::new(second));
    assert_invalid(&service.verify(token.as_str()), "its key was withdrawn");
    let misses = service.remembering.memory().misses;
    service.keys.replace(KeyRing::new(first));
    assert!(service.verify(token.as_str()).is_ok());
    assert_eq!(service.remembering.memory().misses, misses + 1, "it was checked anew");
}

#[test]
fn another_shared_secret_voids_what_is_remembered() {
    let service = Service::new(Algorithm::Hs256);
    let token = service.issue();
    assert!(service.verify(token.as_str()).is_ok());
    service.keys.replace(KeyRing::new(SigningKey::hs256(&[9; 32]).unwrap()));
    assert_invalid(&service.verify(token.as_str()), "signed with the old secret");
}

#[test]
fn keys_that_are_loaded_again_and_are_the_same_void_nothing() {
    let service = Service::new(Algorithm::Es256);
    let token = service.issue();
    let misses = service.remembering.memory().misses;
    for _ in 0..3 {
        let again: KeyRing = service.keys.load().as_ref().clone();
        SharedKeyRing::replace(&service.keys, again);
        assert!(service.verify(token.as_str()).is_ok());
    }
    assert_eq!(service.remembering.memory().misses, misses);
}

#[test]
fn however_many_tokens_there_are_the_memory_keeps_its_bound() {
    let service = Service::new(Algorithm::Hs256);
    for _ in 0..3000 {
        service.issue();
    }
    let memory = service.remembering.memory();
    assert_eq!(memory.capacity, 1024);
    assert!(memory.entries <= memory.capacity && memory.entries > 800, "{memory:?}");
}
