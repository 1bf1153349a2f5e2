//! Argon2 (RFC 9106): new hashes are Argon2id as PHC strings, stored ones of any variant are checked within caps.
//! Foreign schemes live in `legacy.rs`; threads and queues are the caller's.

#[cfg(feature = "fast-hash")]
mod fast;
mod params;
pub(crate) mod stored;

use std::cell::RefCell;
use std::hint::black_box;
use std::sync::Arc;

use ::argon2::{Algorithm, Argon2, Block, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use password_hash::phc;
use zeroize::{Zeroize, Zeroizing};

use self::params::ABSURD;
pub use self::params::Argon2Params;
use self::stored::Stored;
use crate::{Password, PasswordError, PasswordHash, PasswordHasher, Random, Verdict};

const SALT_BYTES: usize = 16;
const OUTPUT_BYTES: usize = 32;
/// What new hashes are.
const NEW: (Algorithm, Version) = (Algorithm::Argon2id, Version::V0x13);

thread_local! {
    /// Working memory, kept between the calls of a thread (faulting in 19 MiB anew costs a third of a hash) and wiped when
    /// the thread ends or a larger one takes its place.
    static MEMORY: RefCell<Zeroizing<Vec<Block>>> = RefCell::new(Zeroizing::new(Vec::new()));
}

/// Hashes with Argon2id under a random salt of 16 bytes to 32 bytes of output; checks Argon2 hashes of any variant and
/// parameters, and with the feature `imported` those of other systems, too.
pub struct Argon2idHasher {
    params: Argon2Params,
    argon2: Argon2<'static>,
    engine: Argon2Engine,
    random: Arc<dyn Random>,
}

/// The implementation of Argon2 that a hasher uses. The hashes are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Argon2Engine {
    /// RustCrypto's `argon2`.
    Portable,
    /// `argon2-rust`, by the feature `fast-hash`: faster.
    Fast,
    /// RustCrypto's, because `argon2-rust` computed something else at the self-test on this machine.
    FellBack,
}

impl Argon2Engine {
    /// The engine that the features name, if it passes its self-test with these parameters.
    #[cfg(feature = "fast-hash")]
    fn tested(params: &::argon2::Params) -> Self {
        if fast::is_sound(params) { Self::Fast } else { Self::FellBack }
    }

    #[cfg(not(feature = "fast-hash"))]
    fn tested(_: &::argon2::Params) -> Self {
        Self::Portable
    }
}

impl Argon2idHasher {
    /// A hasher whose new hashes cost `params`, with salts from `random`.
    ///
    /// # Errors
    ///
    /// [`PasswordError::Parameters`] where they are outside the bounds that [`Argon2Params`] names.
    pub fn new(params: Argon2Params, random: Arc<dyn Random>) -> Result<Self, PasswordError> {
        let checked = Self::checked(params)?;
        let engine = Argon2Engine::tested(&checked);
        let argon2 = Argon2::new(NEW.0, NEW.1, checked);
        Ok(Self { params, argon2, engine, random })
    }

    /// Whether a hasher of these parameters can be made, without making one.
    ///
    /// # Errors
    ///
    /// As [`Self::new`].
    pub fn check(params: Argon2Params) -> Result<(), PasswordError> {
        Self::checked(params).map(drop)
    }

    fn checked(params: Argon2Params) -> Result<::argon2::Params, PasswordError> {
        params.checked(OUTPUT_BYTES).ok_or(PasswordError::Parameters(ABSURD))
    }

    /// The implementation that it uses. With the feature `fast-hash` one that fell back is worth a line in the log.
    pub fn engine(&self) -> Argon2Engine {
        self.engine
    }

    /// Runs the function in the memory of this thread, or for a foreign hash that needs more than ours in memory of its own.
    /// Overwrites what it left of the password on the stack.
    fn fill(
        &self,
        argon2: &Argon2<'_>,
        kind: (Algorithm, Version),
        password: &[u8],
        salt: &[u8],
        out: &mut [u8],
    ) -> Result<(), PasswordError> {
        and_overwrite_stack(|| {
            #[cfg(feature = "fast-hash")]
            if self.engine == Argon2Engine::Fast {
                let ours = argon2.params().block_count() <= self.argon2.params().block_count();
                let fill = if ours { fast::fill } else { fast::fill_alone };
                return fill(argon2, kind, password, salt, out);
            }
            let _ = kind;
            let mut run = |memory: &mut Vec<Block>| {
                argon2
                    .hash_password_into_with_memory(password, salt, out, memory)
                    .map_err(|_| PasswordError::Hashing)
            };
            let needed = argon2.params().block_count();
            if needed > self.argon2.params().block_count() {
                return run(&mut *blocks(needed)?);
            }
            MEMORY.with_borrow_mut(|memory| {
                if memory.len() < needed {
                    *memory = blocks(needed)?;
                }
                run(memory)
            })
        })
    }

