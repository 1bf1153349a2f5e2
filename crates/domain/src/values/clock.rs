//! The clock port. Nothing else in this crate may ask what time it is.

use time::OffsetDateTime;

/// Tells the time in UTC.
///
/// Implementations round down to whole microseconds, the precision the store keeps, so that an entity just made
/// equals the one read back.
pub trait Clock: Send + Sync {
    /// Now, in UTC.
    fn now(&self) -> OffsetDateTime;
}
