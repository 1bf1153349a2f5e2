//! Scopes as types, so that a handler's signature says what it asks for.

/// A scope a token may carry (RFC 6749, section 3.3).
pub trait Scope: Send + Sync + 'static {
    /// Its name, as it stands in the token: `posts:write`.
    const NAME: &'static str;
    /// What it allows, in a few words, as *Authorize* shows it.
    const TITLE: &'static str;
}

/// What [`CurrentUser`](crate::CurrentUser) asks of a token: nothing but being good, `()`, or a [`Scope`].
pub trait Requirement: Send + Sync + 'static {
    /// The scope asked for.
    const SCOPE: Option<&'static str>;
}

impl Requirement for () {
    const SCOPE: Option<&'static str> = None;
}

impl<S: Scope> Requirement for S {
    const SCOPE: Option<&'static str> = Some(S::NAME);
}