    /// Whether these bytes are what the hash was made of.
    fn matches(&self, password: &[u8], stored: &Stored) -> Result<bool, PasswordError> {
        let params = stored.params.checked(stored.output.len()).ok_or(PasswordError::UnusableHash(ABSURD))?;
        let argon2 = Argon2::new(stored.algorithm, stored.version, params);
        let mut output = Zeroizing::new(vec![0; stored.output.len()]);
        self.fill(&argon2, (stored.algorithm, stored.version), password, &stored.salt, &mut output)?;
        Ok(verify_slices_are_equal(&output, stored.output.as_bytes()).is_ok())
    }

    fn is_current(&self, stored: &Stored) -> bool {
        stored.algorithm == Algorithm::Argon2id
            && stored.version == Version::V0x13
            && stored.params == self.params
            && stored.output.len() == OUTPUT_BYTES
            && stored.salt.len() >= SALT_BYTES
    }
}

impl PasswordHasher for Argon2idHasher {
    fn hash(&self, password: &Password) -> Result<PasswordHash, PasswordError> {
        let mut salt = [0; SALT_BYTES];
        self.random.fill(&mut salt);
        let mut output = Zeroizing::new([0; OUTPUT_BYTES]);
        self.fill(&self.argon2, NEW, password.expose().as_bytes(), &salt, &mut *output)?;

        let phc = phc::PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: phc::ParamsString::try_from(self.argon2.params()).map_err(|_| PasswordError::Hashing)?,
            salt: Some(phc::Salt::new(&salt).map_err(|_| PasswordError::Hashing)?),
            hash: Some(phc::Output::new(&*output).map_err(|_| PasswordError::Hashing)?),
        };
        Ok(PasswordHash::from_stored(phc.to_string()))
    }

    fn verify(&self, password: &Password, hash: &PasswordHash) -> Result<Verdict, PasswordError> {
        #[cfg(feature = "imported")]
        if let Some(foreign) = crate::legacy::Foreign::parse(hash.as_str())? {
            return foreign.verify(password, |typed, stored| self.matches(typed, stored));
        }
        let stored = Stored::parse(hash.as_str())?;
        Ok(if self.matches(password.expose().as_bytes(), &stored)? {
            Verdict::Match { needs_rehash: !self.is_current(&stored) }
        } else {
            Verdict::Mismatch
        })
    }

    fn verify_absent(&self, password: &Password) {
        let mut output = Zeroizing::new([0; OUTPUT_BYTES]);
        // A failure is not reported, like the outcome.
        let _ = self.fill(&self.argon2, NEW, password.expose().as_bytes(), &[0; SALT_BYTES], &mut *output);
        let _ = black_box(verify_slices_are_equal(&*output, &[0; OUTPUT_BYTES]));
    }
}

/// Runs `work`, then overwrites the stack that it used: neither implementation wipes all that it computed of a password there.
fn and_overwrite_stack<T>(work: impl FnOnce() -> T) -> T {
    // Neither is inlined, so that their frames begin at the same place.
    #[inline(never)]
    fn run<T>(work: impl FnOnce() -> T) -> T {
        work()
    }
    #[inline(never)]
    fn overwrite() {
        let mut stack = [0_u64; 2048];
        stack.zeroize();
    }
    let done = run(work);
    overwrite();
    done
}

/// Fresh memory, or an error where none is left (rather than an abort).
fn blocks(count: usize) -> Result<Zeroizing<Vec<Block>>, PasswordError> {
    let mut memory = Vec::new();
    memory.try_reserve_exact(count).map_err(|_| PasswordError::OutOfMemory)?;
    memory.resize(count, Block::new());
    Ok(Zeroizing::new(memory))
}
