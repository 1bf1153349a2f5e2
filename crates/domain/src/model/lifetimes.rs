//! How long logins last.

use time::{Duration, OffsetDateTime};

use super::sessions::Session;

/// How long logins last.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// A session that is not refreshed for so long is over.
    pub idle: Duration,
    /// A session is over after so long, however busy.
    pub absolute: Duration,
    /// How long the refresh token just spent still gets the current one: for lost answers and for two tabs at once.
    pub grace: Duration,
    /// How long after it was signed an access token may still be believed anywhere.
    pub access: Duration,
}

/// How far the clocks of replicas and of other services may differ from one another.
pub(crate) const CLOCKS: Duration = Duration::minutes(1);

impl Lifetimes {
    /// Whether the session is over by age alone.
    pub fn are_over(&self, session: &Session, now: OffsetDateTime) -> bool {
        now - session.last_seen_at >= self.idle || now - session.created_at >= self.absolute
    }

    /// When the session expires unless it is refreshed.
    pub fn end(&self, session: &Session) -> OffsetDateTime {
        (session.last_seen_at + self.idle).min(session.created_at + self.absolute)
    }

    /// How long a session that ended has to be told of: until none of its access tokens is good anywhere.
    pub fn remembered(&self) -> Duration {
        self.access + CLOCKS
    }
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            idle: Duration::days(30),
            absolute: Duration::days(90),
            grace: Duration::seconds(10),
            access: Duration::minutes(15),
        }
    }
}
