//! What an Argon2 hash costs, and the most that any hash may cost.

use ::argon2::Params;

/// Upper bound of a hash's cost: 1 GiB, 4 GiB of memory filled in all, 64 lanes.
const MAX_MEMORY_KIB: u32 = 1024 * 1024;
const MAX_WORK_KIB: u64 = 4 * 1024 * 1024;
const MAX_PARALLELISM: u32 = 64;

/// Why a number was refused.
pub(super) const ABSURD: &str = "its memory, iterations or parallelism are out of bounds";

/// What a hash costs (RFC 9106 section 3.1). The default is OWASP's first choice: 19 MiB, two passes, one
/// lane.
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
    pub(super) fn work_kib(self) -> u64 {
        u64::from(self.memory_kib) * u64::from(self.iterations)
    }

    /// As the library wants them, if they are within our caps and Argon2's own limits.
    pub(super) fn checked(self, output_bytes: usize) -> Option<Params> {
        if self.memory_kib > MAX_MEMORY_KIB
            || self.work_kib() > MAX_WORK_KIB
            || self.parallelism > MAX_PARALLELISM
        {
            return None;
        }
        Params::new(self.memory_kib, self.iterations, self.parallelism, Some(output_bytes)).ok()
    }
}
