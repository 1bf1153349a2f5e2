//! Stored hashes, ours and those of other systems. The first line is the hash, what follows the password.
//!
//! What a hash costs is worked out here a second time. Only cheap ones are computed, so that a run spends its time on parsing.

use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use keyward_auth::{
    Argon2Params, Argon2idHasher, Password, PasswordError, PasswordHash, PasswordHasher, Verdict,
};

use crate::Fate;
use crate::fixtures::Still;

/// A hasher whose own hashes cost next to nothing.
static HASHER: LazyLock<Argon2idHasher> = LazyLock::new(|| {
    let params = Argon2Params { memory_kib: 8, iterations: 1, parallelism: 1 };
    Argon2idHasher::new(params, Arc::new(Still)).expect("Argon2 takes 8 KiB")
});

/// What is imported stays as it is, within its caps, and can be compared; what we make matches what it was made of.
pub fn check(input: &[u8]) -> Fate {
    let Ok(text) = std::str::from_utf8(input) else { return Fate::Refused };
    let (hash, password) = text.split_once('\n').unwrap_or((text, "secret"));
    let password = Password::new(password);

    let fate = match PasswordHash::imported(hash) {
        Ok(stored) => {
            assert_eq!(PasswordHash::imported(stored.as_str()).as_ref(), Ok(&stored), "taken once more");
            let cost = Cost::of(stored.as_str()).unwrap_or_else(|| panic!("the cost of {hash} is unknown"));
            assert!(cost.is_allowed(), "{cost:?}");
            if cost.is_low() {
                compare(&stored, &password, true);
            }
            Fate::Accepted
        }
        Err(PasswordError::UnusableHash(_) | PasswordError::UnknownHash(_)) => Fate::Refused,
        Err(error) => panic!("a hash is usable or not: {error}"),
    };
    // The same text, as if it had got into the database in another way.
    if Cost::of(hash).is_some_and(Cost::is_low) {
        compare(&PasswordHash::from_stored(hash.to_owned()), &password, false);
    }
    own(&password);
    fate
}

fn compare(stored: &PasswordHash, password: &Password, imported: bool) {
    match HASHER.verify(password, stored) {
        Ok(Verdict::Match { needs_rehash }) => {
            assert!(needs_rehash || !imported, "an imported hash is never left as it is");
            let longer = Password::new(&format!("{}x", password.expose()));
            assert_eq!(HASHER.verify(&longer, stored), Ok(Verdict::Mismatch));
        }
        Ok(Verdict::Mismatch) => {}
        Err(error) => assert!(!imported, "taken, and then unusable: {error}"),
    }
}

fn own(password: &Password) {
    let made = HASHER.hash(password).expect("8 KiB are there");
    assert_eq!(HASHER.verify(password, &made), Ok(Verdict::Match { needs_rehash: false }));
    let other = Password::new(&format!("{}x", password.expose()));
    assert_eq!(HASHER.verify(&other, &made), Ok(Verdict::Mismatch));
}

/// What computing a hash takes.
#[derive(Clone, Copy, Debug)]
enum Cost {
    /// The base-2 logarithm of the number of rounds.
    Bcrypt(u64),
    Pbkdf2(u64),
    /// The number of rounds of SHA-crypt.
    Sha(u64),
    /// The base-2 logarithm of the number of rounds of phpass.
    Phpass(u64),
    /// KiB at a time, and in all.
    Memory {
        scrypt: bool,
        kib: u64,
        work: u64,
    },
}

