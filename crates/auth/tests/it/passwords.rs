//! Password hashes: known answers, upgrades, and stored nonsense.

use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use keyward_auth::{
    Argon2Params, Argon2idHasher, Password, PasswordError, PasswordHash, PasswordHasher, SystemRandom,
    Verdict,
};

/// As cheap as Argon2 gets: what is tested here does not depend on the cost.
pub(crate) const CHEAP: Argon2Params = Argon2Params { memory_kib: 8, iterations: 1, parallelism: 1 };

pub(crate) fn hasher(params: Argon2Params) -> Argon2idHasher {
    Argon2idHasher::new(params, Arc::new(SystemRandom)).unwrap()
}

pub(crate) fn verify(password: &str, stored: &str) -> Result<Verdict, PasswordError> {
    hasher(CHEAP).verify(&Password::new(password), &PasswordHash::from_stored(stored.to_owned()))
}

#[test]
fn a_password_matches_its_own_hash_only() {
    let hasher = hasher(CHEAP);
    let hash = hasher.hash(&Password::new("correct horse")).unwrap();
    assert_eq!(
        hasher.verify(&Password::new("correct horse"), &hash),
        Ok(Verdict::Match { needs_rehash: false })
    );
    for wrong in ["", "correct hors", "correct horse ", " correct horse", "Correct horse", "correct horse\0"]
    {
        assert_eq!(hasher.verify(&Password::new(wrong), &hash), Ok(Verdict::Mismatch), "{wrong:?}");
    }
}

#[test]
fn the_default_hash_is_argon2id_at_owasps_first_choice() {
    let hash = hasher(Argon2Params::default()).hash(&Password::new("correct horse")).unwrap();
    let fields: Vec<&str> = hash.as_str().split('$').collect();
    assert_eq!(fields[..4], ["", "argon2id", "v=19", "m=19456,t=2,p=1"]);
    // 16 bytes of salt, 32 of output.
    assert_eq!((fields[4].len(), fields[5].len(), fields.len()), (22, 43, 6));
}

#[test]
fn the_same_password_hashes_differently_each_time() {
    let hasher = hasher(CHEAP);
    let [first, second] = [(); 2].map(|()| hasher.hash(&Password::new("correct horse")).unwrap());
    assert!(first != second);
}

#[test]
fn equal_looking_passwords_match() {
    let hasher = hasher(CHEAP);
    let hash = hasher.hash(&Password::new("p\u{e4}ssw\u{f6}rt \u{ac00}")).unwrap();
    let decomposed = Password::new("pa\u{308}sswo\u{308}rt \u{1100}\u{1161}");
    assert_eq!(hasher.verify(&decomposed, &hash), Ok(Verdict::Match { needs_rehash: false }));
}

#[test]
fn no_password_is_cut() {
    let hasher = hasher(CHEAP);
    let long = "x".repeat(10_000);
    let hash = hasher.hash(&Password::new(&format!("{long}a"))).unwrap();
    assert_eq!(hasher.verify(&Password::new(&format!("{long}b")), &hash), Ok(Verdict::Mismatch));
    let hash = hasher.hash(&Password::new("before\0after")).unwrap();
    assert_eq!(hasher.verify(&Password::new("before\0other"), &hash), Ok(Verdict::Mismatch));
}

#[test]
fn a_hash_at_other_parameters_asks_for_a_rehash() {
    let old = hasher(CHEAP);
    let hash = old.hash(&Password::new("secret")).unwrap();
    for params in [
        Argon2Params { memory_kib: 16, ..CHEAP },
        Argon2Params { iterations: 2, ..CHEAP },
        Argon2Params { memory_kib: 16, parallelism: 2, ..CHEAP },
    ] {
        let new = hasher(params);
        assert_eq!(new.verify(&Password::new("secret"), &hash), Ok(Verdict::Match { needs_rehash: true }));
        assert_eq!(new.verify(&Password::new("wrong"), &hash), Ok(Verdict::Mismatch));
        let upgraded = new.hash(&Password::new("secret")).unwrap();
        assert_eq!(
            new.verify(&Password::new("secret"), &upgraded),
            Ok(Verdict::Match { needs_rehash: false })
        );
        // A larger stored hash than the hasher's own memory.
        assert_eq!(
            old.verify(&Password::new("secret"), &upgraded),
            Ok(Verdict::Match { needs_rehash: true })
        );
    }
}

