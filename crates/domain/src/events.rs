//! Security events: what happened to accounts, sessions and keys, written once and never changed. Never a secret.

use std::fmt;

use async_trait::async_trait;
use time::OffsetDateTime;

use crate::sessions::{Device, SessionId};
use crate::store::StoreError;
use crate::users::UserId;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// Somebody logged in.
    LoginOk,
    /// Somebody did not get in.
    LoginFailed,
    /// A refresh token came back long after it was spent; its session is over.
    RefreshReused,
    /// A session was ended by its user.
    SessionEnded,
    /// A password was changed.
    PasswordChanged,
    /// A forgotten password was replaced through a link in a mail.
    PasswordReset,
    /// An account's address was shown to be its owner's.
    EmailVerified,
    /// An account got another address.
    EmailChanged,
    /// An account got another role.
    RoleChanged,
    /// An account was locked out.
    UserDisabled,
    /// An account was let in again.
    UserEnabled,
    /// An account was deleted.
    UserDeleted,
    /// A client was removed, and its sessions are ended.
    ClientRemoved,
    /// A new signing key was published.
    KeyRotated,
    /// A signing key was withdrawn.
    KeyRetired,
    /// Guesses at an account, or from an address, have to wait from now on.
    Throttled,
}

impl EventKind {
    /// Every kind there is.
    pub const ALL: [Self; 16] = [
        Self::LoginOk,
        Self::LoginFailed,
        Self::RefreshReused,
        Self::SessionEnded,
        Self::PasswordChanged,
        Self::PasswordReset,
        Self::EmailVerified,
        Self::EmailChanged,
        Self::RoleChanged,
        Self::UserDisabled,
        Self::UserEnabled,
        Self::UserDeleted,
        Self::ClientRemoved,
        Self::KeyRotated,
        Self::KeyRetired,
        Self::Throttled,
    ];

    /// The kind's name, as stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LoginOk => "login_ok",
            Self::LoginFailed => "login_failed",
            Self::RefreshReused => "refresh_reused",
            Self::SessionEnded => "session_ended",
            Self::PasswordChanged => "password_changed",
            Self::PasswordReset => "password_reset",
            Self::EmailVerified => "email_verified",
            Self::EmailChanged => "email_changed",
            Self::RoleChanged => "role_changed",
            Self::UserDisabled => "user_disabled",
            Self::UserEnabled => "user_enabled",
            Self::UserDeleted => "user_deleted",
            Self::ClientRemoved => "client_removed",
            Self::KeyRotated => "key_rotated",
            Self::KeyRetired => "key_retired",
            Self::Throttled => "throttled",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a request came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The device behind it.
    pub device: Device,
    /// The request's id, which its log lines carry too.
    pub request_id: Option<String>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: OffsetDateTime,
    /// What.
    pub kind: EventKind,
    /// To whose account, where that is known.
    pub user: Option<UserId>,
    /// To or through which session.
    pub session: Option<SessionId>,
    /// From where.
    pub origin: Origin,
    /// More, in a few words: the new role, the key's id, who did it.
    pub detail: Option<String>,
}

impl Event {
    /// Something that happened at `at`, asked for from `origin`.
    pub fn new(at: OffsetDateTime, kind: EventKind, origin: &Origin) -> Self {
        Self { at, kind, user: None, session: None, origin: origin.clone(), detail: None }
    }

    /// To this user's account.
    #[must_use]
    pub fn of(mut self, user: UserId) -> Self {
        self.user = Some(user);
        self
    }

    /// To or through this session.
    #[must_use]
    pub fn in_session(mut self, session: SessionId) -> Self {
        self.session = Some(session);
        self
    }

    /// With more words.
    #[must_use]
    pub fn saying(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

/// Where events are kept.
#[async_trait]
pub trait EventRepository: Send {
    /// Adds an event.
    async fn append(&mut self, event: &Event) -> Result<(), StoreError>;
    /// The newest events, oldest of them first, each with its number; only those after `after`, at most `limit`.
    async fn newest(&mut self, after: Option<i64>, limit: u64) -> Result<Vec<(i64, Event)>, StoreError>;
    /// Forgets those of the `limit` oldest that happened before `before`; says how many.
    async fn forget(&mut self, before: OffsetDateTime, limit: u64) -> Result<u64, StoreError>;
}
