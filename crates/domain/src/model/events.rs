//! Security events: what happened to accounts, sessions and keys, written once and never changed. Never a secret.

use std::fmt;

use async_trait::async_trait;
use time::OffsetDateTime;

use super::store_error::StoreError;
use crate::values::by::By;
use crate::values::ids::{SessionId, UserId};
use crate::values::origin::Origin;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    LoginOk,
    LoginFailed,
    /// A refresh token came back long after it was spent; its session is over.
    RefreshReused,
    /// An authorization code came back after it was used; the session that it had opened is over.
    CodeReused,
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
    /// An account was disabled.
    UserDisabled,
    /// An account was enabled again.
    UserEnabled,
    /// An account was deleted.
    UserDeleted,
    /// A client was registered.
    ClientMade,
    /// A client was changed.
    ClientChanged,
    /// A client got another secret.
    ClientSecretChanged,
    /// A person allowed a client to act in their name.
    AppAllowed,
    /// A person took that back: the client's sessions of theirs are ended.
    AppRemoved,
    /// A client was removed, and its sessions are ended.
    ClientRemoved,
    /// A second factor was enrolled.
    FactorAdded,
    /// A second factor was removed.
    FactorRemoved,
    /// A passkey got another name.
    PasskeyRenamed,
    /// A second factor was shown.
    FactorUsed,
    /// What was shown as a second factor was wrong.
    FactorFailed,
    /// The counter of a passkey went back: there may be a copy of its key.
    PasskeyCounterBack,
    /// An account got new recovery codes.
    RecoveryCodesMade,
    /// An API key was made.
    ApiKeyMade,
    /// An API key was removed, or all of an account.
    ApiKeyRemoved,
    /// A new signing key was published.
    KeyRotated,
    /// A signing key was withdrawn.
    KeyRetired,
    /// Further attempts at an account, or from an IP address, have to wait from now on.
    Throttled,
}

impl EventKind {
    /// Every kind there is.
    pub const ALL: [Self; 31] = [
        Self::LoginOk,
        Self::LoginFailed,
        Self::RefreshReused,
        Self::CodeReused,
        Self::SessionEnded,
        Self::PasswordChanged,
        Self::PasswordReset,
        Self::EmailVerified,
        Self::EmailChanged,
        Self::RoleChanged,
        Self::UserDisabled,
        Self::UserEnabled,
        Self::UserDeleted,
        Self::ClientMade,
        Self::ClientChanged,
        Self::ClientSecretChanged,
        Self::AppAllowed,
        Self::AppRemoved,
        Self::ClientRemoved,
        Self::FactorAdded,
        Self::FactorRemoved,
        Self::PasskeyRenamed,
        Self::FactorUsed,
        Self::FactorFailed,
        Self::PasskeyCounterBack,
        Self::RecoveryCodesMade,
        Self::ApiKeyMade,
        Self::ApiKeyRemoved,
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
            Self::CodeReused => "code_reused",
            Self::SessionEnded => "session_ended",
            Self::PasswordChanged => "password_changed",
            Self::PasswordReset => "password_reset",
            Self::EmailVerified => "email_verified",
            Self::EmailChanged => "email_changed",
            Self::RoleChanged => "role_changed",
            Self::UserDisabled => "user_disabled",
            Self::UserEnabled => "user_enabled",
            Self::UserDeleted => "user_deleted",
            Self::ClientMade => "client_made",
            Self::ClientChanged => "client_changed",
            Self::ClientSecretChanged => "client_secret_changed",
            Self::AppAllowed => "app_allowed",
            Self::AppRemoved => "app_removed",
            Self::ClientRemoved => "client_removed",
            Self::FactorAdded => "factor_added",
            Self::FactorRemoved => "factor_removed",
            Self::PasskeyRenamed => "passkey_renamed",
            Self::FactorUsed => "factor_used",
            Self::FactorFailed => "factor_failed",
            Self::PasskeyCounterBack => "passkey_counter_back",
            Self::RecoveryCodesMade => "recovery_codes_made",
            Self::ApiKeyMade => "api_key_made",
            Self::ApiKeyRemoved => "api_key_removed",
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

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub at: OffsetDateTime,
    pub kind: EventKind,
    /// Who did it, and through what.
    pub by: By,
    /// The account it happened to, where that is known.
    pub user: Option<UserId>,
    /// The session it happened to, or the one that stays while it happened to all others.
    pub session: Option<SessionId>,
    /// Where the request came from.
    pub origin: Origin,
    /// More, in a few words: the new role, the key's id.
    pub detail: Option<String>,
}

impl Event {
    /// An event at `at`, which `by` caused from `origin`.
    pub fn new(at: OffsetDateTime, kind: EventKind, by: impl Into<By>, origin: &Origin) -> Self {
        Self { at, kind, by: by.into(), user: None, session: None, origin: origin.clone(), detail: None }
    }

    /// The same event, of this user's account.
    #[must_use]
    pub fn of(mut self, user: UserId) -> Self {
        self.user = Some(user);
        self
    }

    /// The same event, in this session.
    #[must_use]
    pub fn in_session(mut self, session: impl Into<Option<SessionId>>) -> Self {
        self.session = session.into();
        self
    }

    /// The same event, with a detail.
    #[must_use]
    pub fn saying(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

/// The transactions that may still add events, by the number that the database gives each; none on a database with one
/// writer, which shows events in the order of their numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Writers {
    /// Transactions below this one are over.
    pub oldest: u64,
    /// Transactions from this one on have not begun.
    pub next: u64,
}

#[async_trait]
pub trait EventRepository: Send {
    async fn append(&mut self, event: &Event) -> Result<(), StoreError>;
    /// Returns the newest events, oldest of them first, each with its number; only those after `after`, at most `limit`.
    async fn newest(&mut self, after: Option<i64>, limit: u64) -> Result<Vec<(i64, Event)>, StoreError>;
    /// Returns the events after this number, the oldest first, at most `limit`.
    async fn since(&mut self, after: i64, limit: u64) -> Result<Vec<(i64, Event)>, StoreError>;
    /// Returns the events of a user's account after this number, the oldest first, at most `limit`.
    async fn of_user(
        &mut self,
        user: UserId,
        after: Option<i64>,
        limit: u64,
    ) -> Result<Vec<(i64, Event)>, StoreError>;
    /// Returns which transactions may still add events.
    async fn writers(&mut self) -> Result<Writers, StoreError>;
    /// Deletes those of the `limit` oldest that happened before `before`. Returns the number deleted.
    async fn forget(&mut self, before: OffsetDateTime, limit: u64) -> Result<u64, StoreError>;
}
