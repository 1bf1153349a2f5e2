//! What kind of failure an error is. The api turns a [`Kind`] into a status in one place.

use std::error::Error;
use std::sync::Arc;

use keyward_auth::ErrorCode;

/// The kinds of failure a caller can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The request asks for something that cannot be.
    Invalid,
    /// The caller is not authenticated.
    Unauthenticated,
    /// The one asking may not do this.
    Forbidden,
    /// There is no such thing, or none the one asking may know of.
    NotFound,
    /// A field of the request cannot be accepted: [`Failure::field`] names it.
    Unprocessable,
    /// A field of the request is missing: [`Failure::field`] names it.
    Missing,
    /// It clashes with what is already there.
    Conflict,
    /// Too many attempts: later it may work.
    Throttled,
    /// Lost a race with a concurrent transaction; nothing was written. Retry immediately.
    Contended,
    /// Something we depend on is busy or away: later it may work.
    Unavailable,
    /// A fault of ours.
    Internal,
}

/// A second factor that is owed at a login.
#[derive(Clone, Copy)]
pub struct Owed<'a> {
    /// The token to come back with.
    pub token: &'a str,
    /// What will do.
    pub methods: &'a [&'static str],
}

/// An error of a use case. Its `Display` is the sentence shown to the caller, unless the kind is
/// [`Kind::Contended`], [`Kind::Unavailable`] or [`Kind::Internal`]: those are logged, and the caller reads a fixed sentence.
pub trait Failure: Error + Send + Sync + 'static {
    /// The kind, which decides the status.
    fn kind(&self) -> Kind;

    /// The error's identity, which programs compare; its `Display` is the English text of it.
    fn code(&self) -> ErrorCode;

    /// The field that cannot be accepted: the part of the request it stands in, and its name.
    fn field(&self) -> Option<[&'static str; 2]> {
        None
    }

    /// What the caller owes beside what they showed, at a login.
    fn owed(&self) -> Option<Owed<'_>> {
        None
    }

    /// What will do, in the order of RFC 9470's `acr_values`, where a more recent or stronger authentication is asked for.
    fn acr_values(&self) -> Option<&'static str> {
        None
    }

    /// After how many seconds the same may work, where that is known.
    fn retry_after(&self) -> Option<u64> {
        None
    }
}

/// An error that several callers got of one and the same attempt.
impl<E: Failure> Failure for Arc<E> {
    fn kind(&self) -> Kind {
        self.as_ref().kind()
    }

    fn code(&self) -> ErrorCode {
        self.as_ref().code()
    }

    fn field(&self) -> Option<[&'static str; 2]> {
        self.as_ref().field()
    }

    fn owed(&self) -> Option<Owed<'_>> {
        self.as_ref().owed()
    }

    fn acr_values(&self) -> Option<&'static str> {
        self.as_ref().acr_values()
    }

    fn retry_after(&self) -> Option<u64> {
        self.as_ref().retry_after()
    }
}
