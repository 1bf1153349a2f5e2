//! How much a memory of answers is used, for the metrics.

/// How much a cache is used.
#[derive(Clone, Copy, Debug)]
pub struct CacheUse {
    pub name: &'static str,
    /// How often it knew the answer.
    pub hits: u64,
    /// How often it did not.
    pub misses: u64,
    /// How many answers it keeps.
    pub entries: u64,
    /// How many it keeps at most.
    pub capacity: u64,
}