/// Each differs from what the hasher makes in one respect only.
#[test]
fn a_hash_of_another_variant_version_salt_or_output_asks_for_a_rehash() {
    use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version};
    for (algorithm, version, salt, output, needs_rehash) in [
        (Algorithm::Argon2id, Version::V0x13, 16, 32, false),
        (Algorithm::Argon2i, Version::V0x13, 16, 32, true),
        (Algorithm::Argon2d, Version::V0x13, 16, 32, true),
        (Algorithm::Argon2id, Version::V0x10, 16, 32, true),
        (Algorithm::Argon2id, Version::V0x13, 8, 32, true),
        (Algorithm::Argon2id, Version::V0x13, 16, 16, true),
    ] {
        let params = Params::new(8, 1, 1, Some(output)).unwrap();
        let foreign =
            Argon2::new(algorithm, version, params).hash_password_with_salt(b"secret", &[7; 16][..salt]);
        let stored = foreign.unwrap().to_string();
        assert_eq!(verify("secret", &stored), Ok(Verdict::Match { needs_rehash }), "{stored}");
        assert_eq!(verify("Secret", &stored), Ok(Verdict::Mismatch), "{stored}");
    }
}

/// From the test suite of the reference implementation (phc-winner-argon2, `src/test.c`): password "password", salt "somesalt".
#[test]
fn the_reference_implementations_hashes_match() {
    for stored in [
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
        "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8",
        "$argon2i$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY",
    ] {
        assert_eq!(verify("password", stored), Ok(Verdict::Match { needs_rehash: true }), "{stored}");
        assert_eq!(verify("passworD", stored), Ok(Verdict::Mismatch), "{stored}");
    }
}

#[test]
fn absurd_stored_parameters_are_refused_at_once() {
    let started = Instant::now();
    for params in [
        "m=4294967295,t=1,p=1",
        "m=1048577,t=1,p=1",
        "m=8,t=4294967295,p=1",
        "m=65536,t=65,p=1",
        "m=1024,t=1,p=65",
        "m=1048576,t=5,p=1",
        "m=7,t=1,p=1",
        "m=8,t=0,p=1",
        "m=8,t=1,p=0",
        "m=8,t=1,p=2",
        "m=99999999999,t=1,p=1",
        "m=8,t=1",
        "m=8,t=1,p=1,keyid=AAAA",
        "t=1,p=1",
        "m=-8,t=1,p=1",
        "m=08,t=1,p=1",
    ] {
        let stored =
            format!("$argon2id$v=19${params}$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4");
        assert!(matches!(verify("password", &stored), Err(PasswordError::UnusableHash(_))), "{params}");
    }
    assert!(started.elapsed().as_secs() < 1);
}

#[test]
fn stored_nonsense_is_an_error_and_never_a_match() {
    let output = "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    for stored in [
        String::new(),
        "password".to_owned(),
        "$".repeat(1_000),
        format!("$argon2x$v=19$m=8,t=1,p=1$c29tZXNhbHQ${output}"),
        format!("$argon2id$v=18$m=8,t=1,p=1$c29tZXNhbHQ${output}"),
        format!("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ${output}$more"),
        format!("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ${output}="),
        "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ".to_owned(),
        "$argon2id$v=19$m=8,t=1,p=1".to_owned(),
        // An output of 10 bytes is one that can be found by trying.
        "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAA".to_owned(),
        "$2x$04$CCCCCCCCCCCCCCCCCCCCC.4K7lyz.nKATbsiu/RcZjqWyDNnj87qG".to_owned(),
        "$1$salt$hash".to_owned(),
    ] {
        assert!(matches!(verify("password", &stored), Err(PasswordError::UnusableHash(_))), "{stored:.80}");
    }
}

