//! A body or query that reads itself, field by field.

use crate::fault::Fault;
use crate::fields::Fields;

/// A request's body or query, read from its fields. Derive it: one struct declares what is read, its bounds
/// and defaults, and the schema in the document.
pub trait Input: Sized + Send {
    /// What reading it needs of the service's state, such as an operator's setting. `()` for most.
    type Context: Send + Sync;

    /// The largest body accepted, in bytes.
    const MAX_BODY: usize = 16 * 1024;

    /// Reads every field, and keeps every fault in `fields`. Returns `None` if any field was faulty.
    fn read(fields: &mut Fields<'_>, context: &Self::Context) -> Option<Self>;

    /// Reads all of `fields`.
    ///
    /// # Errors
    /// Every fault, in the order of the fields.
    fn read_all(mut fields: Fields<'_>, context: &Self::Context) -> Result<Self, Vec<Fault>> {
        let value = Self::read(&mut fields, context);
        fields.finish(value)
    }
}

/// A context, taken from the state of a router.
pub trait FromState<S> {
    /// Takes it.
    fn from_state(state: &S) -> Self;
}

impl<S> FromState<S> for () {
    fn from_state(_: &S) {}
}
