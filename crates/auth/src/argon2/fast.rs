//! Argon2 by `argon2-rust`, which chooses SSE2, AVX2, AVX-512 or NEON as it runs. The crate is young and was never audited:
//! RustCrypto's is the judge, and where the two differ at the self-test this one is not used.

use std::cell::RefCell;

use ::argon2::{Algorithm, Argon2, Block, Version};
use argon2_rust::params::{Memory, TagLen};
use argon2_rust::{Error, Hasher};

use crate::PasswordError;

thread_local! {
    /// Keeps its memory between the calls of a thread, as it was left, and gives it back to the system when the thread ends.
    static HASHER: RefCell<Option<Hasher>> = const { RefCell::new(None) };
}

/// Runs the function in the memory of this thread.
pub(super) fn fill(
    argon2: &Argon2<'_>,
    algorithm: (Algorithm, Version),
    password: &[u8],
    salt: &[u8],
    out: &mut [u8],
) -> Result<(), PasswordError> {
    let function = function(argon2.params(), algorithm, out.len())?;
    HASHER.with_borrow_mut(|hasher| {
        let hasher = hasher.get_or_insert_with(|| function.hasher());
        hasher.set_argon2(function);
        hasher.hash_into(password, salt, out).map_err(failed)
    })
}

/// The same in memory of its own, which is given back at once.
pub(super) fn fill_alone(
    argon2: &Argon2<'_>,
    algorithm: (Algorithm, Version),
    password: &[u8],
    salt: &[u8],
    out: &mut [u8],
) -> Result<(), PasswordError> {
    function(argon2.params(), algorithm, out.len())?.hash_into(password, salt, out).map_err(failed)
}

/// Whether it computes RFC 9106's examples, and with these parameters what the judge does.
pub(super) fn is_sound(params: &::argon2::Params) -> bool {
    examples_agree() && agrees(params).unwrap_or(false)
}

fn function(
    params: &::argon2::Params,
    (algorithm, version): (Algorithm, Version),
    output: usize,
) -> Result<argon2_rust::Argon2, PasswordError> {
    let algorithm = match algorithm {
        Algorithm::Argon2d => argon2_rust::Algorithm::Argon2d,
        Algorithm::Argon2i => argon2_rust::Algorithm::Argon2i,
        Algorithm::Argon2id => argon2_rust::Algorithm::Argon2id,
    };
    let version = match version {
        Version::V0x10 => argon2_rust::Version::V0x10,
        Version::V0x13 => argon2_rust::Version::V0x13,
    };
    let params = argon2_rust::Params::builder()
        .memory(Memory::kib(params.m_cost().into()))
        .passes(params.t_cost())
        .lanes(params.p_cost())
        .threads(1)
        .tag_len(TagLen::bytes(output as u64))
        .build()
        .map_err(failed)?;
    Ok(argon2_rust::Argon2::new(algorithm, version, params))
}

fn failed(error: Error) -> PasswordError {
    match error {
        Error::MemoryAllocationError => PasswordError::OutOfMemory,
        _ => PasswordError::Hashing,
    }
}

/// One password with these parameters, by both.
fn agrees(params: &::argon2::Params) -> Result<bool, PasswordError> {
    let kind = (Algorithm::Argon2id, Version::V0x13);
    let argon2 = Argon2::new(kind.0, kind.1, params.clone());
    let (mut ours, mut judged) = ([0; 32], [0; 32]);
    // Before the other's memory is given back: glibc would keep what is allocated in its place for good.
    let mut memory = Vec::new();
    memory.try_reserve_exact(params.block_count()).map_err(|_| PasswordError::OutOfMemory)?;
    memory.resize(params.block_count(), Block::default());
    fill_alone(&argon2, kind, b"seven wild horses", &[7; 16], &mut ours)?;
    argon2
        .hash_password_into_with_memory(b"seven wild horses", &[7; 16], &mut judged, &mut memory)
        .map_err(|_| PasswordError::Hashing)?;
    Ok(ours == judged)
}

