//! Where randomness comes in: a seam, so that tests can be exact and a review finds every use.
//! No generator of our own lives here, and no other module asks the operating system.

/// A cryptographically secure source of random bytes.
///
/// Object safe: the rest of the crate takes an `Arc<dyn Random>` or a `&dyn Random`.
pub trait Random: Send + Sync {
    /// Overwrites all of `bytes` with unpredictable ones.
    fn fill(&self, bytes: &mut [u8]);
}

/// The process-wide generator of AWS-LC, seeded by the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    /// # Panics
    ///
    /// When the operating system has no randomness to give: nothing that follows could be safe.
    fn fill(&self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).expect("the operating system provides randomness");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_draws_differ() {
        let (mut first, mut second) = ([0; 32], [0; 32]);
        SystemRandom.fill(&mut first);
        SystemRandom.fill(&mut second);
        assert_ne!(first, second);
        assert_ne!(first, [0; 32]);
    }
}
