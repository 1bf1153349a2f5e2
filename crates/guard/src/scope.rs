//! Scopes as types, so that a handler's signature says what it asks for.

/// A scope a token may carry (RFC 6749, section 3.3).
pub trait Scope: Send + Sync + 'static {
    /// Its name, as it stands in the token: `posts:write`.
    const NAME: &'static str;
    /// What it allows, in a few words, as *Authorize* shows it.
    const TITLE: &'static str;
}

/// What [`CurrentUser`](crate::CurrentUser) asks of a token: nothing but being good, `()`, a [`Scope`], [`Owner`], or
/// [`Enrolling`].
pub trait Requirement: Send + Sync + 'static {
    /// The scope asked for.
    const SCOPE: Option<&'static str>;
    /// Whether a token of the scope [`ENROL`] will do.
    const ENROLLING: bool = false;
    /// Which credentials open the lock.
    const OPENED_BY: OpenedBy = OpenedBy::Any;
    /// Whether tokens that are bound to a key open the lock, with a proof (RFC 9449). Not where the request is about another one, for
    /// which the proof was made.
    const BOUND_TOKENS: bool = true;
}

/// Which credentials open a lock. A lock that asks for a recent or strong authentication is never opened by an API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenedBy {
    /// Access tokens and API keys.
    Any,
    /// Access tokens.
    AccessTokens,
    /// Access tokens of the user's own logins, and those of OAuth2 clients that carry the scope [`ACCOUNT`].
    Owner,
    /// What [`OpenedBy::Owner`] opens, and API keys.
    OwnerOrApiKey,
}

#[cfg(any(feature = "axum", feature = "tower"))]
impl OpenedBy {
    pub(crate) fn admits_keys(self) -> bool {
        matches!(self, Self::Any | Self::OwnerOrApiKey)
    }

    pub(crate) fn asks_for_account(self) -> bool {
        matches!(self, Self::Owner | Self::OwnerOrApiKey)
    }
}

/// The scope with which an OAuth2 client's token operates on the account of its user: password, factors, sessions, API keys.
pub const ACCOUNT: &str = "account";

/// Asks for a token that operates on its user's own account: no API key does, and an OAuth2 client's token needs the scope
/// [`ACCOUNT`].
pub struct Owner;

/// The scope of a token that is good for nothing but enrolling a second factor, and logging out. No lock opens to it,
/// whether or not the lock asks for a scope, except one that asks for [`Enrolling`].
pub const ENROL: &str = "enrol";

/// Asks for what [`Owner`] does; a token that is good for enrolling a second factor alone will do, too.
pub struct Enrolling;

impl Requirement for Enrolling {
    const SCOPE: Option<&'static str> = None;
    const ENROLLING: bool = true;
    const OPENED_BY: OpenedBy = OpenedBy::Owner;
}

impl Requirement for Owner {
    const SCOPE: Option<&'static str> = None;
    const OPENED_BY: OpenedBy = OpenedBy::Owner;
}

impl Requirement for () {
    const SCOPE: Option<&'static str> = None;
}

impl<S: Scope> Requirement for S {
    const SCOPE: Option<&'static str> = Some(S::NAME);
}