/// RFC 9106, sections 5.1 to 5.3.
fn examples_agree() -> bool {
    const TAGS: [(argon2_rust::Algorithm, [u8; 32]); 3] = [
        (
            argon2_rust::Algorithm::Argon2d,
            [
                0x51, 0x2b, 0x39, 0x1b, 0x6f, 0x11, 0x62, 0x97, 0x53, 0x71, 0xd3, 0x09, 0x19, 0x73, 0x42,
                0x94, 0xf8, 0x68, 0xe3, 0xbe, 0x39, 0x84, 0xf3, 0xc1, 0xa1, 0x3a, 0x4d, 0xb9, 0xfa, 0xbe,
                0x4a, 0xcb,
            ],
        ),
        (
            argon2_rust::Algorithm::Argon2i,
            [
                0xc8, 0x14, 0xd9, 0xd1, 0xdc, 0x7f, 0x37, 0xaa, 0x13, 0xf0, 0xd7, 0x7f, 0x24, 0x94, 0xbd,
                0xa1, 0xc8, 0xde, 0x6b, 0x01, 0x6d, 0xd3, 0x88, 0xd2, 0x99, 0x52, 0xa4, 0xc4, 0x67, 0x2b,
                0x6c, 0xe8,
            ],
        ),
        (
            argon2_rust::Algorithm::Argon2id,
            [
                0x0d, 0x64, 0x0d, 0xf5, 0x8d, 0x78, 0x76, 0x6c, 0x08, 0xc0, 0x37, 0xa3, 0x4a, 0x8b, 0x53,
                0xc9, 0xd0, 0x1e, 0xf0, 0x45, 0x2d, 0x75, 0xb6, 0x5e, 0xb5, 0x25, 0x20, 0xe9, 0x6b, 0x01,
                0xe6, 0x59,
            ],
        ),
    ];
    let params = argon2_rust::Params::builder().memory(Memory::kib(32)).passes(3).lanes(4).threads(1).build();
    let Ok(params) = params else { return false };
    TAGS.into_iter().all(|(algorithm, tag)| {
        let mut out = [0; 32];
        let function = argon2_rust::Argon2::new(algorithm, argon2_rust::Version::V0x13, params);
        let done = function.hash_into_with_ad(&[1; 32], &[2; 16], &[3; 8], &[4; 12], &mut out);
        done.is_ok() && out == tag
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_computes_the_examples_of_rfc_9106_and_agrees_with_the_judge() {
        assert!(examples_agree());
        assert!(is_sound(&::argon2::Params::DEFAULT));
    }

    fn kind() -> impl Strategy<Value = (Algorithm, Version)> {
        let algorithm =
            prop_oneof![Just(Algorithm::Argon2d), Just(Algorithm::Argon2i), Just(Algorithm::Argon2id),];
        (algorithm, prop_oneof![Just(Version::V0x10), Just(Version::V0x13)])
    }

    proptest! {
        /// In one thread, so that each case finds the memory as the one before left it.
        #[test]
        fn the_tags_of_both_are_equal(
            kind in kind(),
            memory in 8_u32..512,
            passes in 1_u32..5,
            lanes in 1_u32..9,
            password in prop::collection::vec(any::<u8>(), 0..200),
            salt in prop::collection::vec(any::<u8>(), 8..64),
            length in 4_usize..130,
        ) {
            let params = ::argon2::Params::new(memory.max(8 * lanes), passes, lanes, Some(length)).unwrap();
            let argon2 = Argon2::new(kind.0, kind.1, params);
            let (mut ours, mut alone, mut judged) = (vec![0; length], vec![0; length], vec![0; length]);
            fill(&argon2, kind, &password, &salt, &mut ours).unwrap();
            fill_alone(&argon2, kind, &password, &salt, &mut alone).unwrap();
            argon2.hash_password_into(&password, &salt, &mut judged).unwrap();
            prop_assert_eq!(&ours, &judged);
            prop_assert_eq!(&alone, &judged);
        }
    }
}
