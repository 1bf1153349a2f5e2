//! A stored Argon2 hash: how its text is read, and the bounds it has to keep.

use ::argon2::{Algorithm, Version};
use password_hash::phc;

use super::params::{ABSURD, Argon2Params};
use crate::PasswordError;

/// The bounds of an imported hash, in KiB: memory, and memory filled in all its passes.
#[cfg(feature = "imported")]
const MAX_IMPORTED: (u32, u64) = (256 * 1024, 1024 * 1024);

/// The parts of a stored hash, before they are checked.
pub(crate) struct Stored {
    pub(super) algorithm: Algorithm,
    pub(super) version: Version,
    pub(super) params: Argon2Params,
    pub(super) salt: phc::Salt,
    pub(super) output: phc::Output,
}

impl Stored {
    /// Reads a hash that another system made, within tighter bounds.
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

    pub(super) fn parse(text: &str) -> Result<Self, PasswordError> {
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
