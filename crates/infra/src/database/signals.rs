//! Changes announced between processes on one PostgreSQL, by `NOTIFY`.
//!
//! A message is part of the transaction that makes the change: it arrives if and only if that is committed, and not
//! before. A lost message does no harm, for no process trusts its memory for longer than the revocation bound.

use keyward_domain::model::store_error::StoreError;
use keyward_domain::ports::announce::Change;
use keyward_domain::values::ids::UserId;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::error::failed;

/// The channel that every Keyward of a database listens to.
pub(crate) const CHANNEL: &str = "keyward";

/// Reads a message. One that no version up to this one sends may mean anything.
pub(crate) fn read(message: &str) -> Change {
    match message.split_once(' ') {
        Some(("user", id)) => id.parse().map_or(Change::Anything, |id| Change::User(UserId(id))),
        None if message == "keys" => Change::Keys,
        _ => Change::Anything,
    }
}

/// The message of a change; `None` for what concerns one process alone.
fn message(change: Change) -> Option<String> {
    match change {
        Change::User(user) => Some(format!("user {user}")),
        Change::Keys => Some("keys".to_owned()),
        Change::Anything => Some("anything".to_owned()),
        Change::Mail | Change::Logout => None,
    }
}

/// Returns whether the server behind this connection has `NOTIFY`.
pub(crate) async fn are_known_to(connection: &impl ConnectionTrait) -> bool {
    let sql = "SELECT 1 FROM pg_proc WHERE proname = 'pg_notify'";
    let found = connection.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await;
    found.is_ok_and(|rows| !rows.is_empty())
}

/// Notifies every process on this PostgreSQL, this one included, once the transaction is committed.
pub(crate) async fn notify(connection: &impl ConnectionTrait, change: Change) -> Result<(), StoreError> {
    let Some(message) = message(change) else { return Ok(()) };
    let values = [CHANNEL.into(), message.into()];
    let notify = Statement::from_sql_and_values(DbBackend::Postgres, "SELECT pg_notify($1, $2)", values);
    connection.query_all_raw(notify).await.map(drop).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_as_it_was_written_and_an_unknown_one_may_mean_anything() {
        for change in [Change::User(UserId(-7)), Change::Keys, Change::Anything] {
            assert_eq!(read(&message(change).unwrap()), change);
        }
        for strange in ["", "user", "user x", "user 1 2", "keys 1", "tea"] {
            assert_eq!(read(strange), Change::Anything, "{strange}");
        }
    }
}