#[test]
fn absurd_settings_are_refused() {
    for (memory_kib, iterations, parallelism) in
        [(u32::MAX, 1, 1), (8, 0, 1), (0, 1, 1), (8, 1, 0), (8, 1, 2), (8, u32::MAX, 1)]
    {
        let params = Argon2Params { memory_kib, iterations, parallelism };
        let refused = Argon2idHasher::new(params, Arc::new(SystemRandom)).err();
        assert!(matches!(refused, Some(PasswordError::Parameters(_))), "{params:?}");
    }
}

#[test]
fn an_absent_account_costs_what_a_wrong_password_costs() {
    let hasher = hasher(Argon2Params { memory_kib: 4 * 1024, iterations: 1, parallelism: 1 });
    let hash = hasher.hash(&Password::new("secret")).unwrap();
    let wrong = Password::new("wrong");
    // The quickest of several runs: what the machine does besides only ever makes one slower.
    let quickest = |run: &dyn Fn()| {
        (0..7)
            .map(|_| {
                let started = Instant::now();
                run();
                started.elapsed()
            })
            .min()
            .unwrap()
            .as_secs_f64()
    };
    let present = quickest(&|| assert_eq!(hasher.verify(&wrong, &hash), Ok(Verdict::Mismatch)));
    let absent = quickest(&|| hasher.verify_absent(&wrong));
    assert!(
        (0.5..2.0).contains(&(absent / present)),
        "{absent} s for an absent account, {present} s for a wrong password"
    );
}

#[test]
fn threads_hash_side_by_side() {
    let hasher = hasher(CHEAP);
    let hash = hasher.hash(&Password::new("secret")).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                assert_eq!(
                    hasher.verify(&Password::new("secret"), &hash),
                    Ok(Verdict::Match { needs_rehash: false })
                );
                assert_eq!(hasher.verify(&Password::new("wrong"), &hash), Ok(Verdict::Mismatch));
            });
        }
    });
}

/// Says how many were checked, past the capturing of tests.
pub(crate) fn say(figures: std::fmt::Arguments<'_>) {
    let mut out = std::io::stdout();
    writeln!(out, "{figures}").unwrap();
}

/// RFC 9106 section 5, with its secret and associated data, straight at the library: PHC strings have neither.
#[test]
fn the_library_is_rfc_9106s_argon2() {
    let hex = |value: &serde_json::Value| -> Vec<u8> {
        let text = value.as_str().unwrap().as_bytes();
        text.chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    };
    let vectors: Vec<serde_json::Value> =
        serde_json::from_str(include_str!("../vectors/rfc/argon2_rfc9106.json")).unwrap();
    for vector in &vectors {
        let mut builder = argon2::ParamsBuilder::new();
        builder.m_cost(32).t_cost(3).p_cost(4).output_len(32);
        builder.data(argon2::AssociatedData::new(&hex(&vector["ad_hex"])).unwrap());
        let secret = hex(&vector["secret_hex"]);
        let algorithm = argon2::Algorithm::new(vector["type"].as_str().unwrap()).unwrap();
        let function = argon2::Argon2::new_with_secret(
            &secret,
            algorithm,
            argon2::Version::V0x13,
            builder.build().unwrap(),
        )
        .unwrap();
        let mut tag = [0; 32];
        function
            .hash_password_into(&hex(&vector["password_hex"]), &hex(&vector["salt_hex"]), &mut tag)
            .unwrap();
        assert_eq!(tag.to_vec(), hex(&vector["tag_hex"]), "{}", vector["source"]);
    }
    say(format_args!("RFC 9106: {} Argon2 tags computed", vectors.len()));
    assert_eq!(vectors.len(), 3);
}

#[cfg(not(feature = "imported"))]
#[test]
fn without_its_feature_a_hash_of_another_system_is_unusable() {
    let stored = "$2b$05$CCCCCCCCCCCCCCCCCCCCC.pIKrLVkBX9/OvQMSygY1pWEVn72t6na";
    assert!(matches!(verify("secret", stored), Err(PasswordError::UnusableHash(_))));
}
