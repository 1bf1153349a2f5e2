//! What the processes on one PostgreSQL tell each other about changes, by `NOTIFY`.
//!
//! It is said within the transaction that makes the change: heard if and only if that is committed, and not before.
//! What was not heard does no harm, for nobody trusts their memory for longer than the revocation bound.

use keyward_domain::store::StoreError;
use keyward_domain::users::UserId;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::error::failed;

/// The channel that every Keyward of a database listens to.
pub(crate) const CHANNEL: &str = "keyward";

/// What another process says, or what became of hearing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Something about this user or their sessions changed.
    User(UserId),
    /// There is a new signing key, or one less.
    Keys,
    /// From now on changes are heard; any before this may have been missed.
    Anything,
    /// Nothing is heard until further notice, for this reason.
    Deaf(String),
}

impl Signal {
    /// What a message means. One that no version up to this one sends may mean anything.
    pub(crate) fn read(message: &str) -> Self {
        match message.split_once(' ') {
            Some(("user", id)) => id.parse().map_or(Self::Anything, |id| Self::User(UserId(id))),
            None if message == "keys" => Self::Keys,
            _ => Self::Anything,
        }
    }

    fn message(&self) -> Option<String> {
        match self {
            Self::User(user) => Some(format!("user {user}")),
            Self::Keys => Some("keys".to_owned()),
            Self::Anything => Some("anything".to_owned()),
            Self::Deaf(_) => None,
        }
    }
}

/// Whether the server behind this connection lets processes tell each other anything.
pub(crate) async fn are_known_to(connection: &impl ConnectionTrait) -> bool {
    let sql = "SELECT 1 FROM pg_proc WHERE proname = 'pg_notify'";
    let found = connection.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await;
    found.is_ok_and(|rows| !rows.is_empty())
}

/// Tells every process on this PostgreSQL, ourselves included, once the transaction is committed.
pub(crate) async fn tell(connection: &impl ConnectionTrait, signal: &Signal) -> Result<(), StoreError> {
    let Some(message) = signal.message() else { return Ok(()) };
    let values = [CHANNEL.into(), message.into()];
    let notify = Statement::from_sql_and_values(DbBackend::Postgres, "SELECT pg_notify($1, $2)", values);
    connection.query_all_raw(notify).await.map(drop).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_what_is_heard_and_strange_words_may_mean_anything() {
        for signal in [Signal::User(UserId(-7)), Signal::Keys, Signal::Anything] {
            assert_eq!(Signal::read(&signal.message().unwrap()), signal);
        }
        for strange in ["", "user", "user x", "user 1 2", "keys 1", "tea"] {
            assert_eq!(Signal::read(strange), Signal::Anything, "{strange}");
        }
    }
}