impl Cost {
    fn of(hash: &str) -> Option<Self> {
        let fields: Vec<&str> = hash.split('$').collect();
        let number = |text: &str| text.parse::<u64>().ok();
        match fields[..] {
            ["" | "bcrypt" | "bcrypt_sha256", "2a" | "2b" | "2y", cost, ..]
            | ["bcrypt" | "bcrypt_sha256", "", "2a" | "2b" | "2y", cost, ..] => {
                Some(Self::Bcrypt(number(cost)?))
            }
            ["", "bcrypt-sha256", settings, ..] => {
                let (_, cost) = settings.rsplit_once(',')?;
                Some(Self::Bcrypt(number(cost.strip_prefix("r=").unwrap_or(cost))?))
            }
            ["", "pbkdf2" | "pbkdf2-sha256" | "pbkdf2-sha512", iterations, ..]
            | ["pbkdf2_sha1" | "pbkdf2_sha256", iterations, ..] => Some(Self::Pbkdf2(number(iterations)?)),
            ["", "scrypt", settings, ..] => {
                let [ln, r, p] = named(settings, ["ln", "r", "p"])?;
                Self::scrypt(1_u64.checked_shl(u32::try_from(ln).ok()?)?, r, p)
            }
            ["scrypt", n, _, r, p, ..] => Self::scrypt(number(n)?, number(r)?, number(p)?),
            ["", "wp", "2a" | "2b" | "2y", cost, ..] => Some(Self::Bcrypt(number(cost)?)),
            ["", "5" | "6", settings, ..] => {
                Some(Self::Sha(settings.strip_prefix("rounds=").map_or(Some(5_000), number)?))
            }
            ["", "P" | "H", rest] => {
                let digits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
                Some(Self::Phpass(digits.find(rest.chars().next()?)? as u64))
            }
            ["", "fbscrypt", settings, ..] => {
                let [n, r, p] = named(settings, ["n", "r", "p"])?;
                Self::scrypt(1_u64.checked_shl(u32::try_from(n).ok()?)?, r, p)
            }
            ["aspnet", text] => {
                let bytes = STANDARD_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
                let iterations = u32::from_be_bytes(bytes.get(5..9)?.try_into().ok()?);
                let version_3 = bytes[0] == 1;
                Some(Self::Pbkdf2(if version_3 { u64::from(iterations) } else { 2_000 }))
            }
            ["spring-pbkdf2", _] => Some(Self::Pbkdf2(310_000)),
            ["spring-scrypt", "", costs, ..] => {
                let costs = u64::from_str_radix(costs, 16).ok()?;
                Self::scrypt(
                    1_u64.checked_shl(u32::try_from(costs >> 16).ok()?)?,
                    costs >> 8 & 0xff,
                    costs & 0xff,
                )
            }
            [method, _, _] if method.contains(':') => match method.split(':').collect::<Vec<_>>()[..] {
                ["pbkdf2", _, iterations] => Some(Self::Pbkdf2(number(iterations)?)),
                ["scrypt", n, r, p] => Self::scrypt(number(n)?, number(r)?, number(p)?),
                _ => None,
            },
            ["" | "argon2", "argon2id" | "argon2i" | "argon2d", "v=16" | "v=19", settings, ..]
            | ["" | "argon2", "argon2id" | "argon2i" | "argon2d", settings, ..] => {
                let [m, t, _] = named(settings, ["m", "t", "p"])?;
                Some(Self::Memory { scrypt: false, kib: m, work: m.checked_mul(t)? })
            }
            _ => None,
        }
    }

    fn scrypt(n: u64, r: u64, p: u64) -> Option<Self> {
        let kib = n.checked_mul(r)?.div_ceil(8);
        Some(Self::Memory { scrypt: true, kib, work: kib.checked_mul(p)? })
    }

    /// Within what docs/SECURITY.md promises.
    fn is_allowed(self) -> bool {
        match self {
            Self::Bcrypt(cost) => (4..=15).contains(&cost),
            Self::Pbkdf2(iterations) => (1..=2_000_000).contains(&iterations),
            Self::Sha(rounds) => (1_000..=1_000_000).contains(&rounds),
            Self::Phpass(cost) => (7..=18).contains(&cost),
            Self::Memory { scrypt, kib, work } => {
                kib <= if scrypt { 128 << 10 } else { 256 << 10 } && work <= 1 << 20
            }
        }
    }

    /// A millisecond at most.
    fn is_low(self) -> bool {
        match self {
            Self::Bcrypt(cost) => cost <= 4,
            Self::Pbkdf2(iterations) => iterations <= 1_006,
            Self::Sha(rounds) => rounds <= 1_000,
            Self::Phpass(cost) => cost <= 10,
            Self::Memory { work, .. } => work <= 128,
        }
    }
}

/// The numbers of `a=1,b=2,c=3`, in any order.
fn named<const N: usize>(settings: &str, names: [&str; N]) -> Option<[u64; N]> {
    let mut numbers = [0; N];
    for (number, name) in numbers.iter_mut().zip(names) {
        let mut values =
            settings.split(',').filter_map(|setting| setting.strip_prefix(name)?.strip_prefix('='));
        *number = values.next()?.parse().ok()?;
    }
    Some(numbers)
}
