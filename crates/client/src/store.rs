//! Where a session is kept between the runs of a program.

use std::{fmt, io};

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::grant::{Grant, Renewal};
use crate::wall;

/// For how long another process's token has to be good to be used here, in seconds.
const SOON: i64 = 5;
/// How long a process may wait for the lock, in seconds, and a little more. A failure that is marked later, or later than now, is a clock's.
const WAITING: i64 = 60;

/// Keeps one session. Several processes may share it, for everything happens under its lock. The calls may block: they are made on
/// threads for that.
pub trait SessionStore: Send + Sync + 'static {
    /// Waits until no one else has the lock, which is held until the value is dropped: while a session is replaced, refreshed or ended.
    ///
    /// # Errors
    ///
    /// Where it cannot be had: no leave, no disk, too long a wait.
    fn lock(&self) -> io::Result<Box<dyn LockedStore>>;
}

/// A [`SessionStore`] that is locked.
pub trait LockedStore: Send {
    /// The session that is kept, if there is one.
    ///
    /// # Errors
    ///
    /// Where it cannot be read, or is not a session.
    fn read(&self) -> io::Result<Option<SavedSession>>;

    /// The session that is kept, also where [`read`](Self::read) refuses it because others may know it: it is ended, and not used. By default
    /// the same as `read`.
    ///
    /// # Errors
    ///
    /// Where it cannot be read, or is not a session.
    fn read_to_end(&self) -> io::Result<Option<SavedSession>> {
        self.read()
    }

    /// Replaces it, or removes it. After a failure or a crash the one before must still be there, whole.
    ///
    /// # Errors
    ///
    /// Where it cannot be written.
    fn write(&self, session: Option<&SavedSession>) -> io::Result<()>;
}

/// A session with its tokens, as it is kept. It is as good as a password until it ends, so `Debug` does not print the tokens.
#[derive(Clone, Serialize, Deserialize)]
pub struct SavedSession {
    keyward: String,
    /// Of this login. It distinguishes the session from another one that has taken its place.
    id: String,
    client_id: Option<String>,
    access_token: String,
    refresh_token: String,
    /// Seconds since 1970.
    expires_at: i64,
    /// Of the access token when it was made, in seconds.
    expires_in: u32,
    /// When the last refresh failed, in seconds since 1970, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failed_at: Option<i64>,
}

impl SavedSession {
    /// The address of the Keyward that the session is at.
    pub fn keyward(&self) -> &str {
        &self.keyward
    }

    /// The client id of the program that it was opened through, if any.
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// None for what is not a user's session.
    pub(crate) fn of(grant: &Grant, keyward: &Address, id: &str) -> Option<Self> {
        let (client_id, refresh_token) = match &grant.renewal {
            Renewal::RefreshToken(token) => (None, token),
            Renewal::ThroughClient { client_id, refresh_token } => (Some(client_id.clone()), refresh_token),
            Renewal::Client(_) | Renewal::ApiKey => return None,
        };
        Some(Self {
            keyward: keyward.text().to_owned(),
            id: id.to_owned(),
            client_id,
            access_token: grant.access_token.clone(),
            refresh_token: refresh_token.clone(),
            expires_at: wall::now().saturating_add(grant.expires_in.into()),
            expires_in: grant.expires_in,
            failed_at: None,
        })
    }

    /// The same after a refresh that failed now.
    pub(crate) fn failed(self) -> Self {
        Self { failed_at: Some(wall::now()), ..self }
    }

    /// Whether another process has tried a refresh in vain since `asked`, in seconds since 1970.
    pub(crate) fn has_failed_since(&self, asked: i64) -> bool {
        let since = |at: i64| at <= wall::now() && (0..=WAITING).contains(&at.saturating_sub(asked));
        self.failed_at.is_some_and(since)
    }

    /// Whether both have the same refresh token.
    pub(crate) fn is_as(&self, other: &Self) -> bool {
        self.refresh_token == other.refresh_token
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn is_at(&self, keyward: &Address) -> bool {
        self.keyward == keyward.text()
    }

    /// Whether its token is another one than this, and good for a while.
    pub(crate) fn has_other_than(&self, access_token: &str) -> bool {
        self.access_token != access_token && self.expires_at.saturating_sub(wall::now()) > SOON
    }

    /// Its tokens. A clock that was set back makes none last longer than it was made for.
    pub(crate) fn grant(&self) -> Grant {
        let left = u32::try_from(self.expires_at.saturating_sub(wall::now()).max(0)).unwrap_or(u32::MAX);
        Grant {
            access_token: self.access_token.clone(),
            expires_in: left.min(self.expires_in),
            renewal: self.renewal(),
        }
    }

    pub(crate) fn renewal(&self) -> Renewal {
        let refresh_token = self.refresh_token.clone();
        match self.client_id.clone() {
            Some(client_id) => Renewal::ThroughClient { client_id, refresh_token },
            None => Renewal::RefreshToken(refresh_token),
        }
    }
}

impl fmt::Debug for SavedSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("SavedSession");
        shown.field("keyward", &self.keyward).field("client_id", &self.client_id).finish_non_exhaustive()
    }
}
