//! What a failure of the database means: the only place that reads [`DbErr`].

use std::time::Duration;

use keyward_domain::model::store_error::StoreError;
use sea_orm::{DbErr, RuntimeErr, SqlErr, SqlxSqliteError};
use sqlx::Error as SqlxError;
use sqlx::error::DatabaseError;

use crate::database::contention::is_contention;

/// What the store answers when the database failed with `error`.
pub fn failed(error: DbErr) -> StoreError {
    match error.sql_err() {
        // SQLite names the column, PostgreSQL the index.
        Some(SqlErr::UniqueConstraintViolation(what))
            if what.contains("users.username") || what.contains("ux_users_username") =>
        {
            StoreError::UsernameTaken
        }
        Some(SqlErr::UniqueConstraintViolation(_)) => StoreError::Taken,
        Some(SqlErr::ForeignKeyConstraintViolation(_)) => StoreError::Dangling,
        _ if is_contention(&error) => StoreError::Contended(Box::new(error)),
        _ if is_passing(&error) => StoreError::Unavailable(Box::new(error)),
        _ => StoreError::Internal(Box::new(error)),
    }
}

/// What the database says of a failure, without the line of PostgreSQL's own source that the driver adds; and where a right is
/// missing, how to get it.
pub fn words(error: &DbErr) -> String {
    let (DbErr::Conn(RuntimeErr::SqlxError(cause))
    | DbErr::Exec(RuntimeErr::SqlxError(cause))
    | DbErr::Query(RuntimeErr::SqlxError(cause))) = error
    else {
        return error.to_string();
    };
    let SqlxError::Database(answer) = &**cause else { return cause.to_string() };
    let message = answer.message().to_owned();
    match answer.code().as_deref() {
        Some("42501") if message.contains("schema") => format!("{message}; {GRANT}"),
        Some("3F000") => format!("{message}; create a schema on its search_path, or: {GRANT}"),
        _ => message,
    }
}

/// From PostgreSQL 15 on, only the database's owner may make tables in `public`.
const GRANT: &str =
    "as its owner run ALTER DATABASE name OWNER TO user, or GRANT USAGE, CREATE ON SCHEMA public TO user";

/// A row holds what no version of this program writes.
pub fn corrupt(what: impl AsRef<str>) -> StoreError {
    StoreError::Internal(format!("the database holds what should not be there: {}", what.as_ref()).into())
}

/// A value has no place in its column.
pub fn unstorable(what: &str) -> StoreError {
    StoreError::Internal(format!("this cannot be kept: {what}").into())
}

/// The database did not answer within `limit`.
pub(crate) fn no_answer(limit: Duration) -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(format!("no answer within {limit:?}")))
}

/// The server is away, as one knows from `reason`.
pub(crate) fn away(reason: String) -> DbErr {
    DbErr::Conn(RuntimeErr::Internal(reason))
}

/// Whether a transaction of several rows may have failed because of one of them, so that it is worth doing each by itself: a
/// value or a constraint was to blame, or another transaction, and neither the database nor its connection.
pub(crate) fn may_succeed_alone(error: &StoreError) -> bool {
    let cause = match error {
        StoreError::Taken | StoreError::UsernameTaken | StoreError::Dangling | StoreError::Contended(_) => {
            return true;
        }
        StoreError::Unavailable(_) => return false,
        StoreError::Internal(cause) => cause,
    };
    let Some(DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) =
        cause.downcast_ref()
    else {
        return false;
    };
    let SqlxError::Database(answer) = &**cause else { return false };
    let code = answer.code().unwrap_or_default();
    if is_sqlite(&**answer) {
        const CONSTRAINT: u32 = 19;
        return code.parse::<u32>().is_ok_and(|code| code & 0xff == CONSTRAINT);
    }
    // Data, integrity, what a trigger raised.
    code.get(..2).is_some_and(|class| ["22", "23", "P0"].contains(&class))
}

/// Whether the same call may work later.
fn is_passing(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            match &**error {
                SqlxError::Io(_)
                | SqlxError::Tls(_)
                | SqlxError::PoolTimedOut
                | SqlxError::PoolClosed
                | SqlxError::WorkerCrashed => true,
                SqlxError::Database(error) => {
                    let code = error.code().unwrap_or_default();
                    if is_sqlite(&**error) { sqlite_may_recover(&code) } else { postgres_may_recover(&code) }
                }
                _ => false,
            }
        }
        _ => false,
    }
}

fn is_sqlite(error: &dyn DatabaseError) -> bool {
    error.as_error().is::<SqlxSqliteError>()
}

/// SQLite's result codes (<https://sqlite.org/rescode.html>): the lowest byte is the kind.
fn sqlite_may_recover(code: &str) -> bool {
    const BUSY: u32 = 5;
    const LOCKED: u32 = 6;
    const NO_MEMORY: u32 = 7;
    const INTERRUPTED: u32 = 9;
    const IO: u32 = 10;
    const FULL: u32 = 13;
    const CANNOT_OPEN: u32 = 14;
    let kind = code.parse::<u32>().map(|code| code & 0xff);
    matches!(kind, Ok(BUSY | LOCKED | NO_MEMORY | INTERRUPTED | IO | FULL | CANNOT_OPEN))
}

/// PostgreSQL's SQLSTATEs (its manual, appendix A): the first two characters are the class.
fn postgres_may_recover(code: &str) -> bool {
    // Connection, rollback forced by concurrency, resources, operator intervention, system.
    let classes = ["08", "40", "53", "57", "58"];
    // A server that became a standby, a transaction left idle for too long, a lock not had in time.
    let states = ["25006", "25P03", "55P03"];
    states.contains(&code) || code.get(..2).is_some_and(|class| classes.contains(&class))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_work_later_is_unavailable() {
        for code in ["08006", "40001", "40P01", "53300", "55P03", "57014", "57P01", "25P03"] {
            assert!(postgres_may_recover(code), "{code}");
        }
        // Busy, busy snapshot, locked, I/O error while writing, full, cannot open.
        for code in ["5", "517", "6", "778", "13", "14"] {
            assert!(sqlite_may_recover(code), "{code}");
        }
        assert!(matches!(failed(no_answer(Duration::from_secs(1))), StoreError::Unavailable(_)));
    }

    #[test]
    fn a_fault_of_ours_is_internal() {
        for code in ["42P01", "22021", "23502", "25P02", "", "é"] {
            assert!(!postgres_may_recover(code), "{code}");
        }
        // Syntax, read-only, corrupt, NOT NULL.
        for code in ["1", "8", "11", "1299", ""] {
            assert!(!sqlite_may_recover(code), "{code}");
        }
        assert!(matches!(failed(DbErr::Custom("x".to_owned())), StoreError::Internal(_)));
    }
}
