//! Scopes as types, so that a handler's signature says what it asks for.

/// A scope a token may carry (RFC 6749, section 3.3).
pub trait Scope: Send + Sync + 'static {
    /// Its name, as it stands in the token: `posts:write`.
    const NAME: &'static str;
    /// What it allows, in a few words, as *Authorize* shows it.
    const TITLE: &'static str;
}

/// What [`CurrentUser`](crate::CurrentUser) asks of a token: nothing but being good, `()`, a [`Scope`], or [`Enrolling`].
pub trait Requirement: Send + Sync + 'static {
    /// The scope asked for.
    const SCOPE: Option<&'static str>;
    /// Whether a token of the scope [`ENROL`] will do.
    const ENROLLING: bool = false;
}

/// The scope of a token that is good for nothing but enrolling a second factor, and logging out. No lock opens to it,
/// whether or not the lock asks for a scope, except one that asks for [`Enrolling`].
pub const ENROL: &str = "enrol";

/// Asks for a token that is good, or that is good for enrolling a second factor alone.
pub struct Enrolling;

impl Requirement for Enrolling {
    const SCOPE: Option<&'static str> = None;
    const ENROLLING: bool = true;
}

impl Requirement for () {
    const SCOPE: Option<&'static str> = None;
}

impl<S: Scope> Requirement for S {
    const SCOPE: Option<&'static str> = Some(S::NAME);
}
