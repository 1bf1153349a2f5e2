//! Argon2 (RFC 9106): new hashes are Argon2id as PHC strings, stored ones of any variant are checked within caps.
//! Foreign schemes live in `legacy.rs`; threads and queues are the caller's.

use std::cell::RefCell;
use std::hint::black_box;
use std::sync::Arc;

use ::argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use password_hash::phc;
use zeroize::Zeroizing;

use crate::{Password, PasswordError, PasswordHash, PasswordHasher, Random, Verdict};

const SALT_BYTES: usize = 16;
const OUTPUT_BYTES: usize = 32;

/// What one hash may cost at most, whoever asks: 1 GiB, 4 GiB of memory filled in all, 64 lanes.
const MAX_MEMORY_KIB: u32 = 1024 * 1024;
const MAX_WORK_KIB: u64 = 4 * 1024 * 1024;
const MAX_PARALLELISM: u32 = 64;
/// And what one that was imported may cost: 256 MiB, 1 GiB filled in all.
#[cfg(feature = "imported")]
const MAX_IMPORTED: (u32, u64) = (256 * 1024, 1024 * 1024);

/// Why a number was refused.
const ABSURD: &str = "its memory, iterations or parallelism are out of bounds";

thread_local! {
    /// Working memory, kept between the calls of a thread (faulting in 19 MiB anew costs a third of a hash) and wiped when
    /// the thread ends or a larger one takes its place.
    static MEMORY: RefCell<Zeroizing<Vec<Block>>> = RefCell::new(Zeroizing::new(Vec::new()));
}

/// What a hash costs (RFC 9106 section 3.1). The default is OWASP's first choice: 19 MiB, two passes, one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argon2Params {
    /// Memory in KiB (`m`), at least 8 for each lane, at most 1 GiB.
    pub memory_kib: u32,
    /// Passes over the memory (`t`), at least 1; `m * t` at most 4 GiB.
    pub iterations: u32,
    /// Lanes (`p`), 1 to 64. They are computed one after another.
    pub parallelism: u32,
}

impl Default for Argon2Params {
    fn default() -> Self {
        Self { memory_kib: 19 * 1024, iterations: 2, parallelism: 1 }
    }
}

impl Argon2Params {
    /// How much memory is filled, all passes together.
    fn work_kib(self) -> u64 {
        u64::from(self.memory_kib) * u64::from(self.iterations)
    }

    /// As the library wants them, if they are within our caps and Argon2's own limits.
    fn checked(self, output_bytes: usize) -> Option<Params> {
        if self.memory_kib > MAX_MEMORY_KIB
            || self.work_kib() > MAX_WORK_KIB
            || self.parallelism > MAX_PARALLELISM
        {
            return None;
        }
        Params::new(self.memory_kib, self.iterations, self.parallelism, Some(output_bytes)).ok()
    }
}

/// Hashes with Argon2id under a random salt of 16 bytes to 32 bytes of output; checks Argon2 hashes of any variant and
/// parameters, and with the feature `imported` those of other systems, too.
pub struct Argon2idHasher {
    params: Argon2Params,
    argon2: Argon2<'static>,
    random: Arc<dyn Random>,
}

impl Argon2idHasher {
    /// A hasher whose new hashes cost `params`, with salts from `random`.
    ///
    /// # Errors
    ///
    /// [`PasswordError::Parameters`] where they are outside the bounds that [`Argon2Params`] names.
    pub fn new(params: Argon2Params, random: Arc<dyn Random>) -> Result<Self, PasswordError> {
        let checked = params.checked(OUTPUT_BYTES).ok_or(PasswordError::Parameters(ABSURD))?;
        Ok(Self { params, argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, checked), random })
    }

    /// Runs the function in the memory of this thread, or for a foreign hash that needs more than ours in memory of its own.
    fn fill(
        &self,
        argon2: &Argon2<'_>,
        password: &[u8],
        salt: &[u8],
        out: &mut [u8],
    ) -> Result<(), PasswordError> {
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
    }

    /// Whether these bytes are what the hash was made of.
    pub(crate) fn matches(&self, password: &[u8], stored: &Stored) -> Result<bool, PasswordError> {
        let params = stored.params.checked(stored.output.len()).ok_or(PasswordError::UnusableHash(ABSURD))?;
        let argon2 = Argon2::new(stored.algorithm, stored.version, params);
        let mut output = Zeroizing::new(vec![0; stored.output.len()]);
        self.fill(&argon2, password, &stored.salt, &mut output)?;
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
        self.fill(&self.argon2, password.expose().as_bytes(), &salt, &mut *output)?;

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
            return foreign.verify(self, password);
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
        // Nobody is told of a failure, as nobody is told of the outcome.
        let _ = self.fill(&self.argon2, password.expose().as_bytes(), &[0; SALT_BYTES], &mut *output);
        let _ = black_box(verify_slices_are_equal(&*output, &[0; OUTPUT_BYTES]));
    }
}

/// Fresh memory, or a plain error where there is none (rather than the end of the process).
fn blocks(count: usize) -> Result<Zeroizing<Vec<Block>>, PasswordError> {
    let mut memory = Vec::new();
    memory.try_reserve_exact(count).map_err(|_| PasswordError::OutOfMemory)?;
    memory.resize(count, Block::new());
    Ok(Zeroizing::new(memory))
}

/// A stored hash, taken apart and not yet believed.
pub(crate) struct Stored {
    algorithm: Algorithm,
    version: Version,
    params: Argon2Params,
    salt: phc::Salt,
    output: phc::Output,
}

impl Stored {
    /// One that another system made: within tighter bounds, and Argon2's own.
    #[cfg(feature = "imported")]
    pub(crate) fn imported(text: &str) -> Result<Self, PasswordError> {
        let stored = Self::parse(text)?;
        let (memory_kib, work_kib) = MAX_IMPORTED;
        let fits = stored.params.memory_kib <= memory_kib && stored.params.work_kib() <= work_kib;
        match stored.params.checked(stored.output.len()) {
            Some(_) if fits => Ok(stored),
            _ => Err(PasswordError::UnusableHash(ABSURD)),
        }
    }

    fn parse(text: &str) -> Result<Self, PasswordError> {
        let phc = phc::PasswordHash::new(text)
            .map_err(|_| PasswordError::UnusableHash("it is not a PHC string"))?;
        let algorithm = Algorithm::try_from(phc.algorithm.as_str())
            .map_err(|_| PasswordError::UnusableHash("its scheme is unknown"))?;
        // PHC strings from before version 1.3 do not name their version.
        let version = phc.version.map_or(Ok(Version::V0x10), Version::try_from);
        let version = version.map_err(|_| PasswordError::UnusableHash("its Argon2 version is unknown"))?;
        let number = |name| phc.params.get_decimal(name).ok_or(PasswordError::UnusableHash(ABSURD));
        let params =
            Argon2Params { memory_kib: number("m")?, iterations: number("t")?, parallelism: number("p")? };
        if phc.params.iter().count() != 3 {
            return Err(PasswordError::UnusableHash("it has parameters other than m, t and p"));
        }
        match (phc.salt, phc.hash) {
            // RFC 9106 section 4: a tag of 128 bits is the least that suffices for passwords.
            (Some(salt), Some(output)) if output.len() >= 16 => {
                Ok(Self { algorithm, version, params, salt, output })
            }
            _ => Err(PasswordError::UnusableHash("its salt or output is missing or too short")),
        }
    }
}
