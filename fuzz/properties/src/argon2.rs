//! Argon2 by the fast implementation and by RustCrypto's: the tags are equal for any parameters and lengths. Seven bytes say
//! which; then come the salt and the password.

use std::sync::{Arc, LazyLock};

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use keyward_auth::{
    Argon2Engine, Argon2Params, Argon2idHasher, Password, PasswordHash, PasswordHasher, Verdict,
};

use crate::Fate;
use crate::fixtures::Still;

/// The hasher under test: of the fast implementation, because this crate turns its feature on.
static HASHER: LazyLock<Argon2idHasher> = LazyLock::new(|| {
    let params = Argon2Params { memory_kib: 64, iterations: 1, parallelism: 1 };
    let hasher = Argon2idHasher::new(params, Arc::new(Still)).expect("Argon2 takes 64 KiB");
    assert_eq!(hasher.engine(), Argon2Engine::Fast, "the self-test passes");
    hasher
});

/// What RustCrypto's makes of a password is what the hasher under test makes of it, and of no other.
pub fn check(input: &[u8]) -> Fate {
    let Some((&[kind, more, passes, lanes, memory, salt, length], rest)) = input.split_first_chunk() else {
        return Fate::Refused;
    };
    let algorithm = [Algorithm::Argon2d, Algorithm::Argon2i, Algorithm::Argon2id][usize::from(kind % 3)];
    let version = if more % 2 == 0 { Version::V0x13 } else { Version::V0x10 };
    let (passes, lanes) = (u32::from(passes % 4) + 1, u32::from(lanes % 8) + 1);
    let memory = (u32::from(memory) + 8).max(8 * lanes);
    // As a PHC string has them: a salt of at most 64 characters, and a tag of 10 to 64 bytes, of which we take 16 and more.
    let (salt, length) = (usize::from(salt % 41) + 8, usize::from(length % 49) + 16);
    let Some((salt, password)) = rest.split_at_checked(salt) else { return Fate::Refused };
    let password = STANDARD_NO_PAD.encode(password);

    let params = Params::new(memory, passes, lanes, Some(length)).expect("they are within Argon2's bounds");
    let mut tag = vec![0; length];
    Argon2::new(algorithm, version, params)
        .hash_password_into(password.as_bytes(), salt, &mut tag)
        .expect("the judge takes them");
    let text = format!(
        "${}$v={}$m={memory},t={passes},p={lanes}${}${}",
        algorithm.as_str(),
        u32::from(version),
        STANDARD_NO_PAD.encode(salt),
        STANDARD_NO_PAD.encode(&tag),
    );
    let stored = PasswordHash::from_stored(text);
    let verdict = |typed: &str| HASHER.verify(&Password::new(typed), &stored);
    assert!(matches!(verdict(&password), Ok(Verdict::Match { .. })), "{stored:?} is another's");
    assert_eq!(verdict(&format!("{password}0")), Ok(Verdict::Mismatch));
    Fate::Accepted
}
